"""``timeline``: all that happened, in one order."""

from flask import Response

from mockthingspace.backend.timeline import FORMATS, concerns, document, timeline
from mockthingspace.server.admin.common import (
    LONGEST_WAIT_S,
    block,
    filters,
    last,
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
    if wait_s:
        block(
            backend.state.notifier,
            lambda item: concerns(item, account, since),
            lambda: bool(timeline(backend, account, since).entries),
            min(wait_s, LONGEST_WAIT_S),
        )
    found = timeline(backend, account, since)
    total = len(found.entries)
    shown = last(found.entries, given)
    if given.get("format", "json") != "json":
        spelled = FORMATS[given["format"]](shown, total, found.evicted)
        return Response(f"{spelled}\n", content_type="text/plain; charset=utf-8")
    meta = {"total": total, "last_seq": found.last_seq, "evicted": found.evicted}
    return json_response({"timeline": [document(item) for item in shown], "meta": meta})
