"""The kinds of faults, as values: what each does, and what it takes.

``FAULTS`` is the whole list: the admin API, the command line, the docs page and
the tests read it. ``request_faults`` and ``delivery_faults`` do what a kind says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mockthingspace.backend.faults.models import TARGETS, On
from mockthingspace.core.exceptions import (
    SettingsError,
    ThingSpaceError,
    did_you_mean,
    refusal_name,
)
from mockthingspace.core.setting_types import ACCOUNT, PAUSE, SettingType, choice, whole


@dataclass(frozen=True)
class FaultKind:
    """One kind of fault.

    Args:
        name: What it is called.
        on: What it happens to.
        does: What happens.
        options: What it takes, by name; each with its default.
        times: How often it acts unless the user says otherwise; None: always.
        wiremock: What WireMock calls it, if it knows it.
        slot: What only one fault can have of a request: its reply, or its bytes.
        method: The method of the requests it can do anything to; None for any.
    """

    name: str
    on: On
    does: str
    options: Mapping[str, tuple[SettingType, Any]] = field(default_factory=dict)
    times: int | None = 1
    wiremock: str | None = None
    slot: str | None = None
    method: str | None = None


def _identifier(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


IDENTIFIER = SettingType("a device's identifier, such as an IMEI", _identifier)


def _refusals() -> dict[str, type[ThingSpaceError]]:
    kinds = [ThingSpaceError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return {refusal_name(kind): kind for kind in kinds[1:]}


REFUSALS = _refusals()


FAULTS = (
    FaultKind(
        "refuse",
        "requests",
        "answers with one of the family's own refusals",
        {"refusal": (choice(*REFUSALS), "invalid-request")},
        slot="reply",
    ),
    FaultKind(
        "status",
        "requests",
        "answers with a status and the gateway's fault; 429 and 503: Retry-After",
        {
            "status": (whole(400, 599, "a status from 400 to 599"), 503),
            "retry_after_s": (
                whole(0, 86400, "a whole number of seconds, at most a day"),
                None,
            ),
        },
        slot="reply",
    ),
    FaultKind(
        "delay",
        "requests",
        "delays the reply, on the server's clock",
        {"seconds": (PAUSE, 1.0)},
    ),
    FaultKind(
        "slow",
        "requests",
        "sends the reply in pieces, with pauses on the server's clock",
        {
            "chunks": (whole(1, 1000, "a whole number from 1 to 1000"), 5),
            "seconds": (PAUSE, 5.0),
        },
        slot="bytes",
    ),
    FaultKind(
        "reset",
        "requests",
        "resets the connection instead of answering",
        wiremock="CONNECTION_RESET_BY_PEER",
        slot="bytes",
    ),
    FaultKind(
        "empty",
        "requests",
        "closes the connection instead of answering",
        wiremock="EMPTY_RESPONSE",
        slot="bytes",
    ),
    FaultKind(
        "truncate",
        "requests",
        "closes the connection in the middle of the body",
        wiremock="MALFORMED_RESPONSE_CHUNK",
        slot="bytes",
    ),
    FaultKind(
        "garbage",
        "requests",
        "sends malformed HTTP, and closes the connection",
        wiremock="RANDOM_DATA_THEN_CLOSE",
        slot="bytes",
    ),
    FaultKind("malformed", "requests", "answers with a body that is not JSON"),
    FaultKind(
        "stale",
        "requests",
        "lists the registrations of when the fault was planned, not later ones",
        times=None,
        method="GET",
    ),
    FaultKind("drop", "deliveries", "the message is never sent"),
    FaultKind(
        "delay",
        "deliveries",
        "the message is delayed, and those queued behind it",
        {"seconds": (PAUSE, 1.0)},
    ),
    FaultKind(
        "duplicate",
        "deliveries",
        "the message is sent more than once",
        {"copies": (whole(1, 100, "a whole number from 1 to 100"), 1)},
    ),
    FaultKind(
        "reorder",
        "deliveries",
        "the message is sent after the next one of its registration",
        {"seconds": (PAUSE, 60.0)},
    ),
    FaultKind(
        "overlap",
        "deliveries",
        "the second attempt is made while the first is still unanswered",
    ),
    FaultKind(
        "stale-credentials",
        "deliveries",
        "the message has the credentials and signature from when the fault was planned",
        times=None,
    ),
    FaultKind("corrupt", "deliveries", "the message breaks off: it is not JSON"),
    FaultKind(
        "missing-brace",
        "deliveries",
        "the message comes without its first brace: it is not JSON",
    ),
    FaultKind(
        "escaped-padding",
        "deliveries",
        "a text's trailing = (Base64 padding) is sent as \\u003d, escaped twice",
    ),
    FaultKind(
        "wrong-account",
        "deliveries",
        "the message is about another account",
        {"other": (ACCOUNT, "0000000000-00000")},
    ),
    FaultKind(
        "oversized",
        "deliveries",
        "the message has an unknown field that makes it at least so many bytes larger",
        {"bytes": (whole(1, 16 * 2**20, "a number of bytes, at most 16 MiB"), 2**16)},
    ),
    FaultKind("extra-fields", "deliveries", "every object has an unknown field"),
    FaultKind(
        "failure",
        "actions",
        "the action fails, for all its devices or for one of them",
        {"device": (IDENTIFIER, None)},
    ),
    FaultKind(
        "timeout",
        "actions",
        "the action stays pending: no message comes, unless the test completes it",
        {"device": (IDENTIFIER, None)},
    ),
    FaultKind(
        "kind-case", "deliveries", "the kind of each identifier is in other capitals"
    ),
)


def fault_kind(name: str, on: object = None) -> FaultKind:
    """Return a kind by its name, or by WireMock's.

    ``on`` may be None where only one has the name.

    Raises:
        SettingsError: There is none, and the message names the nearest; or two have
            the name, and it names what they are on.
    """
    if on is not None and on not in TARGETS:
        raise SettingsError(f"on: unknown {on!r}; known: {', '.join(TARGETS)}")
    found = [kind for kind in FAULTS if name in (kind.name, kind.wiremock)]
    fitting = [item for item in found if on in (None, item.on)]
    if len(fitting) > 1:
        both = " or ".join(f"{each.on} ({each.does})" for each in fitting)
        raise SettingsError(f"on: is required for {name!r}: {both}")
    if fitting:
        return fitting[0]
    if found:
        raise SettingsError(f"kind: {name!r} is on {found[0].on}, not on {on}")
    names = list(dict.fromkeys(kind.name for kind in FAULTS))
    hint = did_you_mean(name, names)
    raise SettingsError(f"kind: unknown {name!r}; {hint}known: {', '.join(names)}")


def options(kind: FaultKind, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a kind's options, checked and complete.

    What is null of those given is as if it were not there.

    Raises:
        SettingsError: One cannot be used; the message says what can.
    """
    return {
        name: default if given.get(name) is None else row.read(name, given[name])
        for name, (row, default) in kind.options.items()
    }
