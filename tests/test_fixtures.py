"""The double answers as the fixtures say, and every fixture is accounted for.

``CASES`` is the table: what is sent, and which file the answer must be. It is
also what "used" means below, so no order or selection of tests changes it.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mockthingspace import Settings, create_app, sources
from mockthingspace.double import EXTENSION
from mockthingspace.errors import InvalidBearer
from mockthingspace.families import FAMILIES
from mockthingspace.family import Family
from mockthingspace.wire import MAX_BODY

FIXTURES = Path(__file__).parent.parent / "fixtures"
FOTA, UWS, OAUTH = "/api/fota/v1", "/api/m2m/v1/session", "/api/ts/v1/oauth2"
LISTED = f"{FOTA}/callbacks/0252012345-00001"
REGISTERED = f"{FOTA}/callbacks/0204563412-00001"
BASIC = {"Authorization": "Basic " + b64encode(b"key:secret").decode()}
LOGIN = {"username": "zbeeblebrox", "password": "IMgr8"}
STRICT = {"auth": "strict"}
KNOWN = {"credentials": {"zbeeblebrox": "another"}}
TOO_LARGE = b" " * (MAX_BODY + 1)
SEED = "demo-seed.json"


class Case(NamedTuple):
    """One request, and the file that holds its answer (None: an empty body).

    ``sends`` names the file that is its body, ``content`` is a body no document
    can be. ``given`` names a list whose registrations are made before;
    ``proofs`` are got through the wire before, ``wait_s`` after them. The
    request is made ``times`` times; the last answer counts.
    """

    method: str
    path: str
    answer: str | None
    status: int = 200
    sends: str | None = None
    content: bytes = b""
    given: str | None = None
    settings: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}
    proofs: str = ""
    wait_s: float = 0
    times: int = 1

    @property
    def files(self) -> set[str]:
        """The fixtures it uses."""
        return {one for one in (self.answer, self.sends, self.given) if one}


def refused(method: str, path: str, answer: str, status: int = 400, **how: Any) -> Case:
    """A request that is refused."""
    return Case(method, path, f"{answer}.error.json", status, **how)


def gateway(family: str, path: str, other: str) -> tuple[Case, ...]:
    """What the gateway refuses of every family: one of its paths, another method."""
    wrong = {"Authorization": "Bearer wrong", "VZ-M2M-Token": "any"}
    return (
        refused("POST", path, f"{family}/missing-bearer", 401, settings=STRICT),
        refused(
            "POST",
            path,
            f"{family}/invalid-bearer",
            401,
            settings=STRICT,
            headers=wrong,
        ),
        refused("GET", f"{path}/nowhere", f"{family}/not-served", 404),
        refused(other, path, f"{family}/method-not-served", 405),
    )


def session(family: str, method: str, path: str, **how: Any) -> tuple[Case, ...]:
    """What is refused of a session token that will not do."""
    wrong = {"VZ-M2M-Token": "wrong"}
    how = {"proofs": "bearer", "settings": STRICT, **how}
    idle = {**how, "proofs": "bearer session", "wait_s": 20 * 60}
    return (
        refused(method, path, f"{family}/missing-session", **how),
        refused(method, path, f"{family}/invalid-session", headers=wrong, **how),
        refused(method, path, f"{family}/expired-session", **idle),
    )


CASES = (
    Case("GET", LISTED, "fota-v1/list.empty.reply.json"),
    *(
        Case("GET", LISTED, f"fota-v1/{name}", given=f"fota-v1/{name}")
        for name in ("list.reply.json", "list.credentials.reply.json")
    ),
    *(
        Case("POST", REGISTERED, "fota-v1/register.reply.json", sends=f"fota-v1/{name}")
        for name in ("register.request.json", "register.credentials.request.json")
    ),
    Case(
        "DELETE",
        f"{LISTED}/name/Fota",
        "fota-v1/deregister.reply.json",
        given="fota-v1/list.reply.json",
    ),
    Case(
        "DELETE",
        f"{LISTED}/name/Fota",
        "fota-v1/deregister.reply.json",
        settings={"missing": "succeed"},
    ),
    refused("GET", f"{FOTA}/callbacks/Account_1", "fota-v1/invalid-account"),
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
        settings={"strict": True},
    ),
    refused("DELETE", f"{LISTED}/name/Fota", "fota-v1/not-registered"),
    *gateway("fota-v1", LISTED, "PATCH"),
    *session("fota-v1", "GET", LISTED),
    Case(
        "POST",
        f"{OAUTH}/token",
        "session/token.reply.json",
        sends="session/token.request.json",
        headers=BASIC,
    ),
    Case(
        "POST",
        f"{OAUTH}/token",
        "session/token.scope.reply.json",
        sends="session/token.scope.request.json",
        headers=BASIC,
    ),
    Case(
        "POST",
        f"{OAUTH}/token",
        "session/token.repeated.reply.json",
        sends="session/token.request.json",
        headers=BASIC,
        proofs="bearer",
        wait_s=20 * 60,
    ),
    Case("POST", f"{OAUTH}/revoke", None, sends="session/revoke.request.json"),
    Case(
        "POST",
        f"{UWS}/login",
        "session/login.reply.json",
        sends="session/login.request.json",
    ),
    Case(
        "POST",
        f"{UWS}/logout",
        "session/logout.reply.json",
        proofs="bearer session",
        settings=STRICT,
    ),
    Case(
        "PUT",
        f"{UWS}/password/actions/reset",
        "session/reset-password.reply.json",
        sends="session/reset-password.request.json",
    ),
    refused(
        "POST",
        f"{OAUTH}/token",
        "session/token.missing-bearer",
        401,
        sends="session/token.request.json",
        settings=STRICT,
    ),
    refused("POST", f"{OAUTH}/token", "session/token.invalid-grant"),
    refused(
        "POST", f"{OAUTH}/token", "session/token.too-large", 413, content=TOO_LARGE
    ),
    refused("POST", f"{OAUTH}/revoke", "session/revoke.invalid-request"),
    refused("POST", f"{OAUTH}/nowhere", "session/not-served", 404),
    refused("GET", f"{OAUTH}/token", "session/method-not-served", 405),
    refused("POST", f"{UWS}/login", "session/invalid-request"),
    refused("POST", f"{UWS}/login", "session/too-large", 413, content=TOO_LARGE),
    *(
        refused(
            "POST",
            f"{UWS}/login",
            f"session/{name}",
            sends="session/login.request.json",
            settings=KNOWN,
            times=times,
        )
        for name, times in (("wrong-password", 5), ("login-locked", 6))
    ),
    *gateway("session", f"{UWS}/login", "PATCH"),
    *session("session", "POST", f"{UWS}/logout"),
)
GENERATED = ("access_token", "sessionToken", "newPassword")


def read(name: str) -> Any:
    """Return the document in a fixture."""
    return json.loads((FIXTURES / name).read_text("utf-8"))


def body(case: Case) -> bytes:
    """Spell what a case sends: forms below OAuth's prefix, JSON elsewhere."""
    if case.sends is None:
        return case.content
    document = read(case.sends)
    form = case.path.startswith(OAUTH)
    return (urlencode(document) if form else json.dumps(document)).encode()


