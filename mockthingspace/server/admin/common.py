"""What every resource reads and answers with: filters, documents, errors."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from threading import Event
from typing import Any, TypeVar

from flask import Response, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from mockthingspace.apis import APIS
from mockthingspace.core.exceptions import AdminError, InvalidRequest, suggest
from mockthingspace.core.json_values import DEEPEST, is_deeper
from mockthingspace.core.models import is_account
from mockthingspace.core.notifier import Met, Notifier
from mockthingspace.core.redaction import without_secrets
from mockthingspace.core.waiting import holding
from mockthingspace.server.http.blueprint import RequestContext, json_response
from mockthingspace.spec.schemas import json_object

PREFIX = "/__admin"
Given = TypeVar("Given", bound=Mapping[str, Any])
Item = TypeVar("Item")
MAX_DOCUMENT = 1024 * 1024
MAX_SNAPSHOT = 64 * 1024 * 1024
MOST_BRACKETS = 1_000_000  # of arrays and objects: reading these is what takes long
LONGEST_NUMBER = 18
LONGEST_MESSAGE = 16 * 1024
LONGEST_WAIT_S = 600
LEVELS = DEEPEST + 10  # a message, and what it stands in


def owns(path: str) -> bool:
    """Say whether a path is the admin API's."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def error_response(code: str, message: str, status: int) -> Response:
    """Make the admin API's own error reply: it shows no secret that it was sent."""
    said = without_secrets(message[:LONGEST_MESSAGE])
    return json_response({"error": code, "message": said}, status)


def filters(*allowed: str) -> dict[str, str]:
    """Return the query's filters.

    Raises:
        AdminError: One means nothing here; the message names those that do.
    """
    for name in request.args:
        if name not in allowed:
            raise AdminError(
                "unknown_filter",
                f"unknown filter {name!r}; allowed here: {', '.join(allowed)}",
            )
    return dict(request.args)


def with_known_account(given: Given, **more: Iterable[str]) -> Given:
    """Return filters whose account, API, operation and service there can be.

    ``more`` has the words that further filters may have.

    Raises:
        AdminError: One names what nobody has; a typo must not look like nothing
            found.
    """
    account = given.get("account")
    if isinstance(account, str) and not is_account(account):
        raise AdminError(
            "invalid_account",
            f"account: must look like 0242078689-00001, got {account!r}",
        )
    words = {**_words(), **more}
    for name in given.keys() & words:
        if isinstance(given[name], str) and given[name] not in words[name]:
            raise AdminError(
                f"unknown_{name}",
                f"unknown {name} {given[name]!r}; {suggest(given[name], words[name])}",
            )
    return given


@cache
def _words() -> dict[str, Iterable[str]]:
    """Return what filters may be, where that is the same for every server."""
    return {
        "family": {api.name for api in APIS},
        "operation": {operation.name for api in APIS for operation in api.operations},
        "service": {name for api in APIS for name in api.services},
    }


def number(given: Mapping[str, Any], name: str) -> int:
    """Return a filter that is a whole number; 0 where it is not given.

    Raises:
        AdminError: It is something else.
    """
    value = str(given.get(name, 0))
    if not (value.isascii() and value.isdigit() and len(value) <= LONGEST_NUMBER):
        raise AdminError("invalid_filter", f"{name}: must be a whole number, 0 or more")
    return int(value)


def last(found: list[Item], given: Mapping[str, Any]) -> list[Item]:
    """Return what the filter ``limit`` leaves: the last so many; without it, all."""
    limit = number(given, "limit") if "limit" in given else len(found)
    return found[max(len(found) - limit, 0) :]


def matching(exact: Mapping[str, Any]) -> Callable[[object], bool]:
    """Return what says whether something has exactly these attributes."""
    return lambda item: all(
        getattr(item, name) == value for name, value in exact.items()
    )


def read(note: RequestContext) -> Response | None:
    """Read the body of a request that may ask; refuse one too large, or not JSON."""
    snapshot = request.path == f"{PREFIX}/snapshot"
    most = request.max_content_length = MAX_SNAPSHOT if snapshot else MAX_DOCUMENT
    try:
        note.body = request.get_data()
    except RequestEntityTooLarge:
        return error_response(
            "too_large", f"a document here has at most {most} bytes", 413
        )
    if note.body and request.method != "GET" and request.mimetype != "application/json":
        return error_response(
            "not_json",
            f"a body of {request.method} needs the header 'Content-Type: "
            "application/json'",
            415,
        )
    if sum(map(note.body.count, (b"[", b"{"))) > MOST_BRACKETS:
        return error_response(
            "too_large",
            f"a document has at most {MOST_BRACKETS} arrays and objects",
            413,
        )
    return None


def document() -> dict[str, Any]:
    """Return the request's body, a JSON object.

    Raises:
        AdminError: It is none, or nested deeper than anything here is.
    """
    note: RequestContext = g.note
    try:
        found = json_object(note.body)
    except InvalidRequest as error:
        raise AdminError("invalid_body", error.reason) from error
    if is_deeper(found, LEVELS):
        raise AdminError("invalid_body", f"the body is nested more than {LEVELS} deep")
    return dict(found)


def block(
    notifier: Notifier, met: Met, already: Callable[[], bool], timeout_s: float
) -> None:
    """Block a request until something happens, time is up, or its client is gone.

    ``met`` is asked of each thing that happens; ``already``, whether it is there, once
    the notifier is watched. The timeout is in real time.
    """
    over = Event()
    with holding(request.environ, over), notifier.watching(met, over):
        if not already():
            over.wait(timeout_s)
