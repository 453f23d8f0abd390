"""``clock``: what time it is, and letting it pass."""

from collections.abc import Mapping
from datetime import timedelta
from threading import Event
from typing import Any

from flask import Response, request

from mockthingspace.backend.backend import Backend
from mockthingspace.core import serializers
from mockthingspace.core.clock import LATEST, rfc3339
from mockthingspace.core.exceptions import AdminError
from mockthingspace.core.setting_types import LONGEST_S
from mockthingspace.core.waiting import holding
from mockthingspace.server.admin.common import document
from mockthingspace.server.http.blueprint import json_response
from mockthingspace.server.http.current import current

UNITS_S = {"seconds": 1, "minutes": 60, "hours": 3600}


def show() -> Response:
    """Show whether it runs or stands, the time, and how far it is ahead, in s."""
    return json_response(_document(current()))


def change() -> Response:
    """Let it run, or stop it: ``{"mode": "real" | "manual"}``."""
    mode = _only("mode").get("mode")
    if mode not in ("real", "manual"):
        raise AdminError("invalid_clock", "mode: must be real or manual")
    backend = current()
    backend.set_mode(mode)
    return json_response(_document(backend))


def advance() -> Response:
    """Let so many seconds, minutes and hours pass on a clock that stands.

    Shows the attempts that fell due.
    """
    seconds = _seconds(_only(*UNITS_S))
    backend = current()
    if backend.clock.mode == "real":
        raise AdminError(
            "clock_runs",
            "the clock is real and runs by itself; PUT /__admin/clock "
            '{"mode": "manual"} or the setting clock=manual stops it',
            409,
        )
    if backend.clock.now() + timedelta(seconds=seconds) > LATEST:
        raise AdminError("invalid_clock", f"the clock cannot go beyond {LATEST}")
    with holding(request.environ, Event()):  # whoever is gone, time has passed
        made = backend.advance(seconds)
    fired = [
        {"delivery": delivery.id, **serializers.attempt(attempt)}
        for delivery, attempt in made
    ]
    return json_response({**_document(backend), "fired": fired})


def _seconds(given: Mapping[str, Any]) -> float:
    for unit, value in (given or {"seconds": None}).items():
        most = LONGEST_S // UNITS_S[unit]
        if type(value) not in (int, float) or not 0 <= value <= most:
            raise AdminError("invalid_clock", f"{unit}: must be from 0 to {most}")
    seconds = float(sum(UNITS_S[unit] * value for unit, value in given.items()))
    if seconds > LONGEST_S:
        raise AdminError("invalid_clock", f"at most {LONGEST_S} seconds in all")
    return seconds


def _only(*names: str) -> dict[str, Any]:
    """Return a body that has nothing but what it may have."""
    given = document()
    for other in given.keys() - {*names}:
        allowed = ", ".join(names)
        raise AdminError("invalid_clock", f"{other}: unknown; allowed: {allowed}")
    return given


def _document(backend: Backend) -> dict[str, Any]:
    clock = backend.clock
    shown = {"mode": clock.mode, "now": rfc3339(clock.now())}
    return {**shown, "ahead_s": round(clock.ahead_s, 3)}