def alike(document: Any) -> Any:
    """Return a document with its generated values reduced to their form."""
    if not isinstance(document, dict):
        return document
    return {
        key: re.sub("[0-9a-f]", "0", value) if key in GENERATED else value
        for key, value in document.items()
    }


def proofs(client: FlaskClient, wanted: str) -> dict[str, str]:
    """Get a bearer and a session token through the wire; return their headers."""
    headers = {}
    if "bearer" in wanted:
        form = {"grant_type": "client_credentials"}
        got = client.post(f"{OAUTH}/token", data=form, headers=BASIC)
        headers["Authorization"] = f"Bearer {got.get_json()['access_token']}"
    if "session" in wanted:
        got = client.post(f"{UWS}/login", json=LOGIN, headers=headers)
        headers["VZ-M2M-Token"] = got.get_json()["sessionToken"]
    return headers


def answer(case: Case) -> TestResponse:
    """Make a double, bring it where the case wants it, and ask."""
    app = create_app(Settings(clock="manual", **case.settings))
    clock = app.extensions[EXTENSION].clock
    client = app.test_client()
    for item in read(case.given) if case.given else ():
        wanted = {key: value for key, value in item.items() if key != "aname"}
        client.post(f"{FOTA}/callbacks/{item['aname']}", json=wanted)
    headers = {**proofs(client, case.proofs), **case.headers}
    clock.advance(case.wait_s)
    for _ in range(case.times):
        response = client.open(
            case.path, method=case.method, data=body(case), headers=headers
        )
    return response


