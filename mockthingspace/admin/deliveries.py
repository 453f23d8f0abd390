"""``events`` and ``deliveries``: trigger messages, see what came of them, wait."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Response
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from mockthingspace import rendering
from mockthingspace.admin.asking import (
    Given,
    document,
    error_response,
    filters,
    known,
    number,
)
from mockthingspace.clock import rfc3339
from mockthingspace.double import Double, State, current
from mockthingspace.errors import AdminError
from mockthingspace.events import Event
from mockthingspace.families import FAMILIES
from mockthingspace.model import STATUSES, Delivery
from mockthingspace.sources import date_of
from mockthingspace.triggering import catalogue, resend, trigger
from mockthingspace.views import json_response

_EXACT = ("account", "family", "service", "event", "status")
_FILTERS = (*_EXACT, "since", "limit")
_NO_ACCOUNT = "is required: whose listeners the message is for"
LONGEST_WAIT_S = 600


class _Wanted(Schema):
    """``{event, account, service?, overrides?, message?}``."""

    class Meta:
        unknown = RAISE

    event = fields.String(required=True)
    account = fields.String(
        required=True, error_messages={"required": _NO_ACCOUNT, "null": _NO_ACCOUNT}
    )
    service = fields.String(allow_none=True)
    overrides = fields.Dict(keys=fields.String(), allow_none=True)
    message = fields.Raw(allow_none=True)


class _NoString(fields.Number):  # type: ignore[type-arg]
    """A number, and not a string of one."""

    def _validated(self, value: Any) -> Any:
        if isinstance(value, str):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class _Seconds(_NoString, fields.Float):
    """Seconds to wait."""


class _Whole(_NoString, fields.Integer):
    """A whole number."""


class _Patience(Schema):
    """``{timeout_s?}``."""

    class Meta:
        unknown = RAISE

    timeout_s = _Seconds(load_default=5.0, validate=validate.Range(0, LONGEST_WAIT_S))


class _Awaited(_Patience):
    """``{account?, family?, service?, event?, status?, attempts?, count?, …}``."""

    class Meta:
        unknown = RAISE

    account = fields.String(allow_none=True)
    family = fields.String(allow_none=True)
    service = fields.String(allow_none=True)
    event = fields.String(allow_none=True)
    status = fields.String(allow_none=True)
    attempts = _Whole(strict=True, allow_none=True, validate=validate.Range(1))
    count = _Whole(strict=True, load_default=1, validate=validate.Range(1))
    since = _Whole(strict=True, load_default=0, validate=validate.Range(0))


def events() -> Response:
    """Show the events that can be triggered, each field with mark and source."""
    given = known(filters("family", "service"))
    there = catalogue(FAMILIES, current().state)
    shown = [_event(family, event) for family, event in there.values()]
    matching = [
        one for one in shown if all(one[name] == value for name, value in given.items())
    ]
    return json_response({"events": matching})


def every() -> Response:
    """Show the deliveries that match the filters, oldest first."""
    double = current()
    given = _known(double, filters(*_FILTERS))
    found = _select(double.state.deliveries.every(), given)
    if given.get("status") == "stale":
        found = _select(double.late, given) + found
    limit = number(given, "limit") if "limit" in given else len(found)
    return _shown(double, found[max(len(found) - limit, 0) :], len(found))


def one(identity: str) -> Response:
    """Show one delivery with all its attempts."""
    found = current().state.deliveries.get(identity)
    if found is None:
        raise AdminError("unknown_delivery", f"there is no delivery {identity}", 404)
    return json_response(rendering.delivery(found))


def add() -> Response:
    """Trigger an event; 202 and the deliveries made, which go out after this reply."""
    double = current()
    wanted = _loaded(_Wanted())
    known({"service": wanted.get("service")})
    return _going(double, trigger(double, FAMILIES, wanted))


def again(identity: str) -> Response:
    """Send a delivery's message again; 202 and the new delivery."""
    double = current()
    return _going(double, [resend(double, identity)])


