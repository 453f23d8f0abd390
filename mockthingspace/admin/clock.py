"""``clock``: what time it is, and letting it pass."""

from datetime import timedelta
from threading import Event
from typing import Any

from flask import Response, request

from mockthingspace import rendering
from mockthingspace.admin.asking import document
from mockthingspace.clock import LATEST, rfc3339
from mockthingspace.double import Double, current
from mockthingspace.errors import AdminError
from mockthingspace.kinds import LONGEST_S
from mockthingspace.views import json_response
from mockthingspace.waiting import holding


def show() -> Response:
    """Show whether it runs or stands, and the time."""
    return json_response(_shown(current()))


def change() -> Response:
    """Let it run, or stop it: ``{"mode": "real" | "manual"}``."""
    mode = _only("mode")
    if mode not in ("real", "manual"):
        raise AdminError("invalid_clock", "mode: must be real or manual")
    double = current()
    double.set_mode(mode)
    return json_response(_shown(double))


def advance() -> Response:
    """Let time pass on a clock that stands; show the attempts that fell due."""
    seconds = _only("seconds")
    if type(seconds) not in (int, float) or not 0 <= seconds <= LONGEST_S:
        raise AdminError("invalid_clock", f"seconds: must be from 0 to {LONGEST_S}")
    double = current()
    if double.clock.mode == "real":
        raise AdminError(
            "clock_runs",
            "the clock is real and runs by itself; PUT /__admin/clock "
            '{"mode": "manual"} or the setting clock=manual stops it',
            409,
        )
    if double.clock.now() + timedelta(seconds=seconds) > LATEST:
        raise AdminError("invalid_clock", f"the clock goes no further than {LATEST}")
    with holding(request.environ, Event()):  # whoever is gone, time has passed
        made = double.advance(seconds)
    fired = [
        {"delivery": delivery.id, **rendering.attempt(attempt)}
        for delivery, attempt in made
    ]
    return json_response({**_shown(double), "fired": fired})


def _only(name: str) -> Any:
    """Return the one thing a body may have."""
    given = document()
    for other in given.keys() - {name}:
        raise AdminError("invalid_clock", f"{other}: unknown; allowed: {name}")
    return given.get(name)


def _shown(double: Double) -> dict[str, Any]:
    return {"mode": double.clock.mode, "now": rfc3339(double.clock.now())}
