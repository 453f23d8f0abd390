"""The server answers as the fixtures say, and every fixture is accounted for.

``CASES`` is the table: what is sent, and which file the answer must be. It is
also what "used" means below, so no order or selection of tests changes it.
"""

import json
import re
from typing import Any

from mockthingspace import Settings, create_app
from mockthingspace.apis import APIS
from mockthingspace.core import sources
from mockthingspace.core.exceptions import InvalidBearer, word
from mockthingspace.spec.api import Api

from ..rows import each
from .cases.asking import DOCS, FIXTURES, Case, answer, read
from .cases.every import CASES

SEED = "demo-seed.json"
REGISTERING = [case for case in CASES if "/register." in str(case.answer)]
SIGNED = [api.prefix for api in APIS if api.signed]


def rows() -> list[list[str]]:
    """Return the rows of the table in SOURCES.md, each as its cells."""
    lines = (FIXTURES / "SOURCES.md").read_text("utf-8").splitlines()
    table = [line for line in lines if line.startswith("| ")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table[1:]]


def refusals(docs: bool = False) -> list[tuple[Api, type[Exception]]]:
    """Return every refusal of every family, with the family.

    Args:
        docs: Only those that ThingSpace's pages have in another shape.
    """
    return [
        (api, kind)
        for api in APIS
        for kind, answered in api.answers.items()
        if kind is not InvalidBearer
        or any("bearer" in operation.needs for operation in api.operations)
        if answered.docs is not None or not docs
    ]


def refusal_name(value: Any) -> str:
    """Name a family or a kind of refusal."""
    return value.prefix if isinstance(value, Api) else word(value)


def fixture_of(api: Api, kind: type[Any]) -> str:
    """Return the fixture a family's answer to a refusal stands in."""
    name = f"{word(kind)}.error.json"
    own = [f"{api.name}/{operation.name}.{name}" for operation in api.operations]
    used = [item for item in own if (FIXTURES / item).exists()]
    return used[0] if used else f"{api.name}/{name}"


def docs_body(name: str) -> Any:
    """Return what the pages have where the SDK has the document in a fixture.

    It stands in a file of its own, unless only the code of a fault is otherwise.
    """
    own = name.replace(".error.", ".docs.error.")
    if (FIXTURES / own).exists():
        return read(own)
    fault = read(name)["fault"]
    return {"fault": {**fault, "code": str(fault["code"])}}


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


def test_every_fixture_is_used() -> None:
    """A file that no case uses is dead weight, and one that is missing a mistake."""
    used = set().union(*(case.files for case in CASES)) | {SEED}
    there = {str(file.relative_to(FIXTURES)) for file in FIXTURES.rglob("*.json")}

    assert used == there


def test_every_operation_is_asked_for() -> None:
    """There is a reply of every operation of every family, in either shape."""
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
    return api.prefix + re.sub("<[a-z]+>", "[^/]+", rule)


def test_every_fixture_has_its_row_in_the_sources() -> None:
    """SOURCES.md has one row for each file, in order, and none besides."""
    there = [str(file.relative_to(FIXTURES)) for file in FIXTURES.rglob("*.json")]

    assert [name for name, *_ in rows()] == sorted(there)


def test_marks_are_of_the_three_words() -> None:
    """A fixture is documented, observed or assumed."""
    assert {"documented", "observed", "assumed"} >= {
        evidence for _, evidence, *_ in rows()
    }


def test_sources_are_those_the_families_name() -> None:
    """An address in SOURCES.md is one of those the server itself gives."""
    named = {
        value.split(" ")[0]
        for name, value in vars(sources).items()
        if name.isupper() and isinstance(value, str) and not name.startswith("_")
    }
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


def test_the_note_of_an_error_names_its_status() -> None:
    """Errors are 400 where the note begins with no other status."""
    notes = {name: note for name, _, _, note in rows()}
    said = {
        str(case.answer): int(
            (re.match(r"\d{3}\b", notes[str(case.answer)]) or [400])[0]
        )
        for case in CASES
        if ".error." in str(case.answer)
    }

    assert said == {
        str(case.answer): case.status for case in CASES if case.answer in said
    }


@each(("api", "kind"), refusals(), ids=refusal_name)
def test_every_refusal_has_its_fixture(api: Api, kind: type[Exception]) -> None:
    """Whatever a family refuses stands in a file, marked as the family marks it."""
    name = fixture_of(api, kind)
    answered = api.answers[kind]
    marks = {row[0]: row[1] for row in rows()}

    assert answered.body == read(name)
    assert answered.claim.evidence == marks[name]


@each(("api", "kind"), refusals(docs=True), ids=refusal_name)
def test_a_refusal_in_the_pages_shape_follows_from_its_fixture(
    api: Api, kind: type[Exception]
) -> None:
    """What is otherwise on the pages stands in a file, or is a fault's code as text."""
    shown = api.answers[kind].in_dialect(DOCS["dialect"])

    assert shown == docs_body(fixture_of(api, kind))


def test_the_demo_seed_loads() -> None:
    """A server starts from the demo seed, which has something of every family."""
    app = create_app(Settings(seed=str(FIXTURES / SEED)))

    shown = app.test_client().get("/__admin/registrations").get_json()

    keys = ("family", "account", "service", "url")
    wanted = [
        tuple(registration[key] for key in keys)
        for registration in read(SEED)["registrations"]
    ]
    found = [
        tuple(registration[key] for key in keys)
        for registration in shown["registrations"]
    ]
    assert sorted(found) == sorted(wanted)
    assert {item[0] for item in found} == {api.name for api in APIS if api.services}
