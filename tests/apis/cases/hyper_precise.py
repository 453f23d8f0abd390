"""The cases of the hyper-precise API, whose pages refuse in another schema."""

from .asking import (
    DOCS,
    TOO_LARGE,
    Case,
    gateway,
    in_docs_dialect,
    items,
    refused,
    session,
)

FAMILY, BASE = "hyper-precise", "/api/hyper-precise/v1"
PREFIX, STATUS = f"{BASE}/callbacks", f"{BASE}/devices/services"
SHOWN = f"{STATUS}?accountNumber=0242080353-00001&imei=354658090356210"
LISTED = f"{PREFIX}?accountNumber=0844021539-00001"
ENDED = f"{LISTED}&service=BullseyeReporting"
NAMED = f"{LISTED}&name=BullseyeReporting"
GIVEN = tuple(
    (LISTED, {key: item[key] for key in ("name", "url")})
    for item in items(f"{FAMILY}/list.reply.json")
)
REFUSED = (
    *(
        refused("GET", f"{PREFIX}{query}", f"{FAMILY}/invalid-account")
        for query in ("?accountNumber=Account_1", "?accountNumber=", "")
    ),
    refused(
        "GET", LISTED, f"{FAMILY}/inactive-account", 403, settings={"accounts": []}
    ),
    *(
        refused("POST", LISTED, f"{FAMILY}/invalid-request", content=content)
        for content in (b"", b"[]", b"[{}, {}]")
    ),
    refused("DELETE", LISTED, f"{FAMILY}/invalid-request"),
    refused("POST", LISTED, f"{FAMILY}/too-large", 413, content=TOO_LARGE),
    refused("DELETE", f"{LISTED}&service=Bullseye", f"{FAMILY}/unknown-service"),
    refused(
        "POST",
        LISTED,
        f"{FAMILY}/invalid-url",
        content=b'{"name": "BullseyeReporting", "url": "tsustgtests.mocklab.io"}',
    ),
    refused(
        "POST",
        LISTED,
        f"{FAMILY}/invalid-url",
        content=b'{"name": "BullseyeReporting", "url": "http://localhost:8440"}',
        settings={"registration_rules": "enforced"},
    ),
    refused("DELETE", ENDED, f"{FAMILY}/not-registered", 404),
    *gateway(FAMILY, PREFIX, "PATCH"),
    *session(FAMILY, "GET", LISTED, 401),
)

CASES = (
    *(
        Case("GET", LISTED, f"{FAMILY}/list.empty.reply.json", settings=settings)
        for settings in ({}, DOCS)
    ),
    Case("GET", LISTED, f"{FAMILY}/list.reply.json", given=GIVEN),
    Case("GET", LISTED, f"{FAMILY}/list.docs.reply.json", given=GIVEN, settings=DOCS),
    *(
        Case(
            "POST",
            LISTED,
            f"{FAMILY}/{reply}",
            sends=f"{FAMILY}/{name}",
            settings=settings,
        )
        for name in ("register.request.json", "register.docs.request.json")
        for reply, settings in (
            ("register.reply.json", {}),
            ("register.docs.reply.json", DOCS),
        )
    ),
    *(
        Case("DELETE", path, None, given=given, settings=settings)
        for path in (ENDED, NAMED)
        for given, settings in ((GIVEN, {}), ((), {"deregister_missing": "ok"}))
    ),
    *(
        Case(
            "DELETE",
            path,
            f"{FAMILY}/deregister.docs.reply.json",
            given=GIVEN,
            settings=DOCS,
        )
        for path in (ENDED, NAMED)
    ),
    *(
        Case(
            method,
            path,
            f"{FAMILY}/{name}{reply}.reply.json",
            sends=f"{FAMILY}/{name}.request.json" if method == "PUT" else None,
            settings=settings,
        )
        for method, path, name in (
            ("PUT", STATUS, "change-status"),
            ("GET", SHOWN, "show-status"),
        )
        for reply, settings in (("", {}), (".docs", DOCS))
    ),
    Case(
        "POST",
        f"{BASE}/report/async/aggregate",
        f"{FAMILY}/create-usage-report.reply.json",
        sends=f"{FAMILY}/create-usage-report.request.json",
    ),
    *REFUSED,
    *map(in_docs_dialect, REFUSED),
)
