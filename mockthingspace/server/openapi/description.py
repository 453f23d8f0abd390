"""The OpenAPI description of all the server serves, made of the APIs.

Nothing is stated here: paths, schemas, refusals and messages are read from where
the server itself reads them.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from mockthingspace import __version__
from mockthingspace.apis import APIS
from mockthingspace.apis.common import HEADERS
from mockthingspace.apis.fidelity import path_of
from mockthingspace.apis.possible_errors import refusals
from mockthingspace.core.exceptions import refusal_name
from mockthingspace.core.models import Claim, Proof
from mockthingspace.core.settings import Settings
from mockthingspace.server.openapi.schemas import (
    Convert,
    Document,
    drawn_from,
    evidence_of,
    message_example,
    of_message,
    of_reply,
    of_request,
    parameters,
    reply_example,
    request_example,
)
from mockthingspace.spec.api import Api, ErrorResponse, Operation
from mockthingspace.spec.events import Event
from mockthingspace.spec.schemas import Form

VERSION = "3.1.0"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
ACKNOWLEDGES = "acknowledges the message; nothing else does"
HEX_SHA256 = "^[0-9a-f]{64}$"
_SCHEMES: Mapping[Proof, tuple[str, ...]] = {
    "basic": ("basic",),
    "bearer": ("bearer", "oauth2"),
    "session": ("session",),
}
_ABOUT = (
    "A simulator of Verizon ThingSpace's callback APIs. Each fact has evidence and "
    "a source: *documented* is what a page of ThingSpace's or its SDK says, *observed* "
    "what was measured against the real service, *assumed* what neither says."
)


class Options(NamedTuple):
    """The settings a description depends on."""

    auth: str
    dialect: str
    deregister_missing: str
    secret_header: str
    signature_header: str


class Builder(NamedTuple):
    """A description in the making: how, and what its schemas are kept in."""

    how: Options
    spec: APISpec
    convert: Convert

    def keep(self, name: str, schema: Document) -> Document:
        """Keep a schema under a name, and return a reference to it."""
        if name not in self.spec.components.schemas:
            self.spec.components.schema(name, schema)
        return {"$ref": f"#/components/schemas/{name}"}


def describe(settings: Settings) -> Document:
    """Return the description of a server with these settings."""
    return _described(Options(*(getattr(settings, name) for name in Options._fields)))


@cache
def _described(how: Options) -> Document:
    plugin = MarshmallowPlugin()
    spec = APISpec(
        "mockthingspace",
        __version__,
        VERSION,
        plugins=[plugin],
        info={"description": f"{_ABOUT} Here auth={how.auth}, dialect={how.dialect}."},
        servers=[{"url": "/"}],
    )
    assert plugin.converter is not None
    making = Builder(how, spec, plugin.converter.schema2jsonschema)
    for name, scheme in _schemes():
        spec.components.security_scheme(name, scheme)
    for name in dict.fromkeys(api.name for api in APIS):
        spec.tag(_tag(name))
    for api in APIS:
        for operation in api.operations:
            path = path_of(api, operation)
            told = _operation(making, api, operation.in_dialect(how.dialect))
            spec.path(path, operations={operation.method.lower(): told})
    made: Document = spec.to_dict()
    return made


def _tag(name: str) -> Document:
    """Describe the APIs of a name: where they are, and what else they do."""
    families = [api for api in APIS if api.name == name]
    claims = [
        {
            "summary": claim.summary,
            "x-evidence": claim.evidence,
            "x-source": claim.source,
        }
        for api in families
        for claim in api.claims
    ]
    where = ", ".join(api.prefix for api in families)
    services = ", ".join(service for api in families for service in api.services)
    about = f"{where}: {services}" if services else where
    return {"name": name, "description": about, "x-facts": claims}


def _schemes() -> Iterator[tuple[str, Document]]:
    """Return the proofs of identity that operations ask for."""
    grant = next(
        path_of(api, operation)
        for api in APIS
        for operation in api.operations
        if operation.reply is not None and "access_token" in operation.reply.fields
    )
    flows = {"clientCredentials": {"tokenUrl": grant, "scopes": {}}}
    authorization = HEADERS["request", "Authorization"]
    yield "basic", _of(authorization, type="http", scheme="basic")
    yield "bearer", _of(authorization, type="http", scheme="bearer")
    yield "oauth2", _of(authorization, type="oauth2", flows=flows)
    token = HEADERS["request", "VZ-M2M-Token"]
    yield "session", _of(token, type="apiKey", name="VZ-M2M-Token", **{"in": "header"})


def _of(claim: Claim, **more: Any) -> Document:
    told = evidence_of(claim)
    return {**more, **told, "description": f"{claim.summary} ({told['description']})"}


def _operation(making: Builder, api: Api, operation: Operation) -> Document:
    claim = operation.claim
    made: Document = {
        "operationId": f"{api.name}-{operation.name}".replace("-", "_"),
        "tags": [api.name],
        "summary": claim.summary,
        **evidence_of(claim),
        "security": _security(making.how, operation),
        "parameters": list(parameters(making.convert, api, operation)),
        "responses": {
            "200": _reply(making, api, operation),
            **_refused(making, api, operation),
        },
    }
    if operation.body is not None:
        name = f"{api.name}.{operation.name}.request"
        schema = making.keep(name, of_request(making.convert, operation.body))
        form = isinstance(operation.body, Form)
        example = request_example(api, operation.body)
        content = {FORM if form else JSON: {"schema": schema, "example": example}}
        made["requestBody"] = {"required": True, "content": content}
        key = {name: key for key, name in operation.body.keys.items()}.get("url")
        if key is not None:
            made["callbacks"] = {
                event.name: {f"{{$request.body#/{key}}}": _message(making, api, event)}
                for event in api.events
            }
    return made


def _security(how: Options, operation: Operation) -> list[Document]:
    """Return the ways to say who calls; nothing is one of them where auth is off."""
    ways: list[Document] = [{}]
    for need in operation.needs:
        ways = [{**way, item: []} for way in ways for item in _SCHEMES[need]]
    return [{}, *ways] if how.auth == "off" else ways


def _reply(making: Builder, api: Api, operation: Operation) -> Document:
    empty = "; an empty body where there is nothing" if operation.silent else ""
    made: Document = {"description": f"{operation.claim.summary}{empty}"}
    if operation.signs:
        header = _of(
            HEADERS["reply", "secret_header"], schema={"type": "string"}, required=True
        )
        made["headers"] = {making.how.secret_header: header}
    if operation.reply is not None:
        name = f"{api.name}.{operation.name}.reply"
        schema = of_reply(making.convert, api, operation, making.how.deregister_missing)
        item = reply_example(api, operation)
        example = [item] if operation.many else item
        content = {"schema": making.keep(name, schema), "example": example}
        made["content"] = {JSON: content}
    return made


def _refused(making: Builder, api: Api, operation: Operation) -> Document:
    """Return how the operation refuses, by status."""
    by_status: dict[str, dict[str, ErrorResponse]] = {}
    for refusal in refusals(api, operation):
        answer = api.answers[refusal]
        by_status.setdefault(str(answer.status), {})[refusal_name(refusal)] = answer
    return {
        status: _refusal(making, answers)
        for status, answers in sorted(by_status.items())
    }


def _refusal(making: Builder, answers: Mapping[str, ErrorResponse]) -> Document:
    dialect = making.how.dialect
    bodies = {name: answer.in_dialect(dialect) for name, answer in answers.items()}
    schemas = [_error(making, body) for body in bodies.values()]
    distinct = [
        schema for at, schema in enumerate(schemas) if schema not in schemas[:at]
    ]
    examples = {
        name: {
            "summary": answer.claim.summary,
            **evidence_of(answer.claim),
            "value": bodies[name],
        }
        for name, answer in answers.items()
    }
    reason = _of(
        HEADERS["reply", "X-Mock-Reason"], schema={"type": "string"}, required=True
    )
    schema = distinct[0] if len(distinct) == 1 else {"anyOf": distinct}
    return {
        "description": "; ".join(answers),
        "headers": {"X-Mock-Reason": reason},
        "content": {JSON: {"schema": schema, "examples": examples}},
    }


def _error(making: Builder, body: Mapping[str, Any]) -> Document:
    """Return a reference to the schema of an error's body, named for its keys."""
    name = "-".join(["error", *body])
    return making.keep(name, drawn_from(dict(body)))


def _message(making: Builder, api: Api, event: Event) -> Document:
    schema = making.keep(event.name, of_message(event))
    content = {"schema": schema, "example": message_example(api, event)}
    signature = _of(
        HEADERS["message", "signature_header"],
        name=making.how.signature_header,
        required=True,
        schema={"type": "string", "pattern": HEX_SHA256},
        **{"in": "header"},
    )
    return {
        "post": {
            "summary": event.summary,
            **evidence_of(event.provenance),
            "parameters": [signature] if api.signed else [],
            "requestBody": {"required": True, "content": {JSON: content}},
            "responses": {"2XX": {"description": ACKNOWLEDGES}},
        }
    }
