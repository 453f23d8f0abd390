"""Patterns: what a script looks for among the exchanges, as criteria.

A pattern has WireMock's keys (``method``, ``url``, ``urlPath``, ``urlPattern``,
``urlPathPattern``, ``headers``, ``queryParameters``, ``basicAuth``,
``bodyPatterns``) and ours (``family``, ``operation``, ``account``, ``status``).
What is not known is refused by its name: a pattern that asks for less than its
author thinks would find too much.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

from mockthingspace import json_patterns, rendering
from mockthingspace.errors import AdminError
from mockthingspace.matching import ABSENT, PRESENT, Criterion
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
    read = rendering.raw_path if "Path" in key else rendering.raw_url
    operator = "matches" if key.endswith("Pattern") else "equalTo"
    return [_matcher(key, read, operator, wanted)]


def _headers(key: str, wanted: Any) -> list[Criterion]:
    def reader(name: str) -> Callable[[Exchange], Any]:
        return lambda one: rendering.raw_headers(one.headers).get(name.title())

    return _named(key, wanted, reader)


def _query(key: str, wanted: Any) -> list[Criterion]:
    def reader(name: str) -> Callable[[Exchange], Any]:
        def read(exchange: Exchange) -> Any:
            return parse_qs(exchange.query, keep_blank_values=True).get(name)

        return read

    return [_any_of_them(one) for one in _named(key, wanted, reader)]


def _any_of_them(criterion: Criterion) -> Criterion:
    """Hold if one value does, where a parameter may come more than once."""
    return criterion._replace(
        holds=lambda values: any(map(criterion.holds, values or [None])),
        spell=" and ".join,
    )


def _named(
    key: str, wanted: Any, reader: Callable[[str], Callable[[Exchange], Any]]
) -> list[Criterion]:
    made: list[Criterion] = []
    for name, matcher in _mapping(key, wanted).items():
        field = f"{key}.{name}"
        made.extend(_matchers(field, reader(name), _mapping(field, matcher)))
    return made


def _basic(key: str, wanted: Any) -> list[Criterion]:
    given = _mapping(key, wanted)
    if given.keys() != {"username", "password"}:
        raise _unknown(key, given, ("username", "password"))
    pair = ":".join(_typed(f"{key}: {name}", given[name], str) for name in _PAIR)
    proof = b64encode(pair.encode("utf-8", "replace")).decode()
    return _headers("headers", {"Authorization": {"equalTo": f"Basic {proof}"}})


def _body(key: str, wanted: Any) -> list[Criterion]:
    made: list[Criterion] = []
    for matcher in wanted if isinstance(wanted, list) else [wanted]:
        given = dict(_mapping(key, matcher))
        if "equalToJson" in given:
            made.extend(_json(given))
        elif "matchesJsonPath" in given:
            made.extend(_json_path(given))
        else:
            made.extend(_matchers("body", _text, given, _OF_A_BODY))
    return made


def _text(exchange: Exchange) -> str:
    return exchange.body.decode("utf-8", "replace")


def _json(given: dict[str, Any]) -> list[Criterion]:
    wanted = given.pop("equalToJson")
    options = (json_patterns.EXTRA, json_patterns.UNORDERED)
    extra, unordered = (
        _switch("body", name, given.pop(name, False)) for name in options
    )
    if given:
        raise _unknown("body", given, ("equalToJson", *options))
    return json_patterns.equal(wanted, extra=extra, unordered=unordered)


def _json_path(given: dict[str, Any]) -> list[Criterion]:
    field, read, matchers = json_patterns.at_path(given.pop("matchesJsonPath"))
    if given:
        raise _unknown("body", given, ("matchesJsonPath",))
    return _matchers(field, read, matchers)


def _equal(wanted: Any) -> Callable[[Any], bool]:
    return lambda value: bool(value == wanted)


def _matchers(
    field: str,
    read: Callable[[Exchange], Any],
    given: Mapping[str, Any],
    more: Iterable[str] = (),
) -> list[Criterion]:
    name = "caseInsensitive"
    if unknown := {one: given[one] for one in given if one not in _MATCHERS}:
        raise _unknown(field, unknown, (*_OPERATORS, "absent", *more))
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
        expected = ABSENT if wanted else PRESENT
        return Criterion(field, expected, read, lambda value: (value is None) == wanted)
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
    "basicAuth": _basic,
    "basicAuthCredentials": _basic,
}
_MATCHERS = frozenset({*_OPERATORS, "absent", "caseInsensitive"})
_OF_A_BODY = ("equalToJson", "matchesJsonPath")
_PAIR = ("username", "password")
