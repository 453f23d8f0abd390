"""Patterns: what a script looks for among the exchanges, as criteria.

A pattern has WireMock's keys (``method``, ``url``, ``urlPath``, ``urlPattern``,
``urlPathPattern``, ``headers``, ``queryParameters``, ``bodyPatterns``) and ours
(``family``, ``operation``, ``account``, ``status``).
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

from mockthingspace import rendering
from mockthingspace.errors import AdminError
from mockthingspace.matching import ABSENT, Criterion, words
from mockthingspace.model import Exchange


def criteria(pattern: Mapping[str, Any]) -> list[Criterion]:
    """Turn a pattern into criteria.

    Raises:
        AdminError: A key or a matcher is unknown; the message names those known.
    """
    made: list[Criterion] = []
    for key, wanted in pattern.items():
        if key not in _KEYS:
            raise AdminError(
                "unknown_key", f"unknown key {key!r}; a pattern has {', '.join(_KEYS)}"
            )
        made.extend(_KEYS[key](key, wanted))
    return made


def _exact(key: str, wanted: Any) -> list[Criterion]:
    _typed(key, wanted, str)
    return [Criterion(key, wanted, lambda one: getattr(one, key), _equal(wanted))]


def _status(key: str, wanted: Any) -> list[Criterion]:
    _typed(key, wanted, int)
    return [Criterion(key, str(wanted), lambda one: one.status, _equal(wanted))]


def _method(key: str, wanted: Any) -> list[Criterion]:
    return [] if wanted == "ANY" else _exact(key, wanted)


def _url(key: str, wanted: Any) -> list[Criterion]:
    read = _path if "Path" in key else rendering.raw_url
    operator = "matches" if key.endswith("Pattern") else "equalTo"
    return [_matcher(key, read, operator, wanted)]


def _path(exchange: Exchange) -> str:
    return rendering.raw_url(exchange).partition("?")[0]


def _headers(key: str, wanted: Any) -> list[Criterion]:
    def reader(name: str) -> Callable[[Exchange], Any]:
        return lambda one: rendering.raw_headers(one.headers).get(name.title())

    return _named(key, wanted, reader)


def _query(key: str, wanted: Any) -> list[Criterion]:
    def reader(name: str) -> Callable[[Exchange], Any]:
        def read(exchange: Exchange) -> Any:
            values = parse_qs(exchange.query, keep_blank_values=True)
            return values.get(name, [None])[0]

        return read

    return _named(key, wanted, reader)


def _named(
    key: str, wanted: Any, reader: Callable[[str], Callable[[Exchange], Any]]
) -> list[Criterion]:
    made: list[Criterion] = []
    for name, matcher in _mapping(key, wanted).items():
        field = f"{key}.{name}"
        made.extend(_matchers(field, reader(name), _mapping(field, matcher)))
    return made


def _body(key: str, wanted: Any) -> list[Criterion]:
    made: list[Criterion] = []
    for matcher in wanted if isinstance(wanted, list) else [wanted]:
        given = dict(_mapping(key, matcher))
        if "equalToJson" in given:
            made.extend(_json(given))
        else:
            made.extend(_matchers("body", _text, given))
    return made


def _text(exchange: Exchange) -> str:
    return exchange.body.decode("utf-8", "replace")


def _document(exchange: Exchange) -> Any:
    try:
        return json.loads(exchange.body)
    except (ValueError, RecursionError):
        return None


def _json(given: dict[str, Any]) -> list[Criterion]:
    """Compare a JSON body; an object field by field, so that each can be named."""
    wanted = given.pop("equalToJson")
    options = ("ignoreExtraElements", "ignoreArrayOrder")
    extra, unordered = (
        _switch("body", name, given.pop(name, False)) for name in options
    )
    if given:
        raise _unknown("body", given, ("equalToJson", *options))
    if isinstance(wanted, str):
        try:
            wanted = json.loads(wanted)
        except ValueError as error:
            raise AdminError("invalid_pattern", f"equalToJson: {error}") from error
    if not isinstance(wanted, Mapping):
        holds = _same_json(wanted, unordered)
        return [Criterion("body", words(wanted), _document, holds)]

    def reader(name: str) -> Callable[[Exchange], Any]:
        def read(exchange: Exchange) -> Any:
            document = _document(exchange)
            return document.get(name) if isinstance(document, Mapping) else None

        return read

    made = [
        Criterion(
            f"body.{name}", words(value), reader(name), _same_json(value, unordered)
        )
        for name, value in wanted.items()
    ]
    if not extra:
        names = sorted(wanted)
        made.append(Criterion("body", f"only {names}", _fields, _equal(names)))
    return made


def _equal(wanted: Any) -> Callable[[Any], bool]:
    return lambda value: bool(value == wanted)


def _same_json(wanted: Any, unordered: bool) -> Callable[[Any], bool]:
    """Compare as JSON does: ``true`` is not ``1``, whatever Python thinks."""

    def spelled(value: Any) -> str:
        value = _sorted(value) if unordered else value
        return json.dumps(value, sort_keys=True)

    expected = spelled(wanted)
    return lambda value: spelled(value) == expected


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _sorted(below) for name, below in value.items()}
    if not isinstance(value, list):
        return value
    below = [_sorted(one) for one in value]
    return sorted(below, key=lambda one: json.dumps(one, sort_keys=True))


def _fields(exchange: Exchange) -> Any:
    document = _document(exchange)
    return sorted(document) if isinstance(document, Mapping) else None


def _matchers(
    field: str, read: Callable[[Exchange], Any], given: Mapping[str, Any]
) -> list[Criterion]:
    name = "caseInsensitive"
    flags = re.IGNORECASE if _switch(field, name, given.get(name, False)) else 0
    return [
        _matcher(field, read, operator, wanted, flags)
        for operator, wanted in given.items()
        if operator != name
    ]


def _matcher(
    field: str,
    read: Callable[[Exchange], Any],
    operator: str,
    wanted: Any,
    flags: int = 0,
) -> Criterion:
    if operator == "absent":
        _switch(field, operator, wanted)
        return Criterion(field, ABSENT, read, lambda value: (value is None) == wanted)
    if operator not in _OPERATORS:
        raise _unknown(field, {operator: wanted}, (*_OPERATORS, "absent"))
    _typed(f"{field}: {operator}", wanted, str)
    source, negated = _OPERATORS[operator](wanted)
    try:
        pattern = re.compile(source, flags | re.DOTALL)
    except (re.error, OverflowError, RecursionError) as error:
        raise AdminError("invalid_pattern", f"{field}: {wanted!r}: {error}") from error
    expected = wanted if operator == "equalTo" else f"{operator} {wanted}"
    return Criterion(
        field,
        expected,
        read,
        lambda value: value is not None and bool(pattern.fullmatch(value)) != negated,
    )


def _switch(field: str, name: str, value: Any) -> bool:
    return bool(_typed(f"{field}: {name}", value, bool))


def _typed(field: str, value: Any, kind: type) -> Any:
    if type(value) is not kind:
        kinds = {str: "a string", int: "a whole number", bool: "true or false"}
        raise AdminError("invalid_pattern", f"{field}: must be {kinds[kind]}")
    return value


def _mapping(field: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise AdminError("invalid_pattern", f"{field}: must be an object")
    return value


def _unknown(field: str, given: Mapping[str, Any], known: Iterable[str]) -> AdminError:
    unknown = ", ".join(repr(one) for one in given)
    return AdminError(
        "unknown_matcher", f"{field}: unknown {unknown}; there are {', '.join(known)}"
    )


_OPERATORS: dict[str, Callable[[str], tuple[str, bool]]] = {
    "equalTo": lambda wanted: (re.escape(wanted), False),
    "contains": lambda wanted: (f".*{re.escape(wanted)}.*", False),
    "doesNotContain": lambda wanted: (f".*{re.escape(wanted)}.*", True),
    "matches": lambda wanted: (wanted, False),
    "doesNotMatch": lambda wanted: (wanted, True),
}
_KEYS: dict[str, Callable[[str, Any], list[Criterion]]] = {
    "method": _method,
    "url": _url,
    "urlPath": _url,
    "urlPattern": _url,
    "urlPathPattern": _url,
    "headers": _headers,
    "queryParameters": _query,
    "bodyPatterns": _body,
    "family": _exact,
    "operation": _exact,
    "account": _exact,
    "status": _status,
}
