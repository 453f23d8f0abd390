"""The OpenAPI description: all that is served is in it, as it is served."""

import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies
from jsonschema import Draft202012Validator
from marshmallow import ValidationError
from werkzeug.test import Client

from mockthingspace import Settings, create_app
from mockthingspace.apis import APIS
from mockthingspace.apis.diagnostics.observations import observe, stop
from mockthingspace.apis.diagnostics.restarts import restart
from mockthingspace.apis.fidelity import path_of
from mockthingspace.apis.handlers import listing, register, show
from mockthingspace.apis.possible_errors import RAISED, refusals
from mockthingspace.core.exceptions import (
    MissingSession,
    NotRegistered,
    WrongPassword,
    refusal_name,
)
from mockthingspace.server.http.current import EXTENSION
from mockthingspace.server.openapi.description import describe
from mockthingspace.server.openapi.schemas import EXAMPLES
from mockthingspace.spec.fields import HttpHeaders, ListenerUrl

from ..apis.cases.acting import EVERY, item_by_item
from ..rows import each

AT = "/__admin/openapi.json"
OPERATIONS = [(api, operation) for api in APIS for operation in api.operations]
EVENTS = [(api, event) for api in APIS for event in api.events]
GRANTING = Settings(deregister_missing="ok", actions="manual")
BODIES = {"application/json", "application/x-www-form-urlencoded"}


def _name(value: Any) -> str:
    return getattr(value, "name", str(value))


def _told(family, operation, document=None) -> dict[str, Any]:
    """Return what a description says of an operation."""
    paths = (document or describe(Settings()))["paths"]
    return paths[path_of(family, operation)][operation.method.lower()]


def _validator(document: dict[str, Any], schema: dict[str, Any]):
    """Return a validator of a schema whose references are the description's."""
    return Draft202012Validator({**schema, "components": document["components"]})


def _contents(value: Any) -> Iterator[dict[str, Any]]:
    """Return every described body, wherever it is."""
    if isinstance(value, dict):
        yield from (value[key] for key in BODIES & value.keys())
        for below in value.values():
            yield from _contents(below)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A client of a server."""
    app = create_app()
    yield app.test_client()
    app.extensions[EXTENSION].close()


def test_it_is_served_by_the_admin_api(client):
    """A program gets it from where the server is, with no host in it."""
    reply = client.get(AT)

    assert (reply.status_code, reply.mimetype) == (200, "application/json")
    assert reply.get_json() == describe(Settings())
    assert reply.get_json()["servers"] == [{"url": "/"}]


@each(("family", "operation"), OPERATIONS, ids=_name)
def test_every_operation_is_in_it_with_what_it_promises(family, operation):
    """An operation has its claim's words, mark and source."""
    told = _told(family, operation)

    claim = operation.claim
    assert (claim.summary, claim.evidence) == (told["summary"], told["x-evidence"])
    assert claim.source == told["x-source"]
    assert told["description"] == f"{claim.evidence}: {claim.source}"


@each("dialect", ["sdk", "docs"])
@each(("family", "operation"), OPERATIONS, ids=_name)
def test_every_refusal_is_in_it_with_its_body(family, operation, dialect):
    """A refusal is a named example of its status, as the API answers it."""
    responses = _told(family, operation, describe(Settings(dialect=dialect)))[
        "responses"
    ]

    for refusal in refusals(family, operation):
        answer = family.answers[refusal]
        response = responses[str(answer.status)]
        example = response["content"]["application/json"]["examples"][
            refusal_name(refusal)
        ]
        assert example["value"] == answer.in_dialect(dialect)
        assert example["x-source"] == answer.claim.source
        assert "X-Mock-Reason" in response["headers"]


def test_no_refusal_of_a_family_is_left_out():
    """Each answer of an API but the gateway's is that of one of its operations."""
    met = {
        (family.prefix, refusal)
        for family, operation in OPERATIONS
        for refusal in refusals(family, operation)
    }
    answered = {(api.prefix, answer) for api in APIS for answer in api.answers}

    gateway = {"missing-bearer", "invalid-bearer", "not-served", "method-not-served"}
    assert gateway >= {refusal_name(refusal) for _, refusal in answered - met}


@pytest.mark.parametrize(
    ("name", "refusal", "those"),
    [
        ("deregister", NotRegistered, {"deregister"}),
        ("login", WrongPassword, {"login", "reset-password"}),
        ("logout", MissingSession, {"logout", "reset-password"}),
    ],
)
def test_a_refusal_stands_where_it_can_be_met_only(name, refusal, those):
    """An operation that cannot be refused so does not say it can."""
    family = next(family for family, operation in OPERATIONS if operation.name == name)

    met = {
        operation.name
        for operation in family.operations
        if refusal in refusals(family, operation)
    }

    assert met == those


