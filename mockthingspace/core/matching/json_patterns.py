"""Patterns of JSON bodies as criteria: equal to a document, or a value at a path."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from time import thread_time
from typing import Any

from mockthingspace.core.exceptions import AdminError
from mockthingspace.core.json_values import DEEPEST, is_deeper
from mockthingspace.core.matching.criteria import Criterion, words
from mockthingspace.core.models import Exchange

EXTRA, UNORDERED = "ignoreExtraElements", "ignoreArrayOrder"
MOST_PAIRS = 100_000
MATCHING_S = 5.0  # of the processor
PLACEHOLDER = "${json-unit."
_STEP = re.compile(r"\.([\w-]+)|\['([^']*)'\]|\[([0-9]{1,9})\]")
_PATH = re.compile(rf"\$(?:{_STEP.pattern})*")
Agrees = Callable[[Any, Any], bool]


def equal(wanted: Any, *, extra: bool, unordered: bool) -> Iterator[Criterion]:
    """Compare a body with a document, field by field, so that each can be named.

    Args:
        wanted: The document, or the text of one.
        extra: Let objects have further fields.
        unordered: Let arrays have another order.

    Raises:
        AdminError: It is no JSON, or something no body can be compared with.
    """
    if isinstance(wanted, str):
        try:
            wanted = json.loads(wanted)
        except (ValueError, RecursionError) as error:
            raise AdminError("invalid_pattern", f"equalToJson: {error}") from error
    _check(wanted)

    agrees = _Comparison(extra, unordered)
    return _fields("body", (), wanted, agrees, not extra)


class _Comparison:
    """Whether a document agrees with the one that is wanted.

    Args:
        extra: Let objects have further fields.
        unordered: Let arrays have another order.
    """

    def __init__(self, extra: bool, unordered: bool) -> None:
        self._extra = extra
        self._unordered = unordered

    def __call__(self, wanted: Any, came: Any) -> bool:
        """Compare two documents.

        Raises:
            AdminError: It would take too many comparisons.
            TimeoutError: It takes too much of the processor.
        """
        self._pairs_left = MOST_PAIRS
        self._until_s = thread_time() + MATCHING_S
        return self._agrees(wanted, came)

    def _agrees(self, wanted: Any, came: Any) -> bool:
        if thread_time() > self._until_s:
            raise TimeoutError
        if isinstance(wanted, Mapping):
            return (
                isinstance(came, Mapping)
                and (self._extra or wanted.keys() == came.keys())
                and all(
                    key in came and self._agrees(value, came[key])
                    for key, value in wanted.items()
                )
            )
        if not isinstance(wanted, list):
            return _spelled(wanted) == _spelled(came)
        if not isinstance(came, list) or len(wanted) != len(came):
            return False
        if not self._unordered:
            return all(map(self._agrees, wanted, came))
        return self._paired(wanted, came)

    def _paired(self, wanted: list[Any], came: list[Any]) -> bool:
        """Say whether each that is wanted can have one that came to itself."""
        self._pairs_left -= len(wanted) * len(came)
        if self._pairs_left < 0:
            raise AdminError(
                "too_slow",
                f"equalToJson: {UNORDERED} compares each item with each, at most "
                f"{MOST_PAIRS} times; leave it out",
            )
        return _matched(wanted, came, self._agrees)


def at_path(wanted: Any) -> tuple[str, Callable[[Exchange], Any], Mapping[str, Any]]:
    """Return the field, what reads it, and the matchers of a ``matchesJsonPath``.

    Raises:
        AdminError: The path has more to it than names and numbers.
    """
    matchers = dict(wanted) if isinstance(wanted, Mapping) else {"expression": wanted}
    expression = matchers.pop("expression", None)
    if not isinstance(expression, str) or not _PATH.fullmatch(expression):
        raise AdminError(
            "unknown_matcher",
            "matchesJsonPath: paths here are of names and numbers only, such as "
            "$.device.ids[0]",
        )
    steps = tuple(
        int(number) if number else name or quoted
        for name, quoted, number in _STEP.findall(expression)
    )

    def read(exchange: Exchange) -> Any:
        found = _at(steps)(exchange)
        return found if found is None else words(found)

    return "".join(["body", *map(_dotted, steps)]), read, matchers or {"absent": False}


def document(exchange: Exchange) -> Any:
    """Return the body as JSON; None where it is none, or too deep to look into."""
    return _parsed(exchange.body)


@lru_cache(8)  # each criterion asks anew
def _parsed(body: bytes) -> Any:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return None if is_deeper(found, DEEPEST) else found


def _check(wanted: Any) -> None:
    if is_deeper(wanted, DEEPEST):
        raise AdminError(
            "invalid_pattern", f"equalToJson: it is nested more than {DEEPEST} deep"
        )
    if PLACEHOLDER in json.dumps(wanted):
        raise AdminError(
            "unknown_matcher",
            f"equalToJson: {PLACEHOLDER}… is not known here; give the value itself",
        )


def _fields(
    field: str, steps: tuple[str, ...], wanted: Any, agrees: Agrees, only: bool
) -> Iterator[Criterion]:
    """Make a criterion of each value; where nothing may be extra, of the names too."""
    read = _at(steps)
    if not isinstance(wanted, Mapping) or (steps and not wanted):
        yield Criterion(
            field, plain(wanted), read, lambda came: agrees(wanted, came), plain
        )
        return
    for name, value in wanted.items():
        yield from _fields(f"{field}.{name}", (*steps, name), value, agrees, only)
    if only or not wanted:
        names = sorted(wanted)
        yield Criterion(
            field,
            f"only {names}" if only else "an object",
            lambda exchange: _names(read(exchange)),
            lambda came: came is not None and (not only or came == names),
        )


def _at(steps: Iterable[str | int]) -> Callable[[Exchange], Any]:
    """Return what reads the value at some steps into a body; None if there is none."""

    def read(exchange: Exchange) -> Any:
        value = document(exchange)
        for step in steps:
            if isinstance(step, str):
                value = value.get(step) if isinstance(value, Mapping) else None
            else:
                long = isinstance(value, list) and step < len(value)
                value = value[step] if long else None
        return value

    return read


def _dotted(step: str | int) -> str:
    return f"[{step}]" if isinstance(step, int) else f".{step}"


def _names(value: Any) -> list[str] | None:
    return sorted(value) if isinstance(value, Mapping) else None


def _spelled(value: Any) -> str:
    """Spell as JSON does: ``true`` is not ``1``, whatever Python thinks."""
    return json.dumps(value)


def plain(value: Any) -> str:
    """Spell a JSON value for a person; text in quotes if it could be anything else."""
    if not isinstance(value, str):
        return json.dumps(value)
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return value
    return json.dumps(value)


def _matched(wanted: list[Any], came: list[Any], agrees: Agrees) -> bool:
    fits = [
        [index for index, item in enumerate(came) if agrees(w, item)] for w in wanted
    ]
    taken: dict[int, int] = {}

    def place(number: int, tried: set[int]) -> bool:
        for index in fits[number]:
            if index not in tried:
                tried.add(index)
                if index not in taken or place(taken[index], tried):
                    taken[index] = number
                    return True
        return False

    return all(place(number, set()) for number in range(len(wanted)))
