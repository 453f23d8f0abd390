"""JSON schemas and examples of schemas, bodies and messages, for the description.

A request's schema says what its fields take; a reply's and a message's are drawn
from an example of them.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

from marshmallow.fields import Constant

from mockthingspace.apis.fidelity import provenance_of
from mockthingspace.apis.handlers import deregister
from mockthingspace.core.models import Claim, Provenance, Registration
from mockthingspace.spec.api import Api, Operation
from mockthingspace.spec.events import Event, Id
from mockthingspace.spec.fields import Text
from mockthingspace.spec.schemas import (
    AWKWARD,
    BaseSchema,
    object_or_array,
    plain_object,
)

Document = dict[str, Any]
Convert = Callable[[BaseSchema], Document]

EXAMPLES: Mapping[str, Any] = {
    "access_token": "a0b1c2d3e4f5a0b1c2d3e4f5a0b1c2d3",
    "account": "0242078689-00001",
    "expires_in": 3600,
    "grant_type": "client_credentials",
    "headers": (("X-Team", "blue"),),
    "new_password": "zCxEd-1aQs2",
    "old_password": "IMgr8",
    "password": "IMgr8",
    "request_id": "595f5c44-c31c-4552-8670-020a1545a84d",
    "status": "Success",
    "registered_at": datetime(2024, 1, 15, 23, 57, 53, tzinfo=timezone.utc),
    "scope": "ts.application.ro",
    "session": "bcce3ea6-fe4f-4952-bacf-eadd80718e83",
    "token": "a0b1c2d3e4f5a0b1c2d3e4f5a0b1c2d3",
    "url": "http://localhost:9001/callback",
    "username": "zbeeblebrox",
}
LACKED: Mapping[str, Any] = {
    "changed_at": None,
    "campaign_name": None,
    "reason": None,
    "headers": (),
    "last_seen": None,
    "password": None,
    "scope": None,
    "username": None,
}
_TYPES = {
    bool: "boolean",
    int: "integer",
    str: "string",
    Id: "string",
    list: "array",
    dict: "object",
}


def _values(api: Api) -> Document:
    return {**EXAMPLES, "service": next(iter(api.services), "")}


def request_example(api: Api, declared: BaseSchema) -> Document:
    """Return a document that a schema loads, with every field it has."""
    values = {**_values(api), "headers": dict(EXAMPLES["headers"])}
    examples = {
        key: values.get(name, declared.fields[name].metadata.get("example"))
        for key, name in declared.keys.items()
    }
    return {key: value for key, value in examples.items() if value is not None}


def reply_example(
    api: Api, operation: Operation, lacked: Mapping[str, Any] | None = None
) -> Document:
    """Return a document that an operation replies, or one of several.

    ``lacked`` is what is not there in it, by our names.
    """
    assert operation.reply is not None
    own = {
        name: field.metadata["example"]
        for name, field in operation.reply.fields.items()
        if "example" in field.metadata
    }
    values = _values(api) | own | dict(lacked or {})
    made: Document = operation.reply.dump(SimpleNamespace(**values))
    return made


def message_example(api: Api, event: Event) -> Document:
    """Return a message as an example's listener gets it."""
    names = ("account", "service", "url", "username", "password", "registered_at")
    values = _values(api)
    listening = Registration(api.name, *(values[name] for name in names))
    return event.message(listening, {})


def parameters(convert: Convert, api: Api, operation: Operation) -> Iterator[Document]:
    """Return what stands in an operation's path and query."""
    for place, declared in operation.schemas():
        if place in ("path", "query"):
            schema = _loaded(convert, declared)
            others = {value.key: other for other, value in declared.also.items()}
            for key, example in request_example(api, declared).items():
                told = evidence_of(provenance_of(declared))
                also = f"; also as {others[key]}" if key in others else ""
                yield {
                    **told,
                    "description": f"{told['description']}{also}",
                    "name": key,
                    "in": place,
                    "required": key in schema.get("required", ()),
                    "schema": schema["properties"][key],
                    "example": example,
                }