def test_every_verb_that_refuses_is_known():
    """A new handler says here whether it refuses by itself."""
    silent = {listing, show, register}
    verbs = {
        getattr(operation.handler, "func", operation.handler)
        for _, operation in OPERATIONS
    }

    assert {handler.__name__ for handler in verbs - RAISED.keys() - silent} == {
        *("announced", "excluded", "files", "give", "history", "include", "issue"),
        *("listed", "locate", "log_out", "named", "numbered", "offered", "report"),
        *("revoke", "schedule", "schedule_file", "settings", "show", "show_consent"),
        *("start_callbacks", "switch", "versions", "with_status"),
    }


@each(("family", "event"), EVENTS, ids=_name)
def test_every_message_is_a_callback_of_what_registers_for_it(family, event):
    """Who registers a URL is told what will be sent to it."""
    registering = [
        operation for operation in family.operations if operation.handler is register
    ]

    for operation in registering:
        told = _told(family, operation)
        ((expression, path),) = told["callbacks"][event.name].items()
        url = re.fullmatch(r"\{\$request\.body#/(\w+)\}", expression)
        content = path["post"]["requestBody"]["content"]["application/json"]
        assert path["post"]["summary"] == event.summary
        assert content["example"].keys() == event.template().keys()
        assert operation.body.keys[url[1]] == "url"
        assert list(path["post"]["responses"]) == ["2XX"]


def test_a_message_says_of_each_field_how_it_is_known():
    """The rows of an event are in its schema, with mark and source."""
    schemas = describe(Settings())["components"]["schemas"]

    for _, event in EVENTS:
        for row in event.fields:
            place = schemas[event.name]
            for step in row.path.split("."):
                place = place["items"] if step.isdigit() else place["properties"][step]
            assert row.evidence in place["x-evidence"]


@pytest.mark.parametrize("dialect", ["sdk", "docs"])
def test_every_example_is_what_its_schema_says(dialect):
    """Requests, replies, refusals and messages show what they describe."""
    document = describe(Settings(dialect=dialect))

    for content in _contents(document["paths"]):
        named = content.get("examples", {"": {"value": content.get("example")}})
        for example in named.values():
            _validator(document, content["schema"]).validate(example["value"])


def test_what_only_some_items_have_is_not_required():
    """A place that is not known has an error instead."""
    document = describe(Settings())

    [reply] = [
        schema
        for schema in document["components"]["schemas"].values()
        if {"startIndex", "devLocationList"} <= schema.get("properties", {}).keys()
    ]
    place = reply["properties"]["devLocationList"]["items"]
    assert place["required"] == ["msid"]
    assert place["properties"].keys() == {"msid", "pd", "error"}


@each(("family", "operation"), OPERATIONS, ids=_name)
def test_an_example_is_answered_as_it_is_described(family, operation):
    """A server takes the example of a request, and replies by the schema."""
    app = create_app(GRANTING)
    document = describe(GRANTING)
    told = _told(family, operation, document)
    given = {item["name"]: item["example"] for item in told["parameters"]}
    if "request_id" in given or operation.handler in (observe, restart, stop):
        given |= _accepted(app.test_client(), family, operation)
    path = path_of(family, operation).format(**given)
    query = {
        item["name"]: given[item["name"]]
        for item in told["parameters"]
        if item["in"] == "query"
    }
    sent = told.get("requestBody", {"content": {}})["content"]
    body = {
        {"application/json": "json"}.get(kind, "data"): content["example"]
        for kind, content in sent.items()
    }

    reply = app.test_client().open(
        path, method=operation.method, query_string=item_by_item(query), **body
    )
    app.extensions[EXTENSION].close()

    assert reply.status_code == 200
    content = told["responses"]["200"].get("content", {})
    for value in content.values() if reply.data else ():
        _validator(document, value["schema"]).validate(reply.get_json())


def _accepted(client: Client, family: Any, operation: Any) -> dict[str, str]:
    """Register, ask for an action of the operation's, and return its id by its keys."""
    acting = min(
        (
            item
            for item in EVERY
            if item.api.name == family.name and item.operation.action
        ),
        key=lambda item: not operation.rule.startswith(item.operation.rule),
    )
    seed = {
        "family": family.name,
        "account": EXAMPLES["account"],
        "url": EXAMPLES["url"],
        "service": acting.api.services[0],
    }
    client.post("/__admin/registrations", json=seed)
    reply = client.open(acting.path, method=acting.operation.method, json=acting.body)
    found = re.search(r'"(?:requestId|id|txid|transactionID)": "([^"]+)"', reply.text)
    return {"request_id": found[1], "transactionId": found[1]}


