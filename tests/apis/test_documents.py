"""The server answers as the documents say, and every document is accounted for.

``CASES`` is the table: what is sent, and which example or error the answer must be.
It is also what "used" means below, so no order or selection of tests changes it.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mockthingspace import Settings, create_app
from mockthingspace.apis import APIS
from mockthingspace.core import sources
from mockthingspace.core.exceptions import InvalidBearer, refusal_name
from mockthingspace.core.json_values import leaves
from mockthingspace.core.sources import FIXTURES
from mockthingspace.spec.api import Api

from ..rows import each
from .cases.asking import Case, answer, example, read
from .cases.every import CASES

SEED = "demo-seed.json"
REGISTERING = [case for case in CASES if "/register." in str(case.answer)]
SIGNED = [api.prefix for api in APIS if api.signed]
EVIDENCE = ("documented", "observed", "assumed")
PAIR = {
    "type": "array",
    "prefixItems": [{"enum": EVIDENCE}, {"type": "string", "minLength": 1}],
    "minItems": 2,
    "maxItems": 2,
}
MESSAGE = {
    "type": "object",
    "required": ["event", "service", "summary", "message", "known"],
    "additionalProperties": False,
    "properties": {
        "event": {"type": "string"},
        "service": {"type": "string"},
        "summary": {"type": "string", "minLength": 1},
        "order": {"type": "integer", "minimum": 1},
        "ids": {"type": "array", "items": {"type": "string"}},
        "counter": {"type": "string"},
        "limit": {"type": "string"},
        "retried": {"const": False},
        "message": {"type": "object"},
        "known": {"type": "object", "additionalProperties": PAIR},
    },
}
ERROR = {
    "type": "object",
    "required": ["status", "body", "known"],
    "additionalProperties": False,
    "properties": {
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "body": {"type": "object"},
        "summary": {"type": "string"},
        "content_type": {"type": "string"},
        "known": {"anyOf": [PAIR, {"type": "object", "additionalProperties": PAIR}]},
        "docs": {
            "type": "object",
            "required": ["body", "summary", "known"],
            "additionalProperties": False,
            "properties": {
                "body": {"type": "object"},
                "summary": {"type": "string"},
                "known": PAIR,
            },
        },
    },
}
SCHEMAS = {
    "message": Draft202012Validator(MESSAGE),
    "errors": Draft202012Validator({"type": "object", "additionalProperties": ERROR}),
}
UWS = "UnifiedWebService"
# Written by hand, so that not every comparison is of a file with itself.
BODIES: list[tuple[str, str, int, Any]] = [
    (
        "/api/fota/v1",
        "inactive-account",
        400,
        {"errorCode": "INVALID_PARAMETER", "errorMessage": "Inactive account"},
    ),
    (
        "/api/fota/v3",
        "invalid-account",
        400,
        {
            "errorCode": "INVALID_PARAMETER",
            "errorMessage": "Invalid account name format",
        },
    ),
    (
        "/api/m2m/v1",
        "inactive-account",
        400,
        {
            "errorCode": f"{UWS}.REQUEST_FAILED.AccountNotFound",
            "errorMessage": "The account was not found.",
        },
    ),
    (
        "/api/m2m/v1",
        "missing-devices",
        400,
        {
            "errorCode": f"{UWS}.INPUT_INVALID.DeviceNotProvided",
            "errorMessage": "No device is provided.",
        },
    ),
    (
        "/api/loc/v1",
        "expired-session",
        400,
        {
            "errorCode": "INVALID_PARAMETER",
            "errorMessage": "UWS verification failure (The Session has expired.)",
        },
    ),
    (
        "/api/diagnostics/v1",
        "not-registered",
        403,
        {
            "errorCode": "CALLBACK_NOT_REGISTERED",
            "errorMessage": "Callback is not registered for this account.",
        },
    ),
    (
        "/api/hyper-precise/v1",
        "missing-session",
        401,
        {
            "responseCode": "INVALID_ACCESS",
            "message": "The access policy denied the resource operation for this user",
        },
    ),
    (
        "/api/m2m/v1/session",
        "expired-session",
        400,
        {
            "errorCode": f"{UWS}.REQUEST_FAILED.SessionToken.Expired",
            "errorMessage": "The Session has expired.",
        },
    ),
    (
        "/api/ts/v1/oauth2",
        "missing-bearer",
        401,
        {
            "error": "invalid_client",
            "error_description": "Client authentication failed",
        },
    ),
    (
        "/api/fota/v2",
        "invalid-bearer",
        401,
        {
            "fault": {
                "code": 900901,
                "message": "Invalid Credentials",
                "description": "Access failure for API: /fota/v2, version: v2. Make "
                "sure you have given the correct access token",
            }
        },
    ),
]


def rows() -> list[list[str]]:
    """Return the rows of the examples' table in README.md, each as its cells."""
    text = (FIXTURES / "README.md").read_text("utf-8")
    lines = text[text.index("## Examples") :].splitlines()
    table = [line for line in lines if line.startswith("| ")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table[1:]]


