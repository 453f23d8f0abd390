"""``timeline``: all that happened, in one order."""

from flask import Response

from mockthingspace.backend.timeline import FORMATS, concerns, document, timeline
from mockthingspace.server.admin.common import (
    LONGEST_WAIT_S,
    block,
    filters,
    number,
    with_known_account,
)
from mockthingspace.server.http.blueprint import json_response
from mockthingspace.server.http.current import current


def every() -> Response:
    """Show it, oldest first, as JSON, text or a mermaid diagram.

    ``wait_s`` waits for something numbered above ``since``; ``limit`` keeps the last.
    """
    given = with_known_account(
        filters("account", "since", "limit", "wait_s", "format"),
        format=("json", *FORMATS),
    )
    backend, account = current(), given.get("account")
    since, wait_s = number(given, "since"), number(given, "wait_s")
    limit = number(given, "limit") if "limit" in given else None
    if wait_s:
        block(
            backend.state.notifier,
            lambda item: concerns(item, account, since),
            lambda: timeline(backend, account, since, limit=0).total > 0,
            min(wait_s, LONGEST_WAIT_S),
        )
    found = timeline(backend, account, since, limit)
    if given.get("format", "json") != "json":
        spelled = FORMATS[given["format"]](found.entries, found.total, found.evicted)
        return Response(f"{spelled}\n", content_type="text/plain; charset=utf-8")
    meta = {"total": found.total, "last_seq": found.last_seq, "evicted": found.evicted}
    shown = [document(item) for item in found.entries]
    return json_response({"timeline": shown, "meta": meta})
