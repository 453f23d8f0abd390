"""The cases of the Software Management APIs: version 1, and the later two."""

from .asking import (
    DOCS,
    TOO_LARGE,
    Case,
    Posted,
    gateway,
    in_docs_dialect,
    items,
    read,
    refused,
    session,
)

V1 = "/api/fota/v1"
LISTED = f"{V1}/callbacks/0252012345-00001"
REGISTERED = f"{V1}/callbacks/0204563412-00001"
CLOSED_PORT = b'{"url": "https://localhost:8440/callbacks"}'


def _given(name: str) -> tuple[Posted, ...]:
    """Return the registrations of a list, as they are made."""
    return tuple(
        (LISTED, {key: value for key, value in item.items() if key != "aname"})
        for item in items(name)
    )


GIVEN = _given("fota-v1/list.reply.json")
FIRST = (
    Case("GET", LISTED, "fota-v1/list.empty.reply.json"),
    Case("GET", LISTED, None, settings=DOCS),
    *(
        Case("GET", LISTED, f"fota-v1/{name}", given=_given(f"fota-v1/{name}"))
        for name in ("list.reply.json", "list.credentials.reply.json")
    ),
    Case(
        "GET",
        LISTED,
        "fota-v1/list.reply.json",
        given=_given("fota-v1/list.credentials.reply.json"),
        settings=DOCS,
    ),
    *(
        Case("POST", REGISTERED, "fota-v1/register.reply.json", sends=f"fota-v1/{name}")
        for name in ("register.request.json", "register.credentials.request.json")
    ),
    Case("DELETE", f"{LISTED}/name/Fota", "fota-v1/deregister.reply.json", given=GIVEN),
    Case(
        "DELETE",
        f"{LISTED}/name/Fota",
        "fota-v1/deregister.reply.json",
        settings={"deregister_missing": "ok"},
    ),
    refused("GET", f"{V1}/callbacks/Account_1", "fota-v1/invalid-account"),
    refused("GET", LISTED, "fota-v1/inactive-account", settings={"accounts": []}),
    refused("POST", LISTED, "fota-v1/invalid-request"),
    refused("POST", LISTED, "fota-v1/too-large", 413, content=TOO_LARGE),
    refused("DELETE", f"{LISTED}/name/fota", "fota-v1/unknown-service"),
    refused(
        "POST",
        LISTED,
        "fota-v1/invalid-url",
        content=b'{"name": "Fota", "url": "10.120.102.183"}',
    ),
    refused(
        "POST",
        LISTED,
        "fota-v1/invalid-credential",
        content=b'{"name": "Fota", "url": "http://a", "username": "%b"}' % (b"x" * 41),
        settings={"registration_rules": "enforced"},
    ),
    refused("DELETE", f"{LISTED}/name/Fota", "fota-v1/not-registered"),
    *gateway("fota-v1", LISTED, "PATCH"),
    *map(in_docs_dialect, gateway("fota-v1", LISTED, "PATCH")),
    *session("fota-v1", "GET", LISTED),
)


def _later(version: str) -> tuple[Case, ...]:
    """Return the cases of version 2 or 3, which differ in their path only."""
    family = f"fota-{version}"
    callbacks = f"/api/fota/{version}/callbacks"
    path = f"{callbacks}/0000123456-00001"
    given = ((path, read(f"{family}/show.reply.json")),)
    sent = {
        "register.request.json": ("POST", "register.reply.json"),
        "replace.request.json": ("PUT", "replace.reply.json"),
        "replace.callback.request.json": ("PUT", "replace.reply.json"),
    }
    return (
        Case("GET", path, None),
        Case("GET", path, f"{family}/show.reply.json", given=given),
        *(
            Case(
                method, path, f"{family}/{reply}", sends=f"{family}/{name}", given=value
            )
            for name, (method, reply) in sent.items()
            for value in ((), given)
        ),
        Case("DELETE", path, f"{family}/deregister.reply.json", given=given),
        Case(
            "DELETE",
            path,
            f"{family}/deregister.reply.json",
            settings={"deregister_missing": "ok"},
        ),
        refused("GET", f"{callbacks}/Account_1", f"{family}/invalid-account"),
        refused("GET", path, f"{family}/inactive-account", settings={"accounts": []}),
        refused("POST", path, f"{family}/invalid-request"),
        refused("PUT", path, f"{family}/invalid-request", content=b"{}"),
        refused("POST", path, f"{family}/too-large", 413, content=TOO_LARGE),
        refused(
            "PUT", path, f"{family}/invalid-url", content=b'{"url": "10.120.102.183"}'
        ),
        *(
            refused(
                "POST",
                path,
                f"{family}/invalid-url",
                settings={"registration_rules": "enforced"},
                content=content,
            )
            for content in (b'{"url": "http://localhost:9001/"}', CLOSED_PORT)
        ),
        refused("DELETE", path, f"{family}/not-registered"),
        *gateway(family, path, "PATCH"),
        *session(family, "GET", path),
    )


CASES = (*FIRST, *_later("v2"), *_later("v3"))
