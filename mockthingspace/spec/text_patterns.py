"""Regular expressions of what fields take, in the dialect JSON Schema has them in.

The fields themselves decide; these say the same to somebody who has only the
description of the API.
"""

from collections.abc import Iterable
from functools import cache

_URL = frozenset(map(chr, range(0x21, 0x7F)))
_INNER = "[A-Za-z0-9_-]"
_OUTER = "[A-Za-z0-9_]"
_LABEL = f"{_OUTER}(?:{_INNER}{{0,61}}{_OUTER})?"
_LABELS = rf"{_OUTER}{_INNER}{{0,62}}(?:\.{_INNER}{{1,63}})*\.{_INNER}{{0,62}}{_OUTER}"
_SHORT = r"(?![A-Za-z0-9_.-]{255})"
_NAME = rf"{_SHORT}(?![0-9.]+(?:[:/?#]|$))(?:{_LABEL}|{_LABELS})\.?"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_FOUR = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
_PART = "[0-9A-Fa-f]{1,4}"
_SIX = "|".join(
    (
        f"(?:{_PART}:){{7}}{_PART}",
        f"(?:{_PART}:){{1,7}}:",
        *(f"(?:{_PART}:){{1,{7 - n}}}(?::{_PART}){{1,{n}}}" for n in range(1, 7)),
        f":(?:(?::{_PART}){{1,7}}|:)",
    )
)
_PORT = "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]"


def whole(*patterns: str) -> str:
    """Return what matches a whole text that is one of the patterns."""
    one = "|".join(patterns)
    return f"^(?:{one})$" if len(patterns) > 1 else f"^{one}$"


def without(refused: str) -> str:
    """Return what matches any text without certain characters, and without NUL."""
    return f"^[^\\x00{_escaped(refused)}]*$"


@cache
def url(refused: str) -> str:
    """Return what matches a listener's URL, in ASCII.

    Args:
        refused: Characters that must not be in it.
    """
    taken = _URL - set(refused)
    tail, user = _one_of(taken), _one_of(taken - set('/?#[]"<>\\^`{|}'))
    host = rf"(?:{_NAME}|{_FOUR}|\[(?:{_SIX})\])"
    port = f"(?::(?:0*(?:{_PORT}|6553[0-5]))?)?"
    return f"^{any_case('http')}[Ss]?://(?:{user}*@)?{host}{port}(?:[/?#]{tail}*)?$"


def any_case(*words: str) -> str:
    """Return what matches one of some words, in capitals or not."""
    spelled = (
        "".join(
            f"[{letter.upper()}{letter}]" if letter.isalpha() else letter
            for letter in word.lower()
        )
        for word in words
    )
    return f"(?:{'|'.join(spelled)})"


def _one_of(characters: Iterable[str]) -> str:
    return f"[{_escaped(sorted(characters))}]"


def _escaped(characters: Iterable[str]) -> str:
    """Spell characters as they stand between brackets."""
    return "".join(
        f"\\{letter}" if letter in "\\]^-[" else letter for letter in characters
    )
