"""Whether exchanges meet criteria, and how the nearest that do not differ.

What is compared need not be an exchange; a delivery has fields and a ``seq`` too.
"""

import json
import re
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from mockthingspace import redaction

NEAREST = 3
_SECRET = redaction.SECRET_KEYS | {redaction.CUSTOM}
_STEPS = re.compile(r"[][.]")
ABSENT, PRESENT = "(absent)", "(present)"


def words(value: Any) -> str:
    """Spell a value for a person; text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


class Criterion(NamedTuple):
    """One thing a pattern asks for.

    ``field`` and ``expected`` are for people; ``read`` takes the value from an
    exchange (None where it has none), ``holds`` judges it, ``spell`` puts what
    came into words.
    """

    field: str
    expected: str
    read: Callable[[Any], Any]
    holds: Callable[[Any], bool]
    spell: Callable[[Any], str] = words


class Difference(NamedTuple):
    """One criterion that does not hold, in words."""

    field: str
    expected: str
    came: str


class NearMiss(NamedTuple):
    """An exchange that does not match, how far off it is (0 to 1), and why."""

    exchange: Any
    distance: float
    differences: list[Difference]


def matches(exchange: Any, wanted: Iterable[Criterion]) -> bool:
    """Say whether every criterion holds."""
    return all(one.holds(one.read(exchange)) for one in wanted)


def near_misses(exchanges: Iterable[Any], wanted: list[Criterion]) -> list[NearMiss]:
    """Return the nearest exchanges that do not match, nearest first."""
    misses = [_miss(one, wanted) for one in exchanges if not matches(one, wanted)]
    misses.sort(key=lambda miss: (miss.distance, -miss.exchange.seq))
    return misses[:NEAREST]


def _miss(exchange: Any, wanted: list[Criterion]) -> NearMiss:
    differences = []
    distance = 0.0
    for one in wanted:
        value = one.read(exchange)
        if not one.holds(value):
            came = ABSENT if value is None else one.spell(value)
            distance += 1 - _likeness(one, came) / 2
            expected = _shown(one.field, one.expected)
            differences.append(Difference(one.field, expected, _shown(one.field, came)))
    return NearMiss(exchange, distance / len(wanted), differences)


def _likeness(wanted: Criterion, came: str) -> float:
    """Say how alike the texts are, from 0 to 1; accounts are the same or they are not.

    Other tests of a shared double do the same with accounts of their own.
    """
    if wanted.field == "account":
        return 0
    return SequenceMatcher(None, wanted.expected[:200], came[:200]).ratio()


def _shown(field: str, text: str) -> str:
    key, _, name = field.partition(".")
    if text in (ABSENT, PRESENT):
        return text
    if key == "headers":
        return redaction.header(name, text)
    if _SECRET.intersection(_STEPS.split(name.lower())):
        return redaction.HIDDEN
    if key == "body":
        return redaction.body_without_secrets(text.encode("utf-8", "replace"))
    return redaction.without_secrets(text)