def kebab(name: str) -> str:
    """Spell the name of a refusal as files do."""
    return re.sub("(?<!^)(?=[A-Z])", "-", name).lower()


def rows() -> list[list[str]]:
    """Return the rows of the table in SOURCES.md, each as its cells."""
    lines = (FIXTURES / "SOURCES.md").read_text("utf-8").splitlines()
    table = [line for line in lines if line.startswith("| ")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table[1:]]


def refusals() -> list[Any]:
    """Return every refusal of every family, with how the family answers it."""
    return [
        pytest.param(family, kind, id=f"{family.prefix[5:]}-{kebab(kind.__name__)}")
        for family in FAMILIES
        for kind in family.answers
        if kind is not InvalidBearer
        or any("bearer" in one.needs for one in family.operations)
    ]


def fixture_of(family: Family, kind: type[Exception]) -> str:
    """Return the fixture a family's answer to a refusal stands in."""
    name = f"{kebab(kind.__name__)}.error.json"
    own = [f"{family.name}/{one.name}.{name}" for one in family.operations]
    used = [one for one in own if (FIXTURES / one).exists()]
    return used[0] if used else f"{family.name}/{name}"


@pytest.mark.parametrize(
    "case",
    CASES,
    ids=["-".join(sorted(one.files)) or f"{one.method}-{one.path}" for one in CASES],
)
def test_the_double_answers_as_the_fixture_says(case: Case) -> None:
    """The answer to a case's request is the document in its file."""
    response = answer(case)

    assert case.status == response.status_code
    if case.answer:
        assert alike(read(case.answer)) == alike(response.get_json())
    else:
        assert response.data == b""


def test_the_fields_of_an_answer_come_in_the_fixtures_order() -> None:
    """The documented order of an object's fields is kept."""
    [case] = [
        one for one in CASES if one.given == "fota-v1/list.credentials.reply.json"
    ]

    assert json.dumps(read(case.answer or "")) == answer(case).get_data(as_text=True)


def test_every_fixture_is_used() -> None:
    """A file that no case uses is dead weight, and one that is missing a mistake."""
    used = set().union(*(case.files for case in CASES)) | {SEED}
    there = {str(one.relative_to(FIXTURES)) for one in FIXTURES.rglob("*.json")}

    assert there == used


def test_every_fixture_has_its_row_in_the_sources() -> None:
    """SOURCES.md has one row for each file, in order, and none besides."""
    there = [str(one.relative_to(FIXTURES)) for one in FIXTURES.rglob("*.json")]

    assert sorted(there) == [name for name, *_ in rows()]


def test_marks_are_of_the_three_words() -> None:
    """A fixture is documented, observed or assumed."""
    assert {"documented", "observed", "assumed"} >= {mark for _, mark, *_ in rows()}


def test_sources_are_those_the_families_name() -> None:
    """An address in SOURCES.md is one of those the double itself gives."""
    named = {
        value.split(" ")[0]
        for name, value in vars(sources).items()
        if name.isupper() and not name.startswith("_")
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

    assert {"assumed"} == {mark for _, mark, *_ in unsaid}
    assert all("](" in source for _, mark, source, _ in rows() if mark != "assumed")


@pytest.mark.parametrize(("family", "kind"), refusals())
def test_every_refusal_has_its_fixture(family: Family, kind: type[Exception]) -> None:
    """Whatever a family refuses stands in a file, marked as the family marks it."""
    name = fixture_of(family, kind)
    answered = family.answers[kind]
    marks = {row[0]: row[1] for row in rows()}

    assert read(name) == answered.body
    assert marks[name] == answered.fact.mark


def test_the_demo_seed_loads() -> None:
    """A double starts from the demo seed and has its registrations."""
    app = create_app(Settings(seed=str(FIXTURES / SEED)))

    shown = app.test_client().get("/__admin/registrations").get_json()

    wanted = [one["account"] for one in read(SEED)["registrations"]]
    assert sorted(wanted) == sorted(one["account"] for one in shown["registrations"])
