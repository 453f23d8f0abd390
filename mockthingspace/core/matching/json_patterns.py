"""Patterns of JSON bodies as criteria: equal to a document, field by field."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from mockthingspace.core.exceptions import AdminError
from mockthingspace.core.json_values import DEEPEST, is_deeper
from mockthingspace.core.matching.criteria import Criterion
from mockthingspace.core.models import Exchange

EXTRA = "ignoreExtraElements"
PLACEHOLDER = "${json-unit."


def equal(wanted: Any, *, extra: bool) -> Iterator[Criterion]:
    """Compare a body with a document, field by field, so that each can be named.

    ``wanted`` may be the document's text; with ``extra`` objects may have further
    fields.

    Raises:
        AdminError: It is no JSON, or something no body can be compared with.
    """
    if isinstance(wanted, str):
        try:
            wanted = json.loads(wanted)
        except (ValueError, RecursionError) as error:
            raise AdminError("invalid_pattern", f"equalToJson: {error}") from error
    _check(wanted)
    return _fields("body", (), wanted, extra)


def _agrees(wanted: Any, actual: Any, extra: bool) -> bool:
    if isinstance(wanted, Mapping):
        return (
            isinstance(actual, Mapping)
            and (extra or wanted.keys() == actual.keys())
            and all(
                key in actual and _agrees(value, actual[key], extra)
                for key, value in wanted.items()
            )
        )
    if not isinstance(wanted, list):
        return _spelled(wanted) == _spelled(actual)
    return (
        isinstance(actual, list)
        and len(wanted) == len(actual)
        and all(_agrees(*pair, extra) for pair in zip(wanted, actual, strict=True))
    )


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
    field: str, steps: tuple[str, ...], wanted: Any, extra: bool
) -> Iterator[Criterion]:
    """Make a criterion of each value; where nothing may be extra, of the names too."""
    read = _at(steps)
    if not isinstance(wanted, Mapping) or (steps and not wanted):
        yield Criterion(
            field,
            plain(wanted),
            read,
            lambda actual: _agrees(wanted, actual, extra),
            plain,
        )
        return
    for name, value in wanted.items():
        yield from _fields(f"{field}.{name}", (*steps, name), value, extra)
    if not extra or not wanted:
        names = sorted(wanted)
        yield Criterion(
            field,
            "an object" if extra else f"only {names}",
            lambda exchange: _names(read(exchange)),
            lambda actual: actual is not None and (extra or actual == names),
        )


def _at(steps: Iterable[str]) -> Callable[[Exchange], Any]:
    """Return what reads the value at some steps into a body; None if there is none."""

    def read(exchange: Exchange) -> Any:
        value = document(exchange)
        for step in steps:
            value = value.get(step) if isinstance(value, Mapping) else None
        return value

    return read


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
