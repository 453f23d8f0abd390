"""Reading a fault as the admin API, a seed, a marker or the command line spell it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from mockthingspace.backend.faults.kinds import (
    FAULTS,
    REFUSALS,
    FaultKind,
    fault_kind,
    options,
)
from mockthingspace.backend.faults.models import SCOPES, Fault
from mockthingspace.core.exceptions import SettingsError, did_you_mean, suggest
from mockthingspace.core.setting_types import (
    ACCOUNT,
    LONGEST_S,
    SettingType,
    number,
    whole,
)
from mockthingspace.spec.api import Api
from mockthingspace.spec.events import Event

OF_ALL = ("kind", "on", *SCOPES, "times", "probability", "seed", "ttl_s")


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


COMMON: Mapping[str, SettingType] = {
    "times": whole(1, 10**9, "a whole number from 1, or null for as long as it lasts"),
    "probability": number(1, "more than 0, at most 1"),
    "seed": whole(0, 2**63, "a whole number, 0 or more"),
    "ttl_s": number(LONGEST_S, "seconds, more than 0, at most 30 days"),
    **dict.fromkeys(SCOPES, SettingType("a name", _text)),
    "account": ACCOUNT,
}


def fault(given: object, apis: Iterable[Api], events: Iterable[Event]) -> Fault:
    """Return a fault of a document: ``{kind, on?, account?, …, times?, …}``.

    What is not common to all faults are the kind's own options. What is null is
    as if it were not there, but for ``times``: null is for as long as it lasts.

    Raises:
        SettingsError: It cannot be used; the message says what can.
    """
    if not isinstance(given, Mapping) or not isinstance(given.get("kind"), str):
        names = ", ".join(dict.fromkeys(kind.name for kind in FAULTS))
        raise SettingsError(f"a fault must be an object with a kind: {names}")
    kind = fault_kind(given["kind"], given.get("on"))
    _check_names(kind, given)
    common = {
        name: row.read(name, given[name])
        for name, row in COMMON.items()
        if given.get(name) is not None
    }
    made = Fault(
        kind=kind.name,
        on=kind.on,
        options=options(kind, given),
        slot=kind.slot,
        method=kind.method,
        **{"times": given.get("times", kind.times), **common},
    )
    fitting = _checked(made, tuple(apis), tuple(events))
    only = frozenset(family.prefix for family in fitting)
    return replace(made, only=only if made.kind == "refuse" else None)


def document(planned: Fault) -> dict[str, Any]:
    """Return a fault as a seed spells it; ``times`` is how often it is still to act."""
    left = planned.times and planned.times - planned.acted
    rest = {**planned.options, **{name: getattr(planned, name) for name in SCOPES}}
    return {
        "kind": planned.kind,
        "on": planned.on,
        **{name: value for name, value in rest.items() if value is not None},
        "times": left,
        "probability": planned.probability,
        "seed": planned.seed,
        "ttl_s": planned.ttl_s,
    }


def _check_names(kind: FaultKind, given: Mapping[str, Any]) -> None:
    own = [*kind.options]
    for name in given:
        if name not in (*own, *OF_ALL):
            hint = did_you_mean(name, [*own, *OF_ALL])
            raise SettingsError(
                f"unknown option {name!r} of {kind.name}: {hint}it takes "
                f"{', '.join(own) or 'nothing'}, and every fault {', '.join(OF_ALL)}"
            )


def _checked(
    made: Fault, apis: tuple[Api, ...], events: tuple[Event, ...]
) -> list[Api]:
    """Refuse what a fault of its kind is never for, and names that nobody has.

    Returns:
        The APIs it can do something to.
    """
    other = {
        "requests": ("service", "event"),
        "deliveries": ("operation",),
        "actions": ("service", "event"),
    }[made.on]
    for name in other:
        if getattr(made, name) is not None:
            raise SettingsError(f"{name}: a fault on {made.on} takes no {name}")
    for name, words in _words(made, apis, events).items():
        value = getattr(made, name)
        if value is not None and value not in words:
            raise SettingsError(f"{name}: unknown {value!r}; {suggest(value, words)}")
    fitting = [api for api in apis if _does_something(made, api)]
    what = made.operation or made.family
    if not fitting:
        raise SettingsError(f"kind: {_named(made)} does not apply to {what}")
    if made.account and all(item.account is None for item in fitting):
        raise SettingsError(
            f"account: {what} is not of an account; leave the account out"
        )
    return fitting


def _named(made: Fault) -> str:
    return f"{made.kind} {made.options.get('refusal', '')}".rstrip()


def _words(
    made: Fault, apis: tuple[Api, ...], events: tuple[Event, ...]
) -> dict[str, list[str]]:
    """Return the names that a fault can be for, by scope."""
    sending = made.on == "deliveries"
    inside = [api for api in apis if made.family in (None, api.name)]
    return {
        "family": [api.name for api in apis if api.services or not sending],
        "operation": [
            operation.name
            for api in inside
            for operation in api.operations
            if made.on != "actions" or operation.action
        ],
        "service": [name for api in inside for name in api.services],
        "event": [event.name for event in events],
    }


def _does_something(made: Fault, api: Api) -> bool:
    """Say whether an API has what a fault is for, and can do what it does."""
    refusal = made.options.get("refusal")
    return (
        made.family in (None, api.name)
        and any(
            made.operation in (None, operation.name)
            and made.method in (None, operation.method)
            and (made.on != "actions" or operation.action is not None)
            for operation in api.operations
        )
        and (refusal is None or api.can_answer(REFUSALS[refusal]))
    )
