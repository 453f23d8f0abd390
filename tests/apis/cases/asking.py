"""One request to a server, the file its answer must be, and how it is asked."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mockthingspace import Settings, create_app
from mockthingspace.apis import APIS
from mockthingspace.core.exceptions import refusal_name
from mockthingspace.core.sources import FIXTURES
from mockthingspace.server.http.current import EXTENSION
from mockthingspace.spec.schemas import MAX_BODY

UWS, OAUTH = "/api/m2m/v1/session", "/api/ts/v1/oauth2"
SEEDING = "/__admin/registrations"
BASIC = {"Authorization": "Basic " + b64encode(b"key:secret").decode()}
LOGIN = {"username": "zbeeblebrox", "password": "IMgr8"}
STRICT, DOCS = {"auth": "strict"}, {"dialect": "docs"}
TOO_LARGE = b" " * (MAX_BODY + 1)
GENERATED = (
    *("access_token", "sessionToken", "newPassword", "requestId", "id", "txid"),
    *(
        "campaignId",
        "transactionID",
        "transactionId",
        "lastSeenUpgradeId",
        "lastSeenCampaignId",
        "createdOn",
        "updateTime",
    ),
    "timestamp",
)
REQUEST_ID = "{requestId}"  # stands for the id of the last request given
IDS = re.compile(r'"(?:requestId|id|txid|transactionID)": "([^"]+)"')

Posted = tuple[str, Mapping[str, Any]]


class Case(NamedTuple):
    """One request, and the file that holds its answer (None: an empty body).

    ``sends`` names the file that is its body, ``content`` is a body no document
    can be. ``given`` are documents POSTed before, each with its path; ``proofs``
    are got through the wire before, ``wait_s`` after them. The request is made
    ``times`` times; the last answer counts. ``generated`` are the keys whose
    values are another's each time.
    """

    method: str
    path: str
    answer: str | None
    status: int = 200
    sends: str | None = None
    content: bytes = b""
    given: tuple[Posted, ...] = ()
    settings: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}
    proofs: str = ""
    wait_s: float = 0
    times: int = 1
    generated: tuple[str, ...] = GENERATED

    def __repr__(self) -> str:
        """Name its files, or its request, for the test's id."""
        return "-".join(sorted(self.files)) or f"{self.method}-{self.path}"

    @property
    def files(self) -> set[str]:
        """The fixtures it uses."""
        return {value for value in (self.answer, self.sends) if value}

    @property
    def body(self) -> bytes:
        """What it sends: a form below OAuth's prefix, JSON elsewhere."""
        if self.sends is None:
            return self.content
        document = read(self.sends)
        form = self.path.startswith(OAUTH)
        return (urlencode(document) if form else json.dumps(document)).encode()

    def alike(self, document: Any) -> Any:
        """Return a document with its generated values reduced to their form."""
        if isinstance(document, list):
            return [self.alike(item) for item in document]
        if not isinstance(document, dict):
            return document
        return {
            key: re.sub("[0-9a-f]", "0", value)
            if key in self.generated and isinstance(value, str)
            else self.alike(value)
            for key, value in document.items()
        }


def read(name: str) -> Any:
    """Return an example, ``<api>/<file>``, or an error's body."""
    if name.endswith(".error.json"):
        return _error(name)
    return json.loads((FIXTURES / example(name)).read_text("utf-8"))


def example(name: str) -> str:
    """Return where the example is that a case calls ``<api>/<file>``."""
    folder, _, file = name.partition("/")
    return f"{folder.replace('fota-v', 'fota/v')}/examples/{file}"


def _error(name: str) -> Any:
    """Return the body called ``<api>/[token.|revoke.]<refusal>[.docs].error.json``."""
    folder, _, file = name.removesuffix(".error.json").partition("/")
    dialect = "docs" if file.endswith(".docs") else "sdk"
    operation, _, refusal = file.removesuffix(".docs").rpartition(".")
    answered = next(
        response
        for api in APIS
        if api.name == folder and api.prefix.endswith("/oauth2") == bool(operation)
        for kind, response in api.answers.items()
        if refusal_name(kind) == refusal
    )
    return answered.in_dialect(dialect)


def items(name: str) -> list[dict[str, Any]]:
    """Return the items of a fixture that is an array."""
    listed: list[dict[str, Any]] = read(name)
    return listed


def refused(method: str, path: str, answer: str, status: int = 400, **how: Any) -> Case:
    """A request that is refused."""
    return Case(method, path, f"{answer}.error.json", status, **how)


def in_docs_dialect(case: Case) -> Case:
    """A refusal in the schema that ThingSpace's pages have."""
    answer = str(case.answer).replace(".error.", ".docs.error.")
    return case._replace(answer=answer, settings={**case.settings, **DOCS})


def gateway(family: str, path: str, other: str) -> tuple[Case, ...]:
    """What the gateway refuses of every API: one of its paths, another method."""
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


def session(
    family: str, method: str, path: str, status: int = 400, **how: Any
) -> tuple[Case, ...]:
    """What is refused of a session token that will not do."""
    wrong = {"VZ-M2M-Token": "wrong"}
    how = {"proofs": "bearer", "settings": STRICT, "status": status, **how}
    idle = {**how, "proofs": "bearer session", "wait_s": 20 * 60}
    return (
        refused(method, path, f"{family}/missing-session", **how),
        refused(method, path, f"{family}/invalid-session", headers=wrong, **how),
        refused(method, path, f"{family}/expired-session", **idle),
    )


def backend(case: Case) -> Flask:
    """Return the application of a server as a case wants it, as just started."""
    return create_app(Settings(clock="manual", **case.settings))


def answer(case: Case, app: Flask | None = None) -> TestResponse:
    """Bring a server, any unless one is given, where a case wants it, and ask."""
    app = app or backend(case)
    client = app.test_client()
    request_id = ""
    for path, document in case.given:
        given = client.post(path, json=document)
        assert given.status_code in (200, 201, 202)
        found = IDS.search(given.text)
        request_id = found[1] if found else request_id
    headers = {**_proofs(client, case.proofs), **case.headers}
    if case.wait_s:
        app.extensions[EXTENSION].advance(case.wait_s)
    for _ in range(case.times):
        response = client.open(
            case.path.replace(REQUEST_ID, request_id),
            method=case.method,
            data=case.body,
            headers=headers,
        )
    return response


def _proofs(client: FlaskClient, wanted: str) -> dict[str, str]:
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