def files(kind: str) -> list[Path]:
    """Return the documents of a kind."""
    pattern = {"message": "messages/*.json", "errors": "*errors.json"}[kind]
    return sorted(FIXTURES.rglob(pattern))


def faults(kind: str) -> Iterator[str]:
    """Say what is wrong with the documents of a kind: the file, the path, and what."""
    for file in files(kind):
        name = file.relative_to(FIXTURES)
        try:
            document = json.loads(file.read_text("utf-8"))
        except ValueError as error:
            yield f"{name}: {error}"
            continue
        for error in SCHEMAS[kind].iter_errors(document):
            yield f"{name}: {error.json_path}: {error.message}"
        if kind == "message":
            yield from (f"{name}: {fault}" for fault in unmarked(document))


def unmarked(document: dict[str, Any]) -> Iterator[str]:
    """Say which fields of a message nothing is known of, and what is known of none."""
    paths = [path for path, _ in leaves(document["message"])]
    known = document["known"]
    for path in paths:
        above = path
        while above and above not in known:
            above = above.rpartition(".")[0]
        if above not in known:
            yield f"message.{path}: is not marked"
    for path in (*known, *document.get("ids", ())):
        if path and not any(f"{leaf}.".startswith(f"{path}.") for leaf in paths):
            yield f"{path}: is known of no field"


def errors(docs: bool = False) -> list[tuple[Api, type[Exception]]]:
    """Return every error of every API, with the API.

    Args:
        docs: Only those that ThingSpace's pages have in another schema.
    """
    return [
        (api, kind)
        for api in APIS
        for kind, answered in api.answers.items()
        if kind is not InvalidBearer
        or any("bearer" in operation.needs for operation in api.operations)
        if answered.docs is not None or not docs
    ]


def name_of(api: Api, kind: type[Exception]) -> set[str]:
    """Return what cases may call an error."""
    own = [f"{api.name}/{operation.name}." for operation in api.operations]
    above = own if api.prefix.endswith("/oauth2") else [f"{api.name}/"]
    return {f"{place}{refusal_name(kind)}.error.json" for place in above}


@each("case", CASES, ids=repr)
def test_the_server_answers_as_the_fixture_says(case: Case) -> None:
    """The answer to a case's request is the document in its file, in its order."""
    response = answer(case)

    assert response.status_code == case.status
    if case.answer:
        shown = case.alike(response.get_json())
        assert json.dumps(shown, indent=1) == json.dumps(
            case.alike(read(case.answer)), indent=1
        )
    else:
        assert response.data == b""


@each("case", REGISTERING, ids=repr)
def test_a_secret_is_in_a_header_where_messages_are_signed(case: Case) -> None:
    """The reply to a registration carries it in the header the setting names."""
    settings = {**case.settings, "secret_header": "X-Our-Secret"}

    secret = answer(case._replace(settings=settings)).headers.get("X-Our-Secret")

    signed = any(case.path.startswith(prefix) for prefix in SIGNED)
    assert (secret is not None) == signed
    assert re.fullmatch("[0-9a-f]{64}" if signed else "", secret or "")


def test_every_example_is_used() -> None:
    """A file that no case uses is dead weight, and one that is missing a mistake."""
    used = {
        example(name)
        for case in CASES
        for name in case.files
        if not name.endswith(".error.json")
    }
    there = {
        str(file.relative_to(FIXTURES)) for file in FIXTURES.rglob("examples/*.json")
    }

    assert used == there


def test_every_error_is_met() -> None:
    """Each API's every error is what some case is answered with."""
    used = set().union(*(case.files for case in CASES))

    assert [
        (api.prefix, refusal_name(kind))
        for api, kind in errors()
        if not name_of(api, kind) & used
    ] == []


@each(("prefix", "refusal", "status", "body"), BODIES)
def test_an_error_is_this(prefix: str, refusal: str, status: int, body: Any) -> None:
    """What is documented of each API's errors is what it answers."""
    [answered] = [
        response
        for api in APIS
        if api.prefix == prefix
        for kind, response in api.answers.items()
        if refusal_name(kind) == refusal
    ]

    assert (answered.status, answered.body) == (status, body)


