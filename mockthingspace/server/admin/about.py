"""``health`` and ``families``: what runs here, and how faithful it is."""

import os
from collections.abc import Iterable
from functools import cache
from typing import Any

from flask import Response

from mockthingspace import __version__
from mockthingspace.apis import APIS
from mockthingspace.apis.fidelity import Entry, entries, totals
from mockthingspace.server.http.blueprint import json_response
from mockthingspace.server.http.current import current
from mockthingspace.spec.api import Api

_SHOWN = ("name", "summary", "evidence", "source", "date")


def health() -> Response:
    """Say that it answers, for how long, and who it is."""
    backend = current()
    uptime = backend.clock.now() - backend.started_at
    return json_response(
        {
            "status": "healthy",
            "version": __version__,
            "uptime_s": uptime.total_seconds(),
            "pending_deliveries": backend.state.dispatcher.pending(),
            "epoch": backend.state.epoch,
            "pid": os.getpid(),
        }
    )


def families() -> Response:
    """Show everything served, each with its evidence, source and date."""
    return json_response(_everything())


@cache
def _everything() -> dict[str, Any]:
    return {
        "families": [_family(api) for api in APIS],
        "headers": _entries(entries(()), "header"),
        "totals": totals(entries()),
    }


def _family(api: Api) -> dict[str, Any]:
    register = entries((api,))
    operations = zip(api.operations, _entries(register, "operation"), strict=True)
    return {
        "name": api.name,
        "prefix": api.prefix,
        "services": list(api.services),
        "operations": [
            {
                **known,
                "name": operation.name,
                "method": operation.method,
                "path": known["name"].partition(" ")[2],
            }
            for operation, known in operations
        ],
        "fields": _entries(register, "field"),
        "refusals": _entries(register, "refusal"),
        "facts": _entries(register, "rule"),
    }


def _entries(register: Iterable[Entry], kind: str) -> list[dict[str, str]]:
    return [
        {name: getattr(entry, name) for name in _SHOWN}
        for entry in register
        if entry.kind == kind
    ]
