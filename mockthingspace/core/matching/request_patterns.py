"""Patterns: what a script looks for among the exchanges, as criteria.

A pattern has WireMock's keys (``method``, ``url``, ``urlPath``, ``urlPattern``,
``urlPathPattern``, ``headers``, ``queryParameters``, ``bodyPatterns``) and ours
(``family``, ``operation``, ``account``, ``status``). Unknown keys are rejected: a
pattern that asks for less than its author thinks would find too much. And what would
take too long is refused: a pattern has so many seconds of the processor for all
exchanges together, however long a busy machine takes over them.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from operator import attrgetter, eq
from time import thread_time
from typing import Any
from urllib.parse import parse_qs

from mockthingspace.core import serializers
from mockthingspace.core.exceptions import LONGEST_QUOTE, AdminError
from mockthingspace.core.matching import json_patterns
from mockthingspace.core.matching.criteria import ABSENT, PRESENT, Criterion, redacted
from mockthingspace.core.models import Exchange

MATCHING_S = 5.0  # of the processor
MOST_CRITERIA = 200
# Preparing a long one takes time that grows with its cube, and nothing limits it.
LONGEST_EXPRESSION = 500
_RECURSIVE = re.compile(r"\(\?(?:R|[+-]?[0-9]|&|P>)")
Judge = Callable[[str], bool]


def criteria(pattern: Mapping[str, Any]) -> list[Criterion]:
    """Turn a pattern into criteria.

    They are for one request, and for the thread that makes them.

    Raises:
        AdminError: A key or a matcher is unknown; the message names those known.
            Later, a criterion raises it when the pattern takes too long.
    """
    made: list[Criterion] = []
    until_s = thread_time() + MATCHING_S
    for key, wanted in pattern.items():
        if key not in _KEYS:
            raise AdminError(
                "unknown_key", f"unknown key {key!r}; a pattern has {', '.join(_KEYS)}"
            )
        for criterion in _KEYS[key](key, wanted):
            if thread_time() > until_s:
                raise _too_slow(criterion)
            limited = _limited(criterion, until_s)
            made.append(_any_of_them(limited) if _KEYS[key] is _query else limited)
            if len(made) > MOST_CRITERIA:
                raise AdminError(
                    "too_large", f"a pattern has at most {MOST_CRITERIA} criteria"
                )
    return made


def _limited(criterion: Criterion, until_s: float) -> Criterion:
    """Let a criterion raise once this thread has had so much of the processor."""
    if criterion.field in _EXACT:
        return criterion

    def in_time(act: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def act_in_time(value: Any) -> Any:
            try:
                if thread_time() > until_s:
                    raise TimeoutError
                return act(value)
            except TimeoutError as error:
                raise _too_slow(criterion) from error

        return act_in_time

    read, holds = in_time(criterion.read), in_time(criterion.holds)
    return criterion._replace(read=read, holds=holds)


def _too_slow(criterion: Criterion) -> AdminError:
    expected = redacted(criterion.field, criterion.expected)[:LONGEST_QUOTE]
    asked = f"{criterion.field} {expected}".rstrip()
    return AdminError(
        "too_slow",
        f"{asked}: matching took more than {MATCHING_S:g} s of processor time; use an "
        "expression without nested repetition, or a shorter document",
    )


def _exact(key: str, wanted: Any) -> list[Criterion]:
    _typed(key, wanted, int if key == "status" else str)
    return [Criterion(key, str(wanted), attrgetter(key), partial(eq, wanted))]


def _method(key: str, wanted: Any) -> list[Criterion]:
    return [] if wanted == "ANY" else _exact(key, wanted)


def _url(key: str, wanted: Any) -> list[Criterion]:
    read = serializers.raw_path if "Path" in key else serializers.raw_url
    operator = "matches" if key.endswith("Pattern") else "equalTo"
    return [_matcher(key, read, operator, wanted)]


def _headers(key: str, wanted: Any) -> Iterator[Criterion]:
    def reader(name: str) -> Callable[[Exchange], Any]:
        return lambda item: serializers.raw_headers(item.headers).get(name.title())

    return _named(key, wanted, reader)


def _query(key: str, wanted: Any) -> Iterator[Criterion]:
    def reader(name: str) -> Callable[[Exchange], Any]:
        return lambda exchange: _parameters(exchange.query).get(name)

    return _named(key, wanted, reader)


@lru_cache(maxsize=1)  # each exchange is read by every criterion in turn
def _parameters(query: str) -> Mapping[str, list[str]]:
    return parse_qs(query, keep_blank_values=True)


def _any_of_them(criterion: Criterion) -> Criterion:
    """Hold if one value does, where a parameter may come more than once."""
    return criterion._replace(
        holds=lambda values: any(map(criterion.holds, values or [None])),
        spell=" and ".join,
    )


def _named(
    key: str, wanted: Any, reader: Callable[[str], Callable[[Exchange], Any]]
) -> Iterator[Criterion]:
    for name, matcher in _mapping(key, wanted).items():
        field = f"{key}.{name}"
        yield from _matchers(field, reader(name), _mapping(field, matcher))


def _body(key: str, wanted: Any) -> Iterator[Criterion]:
    for matcher in wanted if isinstance(wanted, list) else [wanted]:
        given = dict(_mapping(key, matcher))
        if "equalToJson" in given:
            yield from _json(given)
        else:
            yield from _matchers("body", _text, given, ("equalToJson",))


def _text(exchange: Exchange) -> str:
    return exchange.body.decode("utf-8", "replace")


def _json(given: dict[str, Any]) -> Iterator[Criterion]:
    wanted = given.pop("equalToJson")
    extra = _switch("body", json_patterns.EXTRA, given.pop(json_patterns.EXTRA, False))
    if given:
        raise _unknown("body", given, ("equalToJson", json_patterns.EXTRA))
    return json_patterns.equal(wanted, extra=extra)


def _matchers(
    field: str,
    read: Callable[[Exchange], Any],
    given: Mapping[str, Any],
    more: Iterable[str] = (),
) -> Iterator[Criterion]:
    if unknown := [name for name in given if name not in _MATCHERS]:
        raise _unknown(field, unknown, (*_MATCHERS, *more))
    for operator, wanted in given.items():
        yield _matcher(field, read, operator, wanted)


def _matcher(
    field: str, read: Callable[[Exchange], Any], operator: str, wanted: Any
) -> Criterion:
    if operator == "absent":
        _switch(field, operator, wanted)
        expected = ABSENT if wanted else PRESENT
        return Criterion(field, expected, read, lambda value: (value is None) == wanted)
    _typed(f"{field}: {operator}", wanted, str)
    make, negated = _OPERATORS[operator]
    judge = make(field, wanted)
    expected = wanted if operator == "equalTo" else f"{operator} {wanted}"
    return Criterion(
        field,
        expected,
        read,
        lambda value: value is not None and judge(value) != negated,
    )


def _same(_: str, wanted: str) -> Judge:
    return partial(eq, wanted)


def _holding(_: str, wanted: str) -> Judge:
    return lambda value: wanted in value


def _expression(field: str, wanted: str) -> Judge:
    """Compile a regular expression, of an engine that can be told to give up."""
    import regex  # few patterns have one, and it is not imported in no time

    if len(wanted) > LONGEST_EXPRESSION:
        raise AdminError(
            "invalid_pattern",
            f"{field}: an expression has at most {LONGEST_EXPRESSION} characters",
        )
    if _RECURSIVE.search(wanted):
        raise AdminError(
            "invalid_pattern",
            f"{field}: a recursive expression is refused: it may need any amount of "
            "memory",
        )
    try:
        expression = regex.compile(wanted, regex.DOTALL)
    except (regex.error, RecursionError) as error:
        asked = f"{field}: {redacted(field, wanted)!r}"
        raise AdminError("invalid_pattern", f"{asked}: {error}") from error

    def judge(value: str) -> bool:
        return bool(expression.fullmatch(value, timeout=MATCHING_S))

    return judge


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


def _unknown(field: str, given: Iterable[str], known: Iterable[str]) -> AdminError:
    unknown = ", ".join(repr(item) for item in given)
    return AdminError(
        "unknown_matcher", f"{field}: unknown {unknown}; known: {', '.join(known)}"
    )


_OPERATORS: dict[str, tuple[Callable[[str, str], Judge], bool]] = {
    "equalTo": (_same, False),
    "contains": (_holding, False),
    "doesNotContain": (_holding, True),
    "matches": (_expression, False),
    "doesNotMatch": (_expression, True),
}
_KEYS: dict[str, Callable[[str, Any], Iterable[Criterion]]] = {
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
    "status": _exact,
}
_EXACT = ("method", "family", "operation", "account", "status")  # cost next to nothing
_MATCHERS = (*_OPERATORS, "absent")
