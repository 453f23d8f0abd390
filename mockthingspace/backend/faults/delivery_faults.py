"""What faults do to deliveries: a function a kind, from a delivery to a delivery.

The copies of ``duplicate`` and what ``reorder`` holds back are made in ``triggers``.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from mockthingspace.backend.faults.models import Fault
from mockthingspace.core.json_values import map_leaves, map_objects
from mockthingspace.core.models import Delivery, Registration

NOBODYS = "mockthingspaceUnknown"
PADDING, ESCAPED = re.compile("=(?==*$)"), r"\\u003d"


@dataclass(frozen=True)
class FaultContext:
    """What a fault finds: the registration as it was when planned, and as it is."""

    fault: Fault
    before: Registration | None
    registration: Registration


Mutator = Callable[[Delivery, FaultContext], Delivery]


def apply_fault(delivery: Delivery, case: FaultContext) -> Delivery:
    """Return a delivery as a fault leaves it, with the fault's name on it."""
    changed = MUTATORS[case.fault.kind](delivery, case)
    return changed._replace(
        faults=(*delivery.faults, case.fault.kind),
        meant=delivery.meant or delivery.message,
    )


def _marked(**marks: Any) -> Mutator:
    """Make what gives a delivery a status, or a mark that its attempts heed."""
    return lambda delivery, _: delivery._replace(**marks)


def _delay(delivery: Delivery, case: FaultContext) -> Delivery:
    due_at = delivery.due_at + timedelta(seconds=case.fault.options["seconds"])
    return delivery._replace(due_at=due_at)


def _escaped_padding(delivery: Delivery, _: FaultContext) -> Delivery:
    def escaped(value: Any) -> Any:
        return PADDING.sub(ESCAPED, value) if isinstance(value, str) else value

    return _changed(delivery, lambda message: map_leaves(message, escaped))


def _wrong_account(delivery: Delivery, case: FaultContext) -> Delivery:
    other = case.fault.options["other"]

    def swapped(value: Any) -> Any:
        return other if value == delivery.account else value

    return _changed(delivery, lambda message: map_leaves(message, swapped))


def _oversized(delivery: Delivery, case: FaultContext) -> Delivery:
    number = case.fault.options["bytes"]
    if not isinstance(json.loads(delivery.message), dict):  # it can have no field
        return delivery._replace(message=delivery.message + b" " * number)
    return _changed(delivery, lambda message: {**message, NOBODYS: "x" * number})


def _extra_fields(delivery: Delivery, _: FaultContext) -> Delivery:
    unknown = {NOBODYS: {"since": "a fault", "list": [1, None]}}
    return _changed(delivery, lambda message: with_members(message, unknown))


def _kind_case(delivery: Delivery, _: FaultContext) -> Delivery:
    return _changed(delivery, lambda message: with_kinds(message, str.swapcase))


def with_members(message: Any, more: Mapping[str, Any]) -> Any:
    """Return a message whose objects, at the top and below, have more members."""
    return map_objects(message, lambda item: {**item, **more})


def with_kinds(message: Any, spell: Callable[[str], str]) -> Any:
    """Return a message with the kinds of its identifiers spelled another way."""

    def spelled(item: dict[str, Any]) -> dict[str, Any]:
        kind = item.get("kind")
        return {**item, "kind": spell(kind)} if isinstance(kind, str) else item

    return map_objects(message, spelled)


def _stale_credentials(delivery: Delivery, case: FaultContext) -> Delivery:
    old, new = case.before, case.registration
    if old is None:
        return delivery
    stale = {"username": old.username or "", "password": old.password or ""}
    fresh = {"username": new.username or "", "password": new.password or ""}

    def echoed(message: Any) -> Any:
        if not isinstance(message, dict):
            return message
        swapped = {
            name: value
            for name, value in stale.items()
            if message.get(name) == fresh[name]
        }
        return {**message, **swapped}

    sent = delivery._replace(headers=old.headers, secret=old.secret)
    return _changed(sent, echoed)


MUTATORS: Mapping[str, Mutator] = {
    "drop": _marked(status="abandoned"),
    "delay": _delay,
    "duplicate": _marked(),
    "reorder": _delay,  # and the next one passes it
    "overlap": _marked(overlaps=True),
    "stale-credentials": _stale_credentials,
    "corrupt": _marked(breaks_off=True),
    "missing-brace": _marked(headless=True),
    "escaped-padding": _escaped_padding,
    "wrong-account": _wrong_account,
    "oversized": _oversized,
    "extra-fields": _extra_fields,
    "kind-case": _kind_case,
}


def _changed(delivery: Delivery, change: Callable[[Any], Any]) -> Delivery:
    message = change(json.loads(delivery.message))
    return delivery._replace(message=json.dumps(message).encode())
