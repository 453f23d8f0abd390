"""Whether exchanges meet criteria, and how the nearest that do not differ."""

import json
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from mockthingspace import redaction
from mockthingspace.model import Exchange

NEAREST = 3
ABSENT = "(absent)"


class Criterion(NamedTuple):
    """One thing a pattern asks for.

    ``field`` and ``expected`` are for people; ``read`` takes the value from an
    exchange (None where it has none), ``holds`` judges it.
    """

    field: str
    expected: str
    read: Callable[[Exchange], Any]
    holds: Callable[[Any], bool]


class Difference(NamedTuple):
    """One criterion that does not hold, in words."""

    field: str
    expected: str
    came: str


class NearMiss(NamedTuple):
    """An exchange that does not match, how far off it is (0 to 1), and why."""

    exchange: Exchange
    distance: float
    differences: list[Difference]


def matches(exchange: Exchange, wanted: Iterable[Criterion]) -> bool:
    """Say whether every criterion holds."""
    return all(one.holds(one.read(exchange)) for one in wanted)


def near_misses(
    exchanges: Iterable[Exchange], wanted: list[Criterion]
) -> list[NearMiss]:
    """Return the nearest exchanges that do not match, nearest first."""
    misses = [_miss(one, wanted) for one in exchanges if not matches(one, wanted)]
    misses.sort(key=lambda miss: (miss.distance, -miss.exchange.seq))
    return misses[:NEAREST]


def _miss(exchange: Exchange, wanted: list[Criterion]) -> NearMiss:
    differences = []
    distance = 0.0
    for one in wanted:
        value = one.read(exchange)
        if not one.holds(value):
            came = ABSENT if value is None else words(value)
            likeness = SequenceMatcher(None, one.expected[:200], came[:200]).ratio()
            distance += 1 - likeness / 2
            expected = _shown(one.field, one.expected)
            differences.append(Difference(one.field, expected, _shown(one.field, came)))
    return NearMiss(exchange, distance / len(wanted), differences)


def _shown(field: str, text: str) -> str:
    key, _, name = field.partition(".")
    if text == ABSENT:
        return text
    if key == "headers":
        return redaction.header(name, text)
    if name.lower() in redaction.SECRET_KEYS:
        return redaction.HIDDEN
    if key == "body":
        return redaction.body_without_secrets(text.encode("utf-8", "replace"))
    return redaction.without_secrets(text)


def words(value: Any) -> str:
    """Spell a value for a person; text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)