@pytest.mark.parametrize("kind", ["message", "errors"])
def test_a_document_is_well_formed_and_marked(kind: str) -> None:
    """The file and the path are named of whatever is not."""
    assert list(faults(kind)) == []


def test_what_is_wrong_with_a_document_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no JSON, has another key, or is not marked."""
    folder = tmp_path / "fota" / "messages"
    folder.mkdir(parents=True)
    good = {"event": "Fota.x", "service": "Fota", "summary": "a test's", "message": {}}
    marked = {"message": {"a": [{"b": 1}]}, "known": {"a.1": ["assumed", "a test"]}}
    (folder / "a.json").write_text("{")
    (folder / "b.json").write_text(json.dumps({**good, "known": {}, "extra": {}}))
    (folder / "c.json").write_text(json.dumps({**good, **marked}))
    monkeypatch.setattr(f"{__name__}.FIXTURES", tmp_path)

    assert [fault.partition(": ")[::2] for fault in faults("message")] == [
        (
            "fota/messages/a.json",
            "Expecting property name enclosed in double quotes: line 1 column 2 "
            "(char 1)",
        ),
        (
            "fota/messages/b.json",
            "$: Additional properties are not allowed ('extra' was unexpected)",
        ),
        ("fota/messages/c.json", "message.a.0.b: is not marked"),
        ("fota/messages/c.json", "a.1: is known of no field"),
    ]


@each("file", files("message"), ids=lambda file: file.name)
def test_a_message_is_named_as_its_file(file: Path) -> None:
    """Who looks for an event finds its file by the name."""
    assert json.loads(file.read_text("utf-8"))["event"] == file.stem


def test_a_source_names_a_page_there_is() -> None:
    """A name that stands for no address is a mistake, not a text."""
    with pytest.raises(KeyError, match="no-such-page"):
        sources.spelled_out("as {no-such-page} says")
    with pytest.raises(AttributeError, match="there is no source NO_SUCH_PAGE"):
        sources.NO_SUCH_PAGE  # noqa: B018 (looking is what fails)


def test_every_operation_is_asked_for() -> None:
    """There is a reply of every operation of every API, in either schema."""
    wanted = {
        (api.prefix, operation.name, dialect)
        for api in APIS
        for operation in api.operations
        for dialect in (("sdk", "docs") if operation.docs else ("sdk",))
    }
    found = {
        (api.prefix, operation.name, case.settings.get("dialect", "sdk"))
        for case in CASES
        for api in APIS
        for operation in api.operations
        if (case.status, case.method) == (200, operation.method)
        if re.fullmatch(_pattern(api, operation.rule), case.path.partition("?")[0])
    }

    assert wanted - found == set()


def _pattern(api: Api, rule: str) -> str:
    return api.prefix + re.sub("<[a-z_]+>", "[^/]+", rule)


def test_every_example_has_its_row() -> None:
    """README.md has one row for each file, in order, and none besides."""
    there = [*FIXTURES.rglob("examples/*.json"), FIXTURES / SEED]

    assert [name for name, *_ in rows()] == sorted(
        str(file.relative_to(FIXTURES)) for file in there
    )


def test_marks_are_of_the_three_words() -> None:
    """A fixture is documented, observed or assumed."""
    assert {"documented", "observed", "assumed"} >= {
        evidence for _, evidence, *_ in rows()
    }


def test_sources_are_those_the_families_name() -> None:
    """An address in README.md is one of those the server itself gives."""
    named = {page.split(" ")[0] for page in sources.PAGES.values()}
    given = {
        address
        for _, _, source, _ in rows()
        for address in re.findall(r"\]\((.*?)\)", source)
    }

    assert named >= given


def test_what_no_source_says_is_assumed() -> None:
    """A fixture without a source is not called documented."""
    unsaid = [row for row in rows() if row[2] == sources.UNSAID]

    assert {evidence for _, evidence, *_ in unsaid} == {"assumed"}
    assert all(
        "](" in source for _, evidence, source, _ in rows() if evidence != "assumed"
    )


def test_the_demo_seed_loads() -> None:
    """A server starts from the demo seed, which has something of every API."""
    app = create_app(Settings(seed=str(FIXTURES / SEED)))

    shown = app.test_client().get("/__admin/registrations").get_json()

    keys = ("family", "account", "service", "url")
    wanted = [
        tuple(registration[key] for key in keys)
        for registration in json.loads((FIXTURES / SEED).read_text("utf-8"))[
            "registrations"
        ]
    ]
    found = [
        tuple(registration[key] for key in keys)
        for registration in shown["registrations"]
    ]
    assert sorted(found) == sorted(wanted)
    assert {item[0] for item in found} == {api.name for api in APIS if api.services}