def of_request(convert: Convert, declared: BaseSchema) -> Document:
    """Return the schema of a body that a schema loads.

    A key of several spellings makes a schema of as many; what may stand in an
    array makes two.
    """
    made = _loaded(convert, declared)
    respelled = [
        _respelled(made, other, value.key) for other, value in declared.also.items()
    ]
    whole = {"anyOf": [made, *respelled]} if respelled else made
    if declared.reader is object_or_array:
        array = {"type": "array", "items": whole, "minItems": 1, "maxItems": 1}
        whole = {"anyOf": [whole, array]}
    return whole | evidence_of(provenance_of(declared))


def _loaded(convert: Convert, declared: BaseSchema) -> Document:
    refused = AWKWARD if declared.reader is plain_object else ""
    made = convert(declared)
    fields: Mapping[str, Any] = declared.load_fields
    for key, name in declared.keys.items():
        made["properties"][key] |= fields[name].described(refused)
    if refused:
        made["additionalProperties"] = {"pattern": Text().pattern(refused)}
    return made


def _respelled(made: Document, other: str, key: str) -> Document:
    """Return a schema with a key spelled otherwise, and not as it was."""
    properties = made["properties"].items()
    again = {other if name == key else name: item for name, item in properties}
    required = [other if name == key else name for name in made["required"]]
    absent = {"not": {"required": [key]}}
    return {**made, "properties": again, "required": required, **absent}


def of_reply(
    convert: Convert, api: Api, operation: Operation, deregister_missing: str
) -> Document:
    """Return the schema of what an operation replies: an object, or an array.

    Where ``deregister_missing`` is ``ok``, a registration that is not there is answered
    by its names alone.
    """
    declared = operation.reply
    assert declared is not None
    made = convert(declared)
    example = reply_example(api, operation)
    for name, field in declared.dump_fields.items():
        key = field.data_key or name
        constant = {"const": field.constant} if isinstance(field, Constant) else {}
        made["properties"][key].pop("example", None)  # by our names
        made["properties"][key] |= _drawn_loosely(example[key]) | constant
    least = reply_example(api, operation, LACKED)
    if operation.handler is deregister and deregister_missing == "ok":
        values = _values(api)
        least = declared.dump({name: values[name] for name in ("account", "service")})
    made["required"] = list(least)
    made |= evidence_of(provenance_of(declared))
    return {"type": "array", "items": made} if operation.many else made


def _drawn_loosely(value: Any) -> Document:
    """Return the schema of a field; an object in it may have any keys."""
    if isinstance(value, dict):
        return {"type": "object", "additionalProperties": {"type": "string"}}
    return drawn_from(value)


def drawn_from(value: Any) -> Document:
    """Return the schema of a value's structure: its types, its keys, its items."""
    made: Document = {"type": _TYPES[type(value)]}
    if isinstance(value, dict):
        made["properties"] = {key: drawn_from(item) for key, item in value.items()}
        made["required"] = list(value)
    if isinstance(value, list):
        made["items"] = _of_items([drawn_from(item) for item in value])
    return made


def _of_items(drawn: list[Document]) -> Document:
    """Return the schema of an array's items: required is what none of them lacks."""
    made: Document = {}
    for item in drawn:
        made = {**item, **made}
        if "properties" in item:
            everywhere = item["required"]
            made["properties"] = {**item["properties"], **made["properties"]}
            made["required"] = [key for key in made["required"] if key in everywhere]
    return made


def of_message(event: Event) -> Document:
    """Return the schema of a message, each field with how we know of it."""
    made = drawn_from(event.template())
    for row in event.fields:
        place = made
        for step in row.path.split("."):
            place = place["items"] if step.isdigit() else place["properties"][step]
        place |= {"x-evidence": row.evidence, "x-source": row.source}
    return made


def evidence_of(how: Provenance | Claim) -> Document:
    """Say how something is known, to a person and to a program."""
    said = f"{how.evidence}: {how.source}"
    return {"description": said, "x-evidence": how.evidence, "x-source": how.source}
