"""The cases of the diagnostics API, whose replies say when it was registered."""

from .asking import (
    DOCS,
    GENERATED,
    SEEDING,
    TOO_LARGE,
    Case,
    gateway,
    items,
    refused,
    session,
)

FAMILY, PREFIX = "diagnostics", "/api/diagnostics/v1/callbacks"
LISTED = f"{PREFIX}?accountName=TestQAAccount"
ENDED = f"{LISTED}&serviceName=Diagnostics"
LIST = f"{FAMILY}/list.reply.json"
WANTED = b'{"accountName": "%b", "serviceName": "%b", "endpoint": "%b"}'
NAMES = (b"TestQAAccount", b"Diagnostics")
MADE = (*GENERATED, "createdOn")


def _given(name: str) -> tuple[tuple[str, dict[str, object]], ...]:
    """Return the registrations of a list, as they are seeded, at their instant."""
    return tuple(
        (
            SEEDING,
            {
                "family": FAMILY,
                "account": item["accountName"],
                "service": item["serviceName"],
                "url": item["endpoint"],
                "headers": item.get("httpHeaders", {}),
                "registered_at": item["createdOn"],
            },
        )
        for item in items(name)
    )


def _refused(content: bytes, answer: str, **how: object) -> Case:
    return refused("POST", PREFIX, f"{FAMILY}/{answer}", content=content, **how)


CASES = (
    Case("GET", LISTED, f"{FAMILY}/list.empty.reply.json"),
    Case("GET", LISTED, f"{FAMILY}/list.empty.reply.json", settings=DOCS),
    *(
        Case(
            "GET",
            LISTED,
            f"{FAMILY}/{name}",
            given=_given(f"{FAMILY}/{name}"),
            settings=settings,
        )
        for name in ("list.reply.json", "list.headers.reply.json")
        for settings in ({}, DOCS)
    ),
    *(
        Case(
            "POST",
            PREFIX,
            f"{FAMILY}/{reply}",
            sends=f"{FAMILY}/{name}",
            generated=MADE,
        )
        for name, reply in (
            ("register.request.json", "register.reply.json"),
            ("register.headers.request.json", "register.headers.reply.json"),
            ("register.text.request.json", "register.headers.reply.json"),
        )
    ),
    *(
        Case("DELETE", ENDED, f"{FAMILY}/{reply}", given=_given(f"{FAMILY}/{name}"))
        for name, reply in (
            ("list.reply.json", "deregister.reply.json"),
            ("list.headers.reply.json", "deregister.headers.reply.json"),
        )
    ),
    Case(
        "DELETE",
        ENDED,
        f"{FAMILY}/deregister.missing.reply.json",
        settings={"deregister_missing": "ok"},
    ),
    *(
        refused("GET", f"{PREFIX}{query}", f"{FAMILY}/invalid-account")
        for query in ("?accountName=Account_1", "?accountName=", "")
    ),
    _refused(
        WANTED % (b"TestAccount-2", b"Diagnostics", b"http://a"), "invalid-account"
    ),
    refused(
        "GET", LISTED, f"{FAMILY}/inactive-account", 500, settings={"accounts": []}
    ),
    _refused(
        WANTED % (*NAMES, b"http://a"),
        "inactive-account",
        status=500,
        settings={"accounts": []},
    ),
    _refused(b"", "invalid-request"),
    refused("DELETE", LISTED, f"{FAMILY}/invalid-request"),
    _refused(TOO_LARGE, "too-large", status=413),
    refused("DELETE", f"{LISTED}&serviceName=string", f"{FAMILY}/unknown-service"),
    _refused(WANTED % (*NAMES, b"yourwebsite.com"), "invalid-url"),
    _refused(
        WANTED % (*NAMES, b"https://yourwebsite.com:8440"),
        "invalid-url",
        settings={"registration_rules": "enforced"},
    ),
    refused("DELETE", ENDED, f"{FAMILY}/not-registered", 403),
    *gateway(FAMILY, PREFIX, "PATCH"),
    *session(FAMILY, "GET", LISTED, 401),
)
