"""The cases of the location API."""

from .asking import DOCS, TOO_LARGE, Case, gateway, items, refused, session

FAMILY, PREFIX = "location", "/api/loc/v1/callbacks"
LISTED, REGISTERED = f"{PREFIX}/0252012345-00001", f"{PREFIX}/0212312345-00001"
LIST = f"{FAMILY}/list.reply.json"
GIVEN = tuple((LISTED, item) for item in items(LIST))

CASES = (
    Case("GET", LISTED, f"{FAMILY}/list.empty.reply.json"),
    Case("GET", LISTED, None, settings=DOCS),
    Case("GET", LISTED, LIST, given=GIVEN),
    Case("GET", LISTED, f"{FAMILY}/list.docs.reply.json", given=GIVEN, settings=DOCS),
    *(
        Case(
            "POST",
            REGISTERED,
            f"{FAMILY}/{reply}",
            sends=f"{FAMILY}/{name}",
            settings=settings,
        )
        for name, reply in (
            ("register.request.json", "register.reply.json"),
            ("register.device.request.json", "register.device.reply.json"),
        )
        for settings in ({}, DOCS)
    ),
    *(
        Case(
            "DELETE",
            f"{LISTED}/name/Location",
            f"{FAMILY}/deregister.reply.json",
            given=given,
            settings=settings,
        )
        for given, settings in ((GIVEN, {}), ((), {"deregister_missing": "ok"}))
    ),
    *(
        Case(
            "DELETE",
            f"{LISTED}/name/Location",
            f"{FAMILY}/deregister.docs.reply.json",
            given=given,
            settings={**settings, **DOCS},
        )
        for given, settings in ((GIVEN, {}), ((), {"deregister_missing": "ok"}))
    ),
    refused("GET", f"{PREFIX}/MyAccount-1", f"{FAMILY}/invalid-account"),
    refused("GET", LISTED, f"{FAMILY}/inactive-account", settings={"accounts": []}),
    refused("POST", LISTED, f"{FAMILY}/invalid-request"),
    refused("POST", LISTED, f"{FAMILY}/too-large", 413, content=TOO_LARGE),
    refused("DELETE", f"{LISTED}/name/location", f"{FAMILY}/unknown-service"),
    refused(
        "POST",
        LISTED,
        f"{FAMILY}/invalid-url",
        content=b'{"name": "Location", "url": "10.120.102.147"}',
    ),
    refused(
        "POST",
        LISTED,
        f"{FAMILY}/invalid-url",
        content=b'{"name": "Location", "url": "http://localhost:50569/"}',
        settings={"registration_rules": "enforced"},
    ),
    refused("DELETE", f"{LISTED}/name/DeviceLocation", f"{FAMILY}/not-registered"),
    *gateway(FAMILY, LISTED, "PATCH"),
    *session(FAMILY, "GET", LISTED),
)
