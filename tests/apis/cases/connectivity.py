"""The cases of the connectivity API."""

from .asking import DOCS, TOO_LARGE, Case, gateway, items, refused, session

FAMILY, PREFIX = "connectivity", "/api/m2m/v1/callbacks"
LISTED, ENDED = f"{PREFIX}/0252012345-00001", f"{PREFIX}/1223334444-00001"
SIMULATED = f"{PREFIX}/TestAccount-2"
LIST = f"{FAMILY}/list.reply.json"
ONE = b'{"name": "CarrierService", "url": "%b"}'
LONG = b'{"name": "CarrierService", "url": "http://a", "username": "%b"}' % (b"x" * 41)

GIVEN = tuple(
    (
        LISTED,
        {
            "name": item["serviceName"],
            **{
                key: item[key] for key in ("url", "username", "password") if key in item
            },
        },
    )
    for item in items(LIST)
)
CARRIER = ((ENDED, {"name": "CarrierService", "url": "http://localhost:9001/"}),)
ALERT = ((ENDED, {"name": "AlertService", "url": "http://localhost:9001/"}),)

CASES = (
    Case("GET", LISTED, f"{FAMILY}/list.empty.reply.json"),
    Case("GET", LISTED, None, settings=DOCS),
    Case("GET", LISTED, LIST, given=GIVEN),
    Case("GET", LISTED, f"{FAMILY}/list.docs.reply.json", given=GIVEN, settings=DOCS),
    *(
        Case(
            "POST",
            SIMULATED,
            f"{FAMILY}/{reply}",
            sends=f"{FAMILY}/{name}",
            settings=settings,
        )
        for name, reply in (
            ("register.request.json", "register.reply.json"),
            ("register.credentials.request.json", "register.credentials.reply.json"),
            ("register.spelled.request.json", "register.spelled.reply.json"),
        )
        for settings in ({}, DOCS)
    ),
    *(
        Case(
            "DELETE",
            f"{ENDED}/name/{service}",
            f"{FAMILY}/{reply}",
            given=given,
            settings=settings,
        )
        for service, reply, given in (
            ("CarrierService", "deregister.reply.json", CARRIER),
            ("AlertService", "deregister.spelled.reply.json", ALERT),
            ("AlertsService", "deregister.spelled.reply.json", ALERT),
        )
        for settings in ({}, DOCS)
    ),
    Case(
        "DELETE",
        f"{ENDED}/name/CarrierService",
        f"{FAMILY}/deregister.reply.json",
        settings={"deregister_missing": "ok"},
    ),
    refused("GET", f"{PREFIX}/", f"{FAMILY}/missing-account"),
    refused("GET", f"{PREFIX}/Account_1", f"{FAMILY}/invalid-account"),
    refused("GET", f"{PREFIX}/TestQAAccount", f"{FAMILY}/invalid-account"),
    refused("GET", LISTED, f"{FAMILY}/inactive-account", settings={"accounts": []}),
    refused("POST", LISTED, f"{FAMILY}/invalid-request"),
    refused("POST", LISTED, f"{FAMILY}/too-large", 413, content=TOO_LARGE),
    *(
        refused("POST", LISTED, f"{FAMILY}/missing-field", content=content)
        for content in (b'{"name": "CarrierService"}', ONE.replace(b'"%b"', b"1"))
    ),
    *(
        refused("POST", LISTED, f"{FAMILY}/invalid-character", content=ONE % url)
        for url in (b"http://a/'", b"http://a/<", rb"http://a/\\")
    ),
    refused("DELETE", f"{LISTED}/name/Fota", f"{FAMILY}/unknown-service"),
    refused("POST", LISTED, f"{FAMILY}/invalid-url", content=ONE % b"10.120.102.147"),
    refused(
        "POST",
        LISTED,
        f"{FAMILY}/invalid-url",
        sends=f"{FAMILY}/register.credentials.request.json",
        settings={"registration_rules": "enforced"},
    ),
    refused(
        "POST",
        LISTED,
        f"{FAMILY}/invalid-credential",
        content=LONG,
        settings={"registration_rules": "enforced"},
    ),
    refused("DELETE", f"{LISTED}/name/CarrierService", f"{FAMILY}/not-registered"),
    *gateway(FAMILY, LISTED, "PATCH"),
    *session(FAMILY, "GET", LISTED),
)
