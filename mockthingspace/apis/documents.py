"""What is read from ``fixtures``: messages, errors, and what is claimed besides.

``fixtures/README.md`` says what stands in one.
"""

import json
from collections.abc import Mapping
from typing import Any

from mockthingspace.core import exceptions
from mockthingspace.core.exceptions import ThingSpaceError, refusal_name
from mockthingspace.core.models import Claim, Provenance
from mockthingspace.core.sources import FIXTURES, spelled_out
from mockthingspace.spec.api import ErrorResponse, ErrorResponses
from mockthingspace.spec.events import Event, Id

_REFUSALS: Mapping[str, type[ThingSpaceError]] = {
    refusal_name(kind): kind
    for kind in vars(exceptions).values()
    if isinstance(kind, type) and issubclass(kind, ThingSpaceError)
}


def messages(folder: str) -> tuple[Event, ...]:
    """Return the events whose messages are in ``<folder>/messages``, in order."""
    files = (FIXTURES / folder / "messages").glob("*.json")
    found = [json.loads(file.read_text("utf-8")) for file in files]
    found.sort(key=lambda document: (document.get("order", 0), document["event"]))
    return tuple(map(_event, found))


def claims(path: str) -> tuple[Claim, ...]:
    """Return what is claimed in a file, in order."""
    rows = json.loads((FIXTURES / path).read_text("utf-8"))
    return tuple(_claim(*row) for row in rows)


def headers() -> Mapping[tuple[str, str], Claim]:
    """Return what is known of headers, by where they stand and their name."""
    rows = json.loads((FIXTURES / "claims/headers.json").read_text("utf-8"))
    found = {}
    for key, row in rows.items():
        place, name = key.split(" ")
        found[place, name] = _claim(*row)
    return found


def errors(folder: str, context: str, api: str = "") -> ErrorResponses:
    """Return the error responses of one API, the gateway's among them.

    Args:
        folder: Where the file is, such as ``fota``.
        context: The API as the gateway names it, such as ``/fota/v1``.
        api: The API, where the file tells of which of several an error is known.
    """
    gateway = _errors("gateway/errors.json", context, api)
    return {**gateway, **_errors(f"{folder}/errors.json", context, api)}


def errors_outside() -> ErrorResponses:
    """Return how the gateway answers what belongs to no API."""
    return _errors("gateway/outside.errors.json", "", "")


def published_operations() -> dict[str, str]:
    """Return every operation of ThingSpace's: what goes out, by the SDK's name."""
    document = json.loads((FIXTURES / "operations.json").read_text("utf-8"))
    return {
        f"{group}.{name}": sent
        for group, operations in document["operations"].items()
        for name, sent in operations.items()
    }


def _errors(path: str, context: str, api: str) -> ErrorResponses:
    text = (FIXTURES / path).read_text("utf-8")
    version = context.rpartition("/")[2]
    text = text.replace("{context}", context).replace("{version}", version)
    return {
        _REFUSALS[name]: _error(document, known)
        for name, document in json.loads(text).items()
        if (known := _of_api(document["known"], api)) is not None
    }


def _event(document: Mapping[str, Any]) -> Event:
    for path in document.get("ids", ()):
        _mark_id(document["message"], path.split("."))
    return Event(
        name=document["event"],
        service=document["service"],
        summary=document["summary"],
        document=document["message"],
        known={path: _provenance(pair) for path, pair in document["known"].items()},
        counter=document.get("counter"),
        limit=document.get("limit"),
        retried=document.get("retried", True),
    )


def _mark_id(place: Any, path: list[str]) -> None:
    """Make an ``Id`` of the text at a path."""
    *way, last = path
    for step in way:
        place = place[int(step) if isinstance(place, list) else step]
    place[last] = Id(place[last])


def _of_api(known: Any, api: str) -> list[str] | None:
    """Return how an error is known of an API; None where it does not answer it."""
    return known.get(api) if isinstance(known, dict) else known


def _error(document: Mapping[str, Any], known: list[str]) -> ErrorResponse:
    status, body, docs = document["status"], document["body"], document.get("docs")
    return ErrorResponse(
        status,
        body,
        Claim(document.get("summary") or _summary(status, body), *_provenance(known)),
        docs=docs and docs["body"],
        docs_claim=docs and Claim(docs["summary"], *_provenance(docs["known"])),
        content_type=document.get("content_type", "application/json"),
    )


def _claim(summary: str, evidence: Any, source: str) -> Claim:
    return Claim(summary, evidence, spelled_out(source))


def _summary(status: int, body: Mapping[str, str]) -> str:
    code, message = list(body.values())[:2]
    return f"{message}: {status}, {code}"


def _provenance(pair: list[Any]) -> Provenance:
    evidence, source = pair
    return Provenance(evidence, spelled_out(source))
