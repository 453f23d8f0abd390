"""What the settings take: sentences that say so, and the parsers that hold to them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mockthingspace.core.exceptions import SettingsError
from mockthingspace.core.models import HEADER_NAME, TRANSPORT_HEADERS, is_account
from mockthingspace.core.redaction import PLAIN_HEADERS
from mockthingspace.core.retry_schedule import SCHEDULES

__tracebackhide__ = True  # in every frame of this module, for pytest
LONGEST_S = 30 * 24 * 3600
_UNUSABLE = (ValueError, TypeError, LookupError, AttributeError, OverflowError)


class SettingType(NamedTuple):
    """What a setting or an option takes: a sentence that says so, and the parser.

    The parser is given what a flag, a variable, JSON or Python had; it returns
    the value, or raises one of ``_UNUSABLE``.
    """

    allowed: str
    parse: Callable[[Any], Any]

    def read(self, name: str, value: Any, shown: bool = True) -> Any:
        """Return a value parsed.

        ``shown`` is whether the message may quote it.

        Raises:
            SettingsError: It cannot be used; the message says what can.
        """
        try:
            return self.parse(value)
        except _UNUSABLE:
            given = repr(value) if shown else "(value hidden)"
            raise SettingsError(
                f"{name}: {given} cannot be used; allowed: {self.allowed}"
            ) from None


def choice(*words: str) -> SettingType:
    """Take one of a few words."""
    return SettingType(" | ".join(words), lambda value: words[words.index(value)])


def whole(lowest: int, highest: int, allowed: str) -> SettingType:
    """Take a whole number within bounds."""

    def parse(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise TypeError
        number = int(value)
        if not lowest <= number <= highest:
            raise ValueError
        return number

    return SettingType(allowed, parse)


def number(highest: float, allowed: str, above: bool = True) -> SettingType:
    """Take a number up to a bound, from 0 or above it."""

    def parse(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, float | int | str):
            raise TypeError
        made = float(value)
        if not 0 <= made <= highest or (above and not made):
            raise ValueError
        return made

    return SettingType(allowed, parse)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError
    return value


def _switch(value: Any) -> bool:
    words = {"true": True, "1": True, "yes": True, "on": True}
    words |= {"false": False, "0": False, "no": False, "off": False}
    return value if isinstance(value, bool) else words[value.lower()]


def _names(value: Any) -> frozenset[str]:
    if isinstance(value, Mapping):
        raise TypeError
    names = value.split(",") if isinstance(value, str) else value
    return frozenset(_text(name).strip() for name in names)


def _accounts(value: Any) -> frozenset[str] | None:
    names = None if value is None else _names(value)
    for name in names or ():
        _account(name)
    return names


def _credentials(value: Any) -> dict[str, str] | None:
    if value is None:
        return None
    if isinstance(value, str):
        pairs = [pair.split(":", 1) for pair in value.split(",")]
        value = dict(pairs)
    return {_text(name): _text(password) for name, password in dict(value).items()}


def _actions(value: Any) -> str | float:
    if value in ("immediate", "manual"):
        return str(value)
    return float(SECONDS.parse(value))


def _retries(value: Any) -> str:
    if isinstance(value, str) and value in SCHEDULES:
        return value
    pauses = value.split(",") if isinstance(value, str) else value
    if not isinstance(pauses, list | tuple) or not pauses:
        raise TypeError
    return ",".join(f"{PAUSE.parse(pause):.15g}" for pause in pauses)


def _account(value: Any) -> str:
    if not is_account(value):
        raise ValueError
    return str(value)


def _header(value: Any) -> str:
    taken = TRANSPORT_HEADERS | {name.lower() for name in PLAIN_HEADERS}
    if not HEADER_NAME.fullmatch(value) or value.lower() in taken:
        raise ValueError
    return str(value)


def _path(value: Any) -> str | None:
    return None if value is None else str(Path(value))


TEXT = SettingType("a host name or an address", _text)
PORT = whole(0, 65535, "a port from 0 to 65535; 0 picks a free one")
COUNT = whole(1, 10**9, "a whole number from 1 to 1000000000")
SWITCH = SettingType("true | false", _switch)
NAMES = SettingType("names, comma-separated or as a list", _names)
ACCOUNT = SettingType("an account such as 0242078689-00001", _account)
ACCOUNTS = SettingType(
    "accounts such as 0242078689-00001, comma-separated or as a list", _accounts
)
CREDENTIALS = SettingType("NAME:PASSWORD, comma-separated, or an object", _credentials)
SECONDS = number(LONGEST_S, "seconds, more than 0")
PAUSE = number(LONGEST_S, "seconds, 0 or more, at most 30 days", above=False)
ACTIONS = SettingType("immediate | manual, or seconds, more than 0", _actions)
RETRIES = SettingType(
    f"{' | '.join(SCHEDULES)}, or the pauses between attempts in seconds, "
    "comma-separated or as a list",
    _retries,
)
HEADER = SettingType("the name of an HTTP header that has no other meaning", _header)
SEED = SettingType("the path of a JSON file", _path)