def test_proofs_are_asked_for_as_the_setting_says():
    """Where auth is off nobody needs to say who calls."""
    off, present = (
        [_told(*pair, describe(Settings(auth=auth)))["security"] for pair in OPERATIONS]
        for auth in ("off", "present")
    )

    assert all({} in item for item in off)
    assert not any({} in item for item in present)
    assert present == [item[1:] for item in off]
    assert {"basic": []} in present[-1]


def test_pages_have_shapes_of_their_own():
    """``dialect=docs`` describes what is answered then."""
    sdk, docs = (
        describe(Settings(dialect=dialect))["components"]["schemas"]
        for dialect in ("sdk", "docs")
    )

    assert sdk["location.list.reply"]["items"]["properties"].keys() == {"name", "url"}
    assert "accountName" in docs["location.list.reply"]["items"]["properties"]
    assert "hyper-precise.deregister.reply" in docs.keys() - sdk.keys()


def test_headers_have_the_names_the_settings_give_them():
    """The secret's and the signature's header are called as they will be sent."""
    document = describe(Settings(secret_header="X-S", signature_header="X-G"))
    family = next(api for api in APIS if api.signed)
    operation = next(operation for operation in family.operations if operation.signs)

    told = _told(family, operation, document)

    (path,) = told["callbacks"][family.events[0].name].values()
    assert list(told["responses"]["200"]["headers"]) == ["X-S"]
    assert [item["name"] for item in path["post"]["parameters"]] == ["X-G"]


def test_what_is_spelled_in_two_ways_is_described_in_both():
    """A key's other spelling is a schema; a parameter's is told in words."""
    schemas = describe(Settings())["components"]["schemas"]
    family = next(api for api in APIS if api.name == "hyper-precise")

    accepted = schemas["fota-v2.register.request"]["anyOf"]
    [ending] = [item for item in family.operations if item.name == "deregister"]
    told = _told(family, ending)["parameters"]

    assert [item["required"] for item in accepted] == [["url"], ["callback"]]
    assert told[-1]["description"].endswith("; also as name")


FIELDS = [
    ListenerUrl(),
    *{type(api.account): api.account for api in APIS}.values(),
]
FIELDS = [field for field in FIELDS if field is not None]


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: type(field).__name__)
@given(data=strategies.data())
@settings(suppress_health_check=list(HealthCheck))
def test_what_a_pattern_matches_is_taken(field, data):
    """A client that keeps to the description is not refused."""
    text = data.draw(strategies.from_regex(field.pattern(""), fullmatch=True))

    assert field.deserialize(text) == text


@each(
    ("value", "taken"),
    [
        ({"X-Team": "blue"}, True),
        ("X-Team: blue\nX-Two: 2", True),
        ("", True),
        ({"X-Team": 1}, False),
        ({"": ""}, False),
        ("X-Team", False),
        (1, False),
    ],
    ids=repr,
)
def test_headers_are_described_as_they_are_taken(value, taken):
    """Pairs or lines, each line with a colon."""
    field = HttpHeaders()

    assert Draft202012Validator(field.described("")).is_valid(value) == taken
    if taken:
        field.deserialize(value)
    else:
        with pytest.raises(ValidationError):
            field.deserialize(value)


def test_every_field_has_an_example():
    """A field without one could not be shown; where any value will do, it is not."""
    fields = {
        name
        for _, operation in OPERATIONS
        for place, declared in operation.schemas()
        if place != "reply"
        for name, field in declared.load_fields.items()
        if "example" not in field.metadata
    }

    assert fields - EXAMPLES.keys() == {"service"}


def test_what_a_field_takes_is_described():
    """Its example is as its schema says, and is taken."""
    for _, operation in OPERATIONS:
        for place, declared in operation.schemas():
            for field in declared.load_fields.values() if place != "reply" else ():
                example = field.metadata.get("example")
                if example is not None:
                    Draft202012Validator(field.described("")).validate(example)
                    field.deserialize(example)


def test_without_the_extra_it_says_what_to_install(client, monkeypatch):
    """What is not installed is named, with how to get it."""
    monkeypatch.delitem(sys.modules, "mockthingspace.server.openapi.description")
    monkeypatch.delattr("mockthingspace.server.openapi.description")
    monkeypatch.setitem(sys.modules, "apispec", None)

    reply = client.get(AT)

    assert reply.status_code == 501
    assert reply.get_json()["error"] == "missing_extra"
    assert "pip install 'mockthingspace[openapi]'" in reply.get_json()["message"]
