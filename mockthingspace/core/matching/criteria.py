"""Whether exchanges meet criteria, and how the nearest that do not differ.

What is compared need not be an exchange; a delivery has fields and a ``seq`` too.
"""

import json
import re
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from heapq import nsmallest
from typing import Any, NamedTuple

from mockthingspace.core import redaction

NEAREST = 3
COMPARED = 50  # texts, for how alike they are: of those that differ in the least
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
    actual: str


class NearMiss(NamedTuple):
    """An exchange that does not match, how far off it is (0 to 1), and why."""

    exchange: Any
    distance: float
    differences: list[Difference]


def matches(exchange: Any, wanted: Iterable[Criterion]) -> bool:
    """Say whether every criterion holds."""
    return all(_met(item, exchange) for item in wanted)


def near_misses(exchanges: Iterable[Any], wanted: list[Criterion]) -> list[NearMiss]:
    """Return the nearest exchanges that do not match, nearest first."""
    unmet = (
        (exchange, [each for each in wanted if not _met(each, exchange)])
        for exchange in exchanges
    )
    missed = [(exchange, differing) for exchange, differing in unmet if differing]
    likely = nsmallest(COMPARED, missed, lambda pair: (_least(pair[1]), -pair[0].seq))
    ranked = [(_distance(*pair) / len(wanted), *pair) for pair in likely]
    ranked.sort(key=lambda row: (row[0], -row[1].seq))
    return [
        NearMiss(
            exchange, distance, [_difference(each, exchange) for each in differing]
        )
        for distance, exchange, differing in ranked[:NEAREST]
    ]


def _met(criterion: Criterion, exchange: Any) -> bool:
    return criterion.holds(criterion.read(exchange))


def _least(differing: list[Criterion]) -> float:
    """Return the least that these can come to, however alike the texts are."""
    return sum(
        1.0 if difference.field == "account" else 0.5 for difference in differing
    )


def _distance(exchange: Any, differing: list[Criterion]) -> float:
    return sum(
        1 - _likeness(difference, _actual(difference, exchange)) / 2
        for difference in differing
    )


def _likeness(wanted: Criterion, actual: str) -> float:
    """Say how alike the texts are, from 0 to 1; accounts are the same or they are not.

    Other tests of a shared server do the same with accounts of their own. Texts are
    by the letters they share: to look for their order costs the cube of the length.
    """
    if wanted.field == "account":
        return 0
    return SequenceMatcher(None, wanted.expected[:200], actual[:200]).quick_ratio()


def _actual(criterion: Criterion, exchange: Any) -> str:
    value = criterion.read(exchange)
    return ABSENT if value is None else criterion.spell(value)


def _difference(criterion: Criterion, exchange: Any) -> Difference:
    expected, actual = criterion.expected, _actual(criterion, exchange)
    field = criterion.field
    return Difference(field, redacted(field, expected), redacted(field, actual))


def redacted(field: str, text: str) -> str:
    """Return what a criterion asks for, or what came, with its secrets hidden.

    ``field`` is the criterion's, such as ``headers.Authorization``.
    """
    key, _, name = field.partition(".")
    if text in ("", ABSENT, PRESENT):
        return text
    if key == "headers":
        return redaction.header(name, text)
    if redaction.CUSTOM in name.lower():
        return redaction.HIDDEN
    if any(map(redaction.is_secret, _STEPS.split(name))):
        return redaction.HIDDEN
    if key == "body":
        return redaction.body_without_secrets(text.encode("utf-8", "replace"))
    return redaction.without_secrets(text)