def wait() -> Response:
    """Block until matching deliveries are there: 200, or 408 with what came."""
    double = current()
    state = double.state
    wanted = _known(double, _loaded(_Awaited()))
    deliveries = state.deliveries
    matching = _matching(wanted)

    def found() -> list[Delivery]:
        return [one for one in deliveries.every() if matching(one)]

    def over() -> bool:
        return state.courier.closed or len(found()) >= wanted["count"]

    with deliveries.changed:
        deliveries.changed.wait_for(over, wanted["timeout_s"])
        came = found()
    if len(came) >= wanted["count"]:
        return _shown(double, came, len(came))
    nearest = [one for one in deliveries.every() if one.seq > wanted["since"]][-10:]
    shown = [rendering.delivery(one) for one in nearest]
    return json_response(
        {
            "error": "timed_out",
            "message": _unmet(wanted, state, len(came), nearest),
            "deliveries": shown,
        },
        408,
    )


def wait_until_idle() -> Response:
    """Block until no attempt is under way or due: 200, or 408."""
    timeout_s = _loaded(_Patience())["timeout_s"]
    if current().wait_until_idle(timeout_s):
        return json_response({"idle": True})
    return error_response(
        "timed_out", f"attempts were still under way after {timeout_s:g} s", 408
    )


def _known(double: Double, given: Given) -> Given:
    there = catalogue(FAMILIES, double.state)
    return known(given, status=STATUSES, event=there)


def _unmet(
    wanted: Mapping[str, Any], state: State, came: int, nearest: list[Delivery]
) -> str:
    """Say what was awaited, what came instead, and what is still to come."""
    asked = _exact(wanted)
    if wanted.get("attempts"):
        asked["attempts"] = wanted["attempts"]
    number = "1 delivery" if wanted["count"] == 1 else f"{wanted['count']} deliveries"
    waited = f"waited {wanted['timeout_s']:g} s"
    if state.courier.closed:
        waited = "the double was reset or stopped during a wait"
    spelled = ", ".join(f"{name}={value}" for name, value in asked.items())
    lines = [f"{waited} for {number} with {spelled}; {came} came"]
    lines += [
        f"  {rendering.delivery_line(one, rfc3339(one.due_at))}" for one in nearest
    ]
    return "\n".join(lines if nearest else [*lines, "  there are no deliveries at all"])


def _exact(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what deliveries must have: delivered, unless said otherwise."""
    exact = {name: wanted[name] for name in _EXACT if wanted.get(name) is not None}
    if "status" not in exact and not wanted.get("attempts"):
        exact["status"] = "delivered"
    return exact


def _matching(wanted: Mapping[str, Any]) -> Callable[[Delivery], bool]:
    exact = _exact(wanted)
    attempts = wanted.get("attempts") or 0

    def matches(one: Delivery) -> bool:
        return (
            one.seq > wanted["since"]
            and len(one.attempts) >= attempts
            and all(getattr(one, name) == value for name, value in exact.items())
        )

    return matches


def _select(deliveries: Iterable[Delivery], given: Mapping[str, str]) -> list[Delivery]:
    since = number(given, "since")
    exact = {name: given[name] for name in given if name not in ("since", "limit")}
    return [
        one
        for one in deliveries
        if one.seq > since
        and all(getattr(one, name) == value for name, value in exact.items())
    ]


def _loaded(shape: Schema) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = shape.load(document())
    except ValidationError as error:
        said = "; ".join(
            f"{key}: {' '.join(map(str, said)).rstrip('.')}"
            for key, said in error.messages_dict.items()
        )
        allowed = ", ".join(shape.fields)
        raise AdminError("invalid_body", f"{said}; allowed: {allowed}") from error
    return loaded


def _going(double: Double, kept: list[Delivery]) -> Response:
    """Answer with deliveries, and send them out once the answer is written."""
    response = json_response(
        {"deliveries": [rendering.delivery(one) for one in kept]}, 202
    )
    courier = double.state.courier
    response.call_on_close(lambda: courier.go(kept))
    return response


def _shown(double: Double, deliveries: list[Delivery], total: int) -> Response:
    shown = [rendering.delivery(one) for one in deliveries]
    meta = {
        "total": total,
        "evicted": double.state.deliveries.evicted,
        "last_seq": double.sequence.last,
    }
    return json_response({"deliveries": shown, "meta": meta})


def _event(family: str, event: Event) -> dict[str, Any]:
    return {
        "event": event.name,
        "family": family,
        "service": event.service,
        "says": event.says,
        "mark": event.known.mark,
        "source": event.known.source,
        "date": date_of(event.known.source),
        "fields": [
            {
                "path": one.path,
                "default": one.default,
                "mark": one.mark,
                "source": one.source,
                "date": date_of(one.source),
            }
            for one in event.fields
        ],
    }
