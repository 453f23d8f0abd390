"""The settings of one server: a frozen value that has checked itself.

Each field is one row: its default, what it takes, what it does. The command
line's flags, the environment variables, the seed file's ``settings`` and the
table in docs/settings.md are all read from these rows.
"""

import json
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from mockthingspace.core.clock import Mode
from mockthingspace.core.exceptions import SettingsError, did_you_mean, not_json
from mockthingspace.core.redaction import HIDDEN
from mockthingspace.core.setting_types import (
    ACCOUNTS,
    ACTIONS,
    COUNT,
    CREDENTIALS,
    HEADER,
    NAMES,
    PORT,
    RETRIES,
    SECONDS,
    SEED,
    SWITCH,
    TEXT,
    SettingType,
    choice,
)

__tracebackhide__ = True  # in every frame of this module, for pytest
ENV_PREFIX = "MOCKTHINGSPACE_"
# What had another name, settings and words of the command line: the new one, and
# the new values of old ones.
RENAMED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "follow": ("dialect", {"pages": "docs"}),
    "profile": ("retries", {}),
    "public_listeners": ("allow_public_listeners", {}),
    "public": ("allow_public_listeners", {}),
    "heal": ("clear", {}),
    "mark": ("evidence", {}),
    "strict": ("registration_rules", {"true": "enforced", "false": "relaxed"}),
    "missing": ("deregister_missing", {"refuse": "error", "succeed": "ok"}),
}

_UNSET: Any = object()


def _setting(default: Any, kind: SettingType, does: str, repr: bool = True) -> Any:  # noqa: A002 (dataclasses' own word)
    row = {"default": default, "kind": kind, "does": does}
    return field(default=_UNSET, metadata=row, repr=repr)


@dataclass(frozen=True)
class Settings:
    """How one server behaves. See each field's row for what it takes.

    A field that is not given takes its value from the seed file's
    ``settings``, and its default otherwise.

    Raises:
        SettingsError: A value or the seed file cannot be used; the message
            names what is allowed.
    """

    host: str = _setting("127.0.0.1", TEXT, "address to bind")
    port: int = _setting(8440, PORT, "port to bind")
    auth: str = _setting(
        "off",
        choice("off", "present", "strict"),
        "off: no headers needed; present: bearer and VZ-M2M-Token must be there, "
        "any value; strict: only tokens issued here, with their lifetimes",
    )
    registration_rules: str = _setting(
        "relaxed",
        choice("enforced", "relaxed"),
        "enforced: hold registrations to ThingSpace's listener ports, to https "
        "(fota-v2 and -v3) and to 40-character credentials",
    )
    deregister_missing: str = _setting(
        "error",
        choice("error", "ok"),
        "the answer to deregistering what is not registered",
    )
    dialect: str = _setting(
        "sdk",
        choice("sdk", "docs"),
        "whose response format is used where ThingSpace's pages and its SDK disagree",
    )
    credentials: Mapping[str, str] | None = _setting(
        None,
        CREDENTIALS,
        "user names and passwords that may log in; unset: any are accepted",
        repr=False,
    )
    accounts: frozenset[str] | None = _setting(
        None, ACCOUNTS, "the only accounts that exist; unset: any account is accepted"
    )
    retries: str = _setting(
        "documented",
        RETRIES,
        "when a message is sent again: documented: 3 more times, 300 s apart; "
        "observed: once more, after 1.15 to 1.69 s, and overlapping after 4 s; "
        "none: never",
    )
    actions: str | float = _setting(
        "immediate",
        ACTIONS,
        "when an accepted action ends and its messages are sent: immediate; a number: "
        "after so many seconds of the server's clock; manual: when it is completed",
    )
    attempt_timeout_s: float = _setting(
        10.0, SECONDS, "how long a listener has to answer, in real time"
    )
    secret_header: str = _setting(
        "X-ThingSpace-Secret",
        HEADER,
        "header of a registration's reply with the secret that signs its messages "
        "(location, diagnostics; the real name is not known)",
    )
    signature_header: str = _setting(
        "X-ThingSpace-Signature",
        HEADER,
        "header of a message with its signature (the real name is not known)",
    )
    clock: Mode = _setting(  # noqa: RUF009 (as the others are)
        "real",
        choice("real", "manual"),
        "manual: stands still until it is advanced (the default in a fixture)",
    )
    allow_public_listeners: bool = _setting(
        False, SWITCH, "deliver to public addresses too"
    )
    journal_limit: int = _setting(
        10_000,
        COUNT,
        "exchanges and deliveries kept, at most 64 MiB of each; evictions are "
        "counted and reported",
    )
    allowed_hosts: frozenset[str] = _setting(
        frozenset(),
        NAMES,
        "additional Host names under which the admin API may be reached",
    )
    seed: str | None = _setting(
        None, SEED, "JSON file of registrations and settings to start from"
    )
    given: frozenset[str] = field(init=False, repr=False, compare=False)
    in_seed: frozenset[str] = field(init=False, repr=False, compare=False)

    def __new__(cls, *_: object, **given: object) -> "Settings":
        """Reject an unknown setting, and name it."""
        checked(given, "the call")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        """Fill in what was not given, from the seed file and the defaults."""
        chosen = {row.name: getattr(self, row.name) for row in rows()}
        chosen = {name: value for name, value in chosen.items() if value is not _UNSET}
        in_file: Mapping[str, Any] = {}
        if chosen.get("seed") is not None:
            path = str(chosen["seed"])
            in_file = checked(read_seed(path).get("settings", {}), path)
            if "seed" in in_file:
                raise SettingsError(f"the settings in {path} cannot name a seed")
        object.__setattr__(self, "in_seed", frozenset(in_file.keys() - chosen.keys()))
        chosen = {**in_file, **chosen}
        for row in rows():
            value = chosen.get(row.name, row.metadata["default"])
            kind: SettingType = row.metadata["kind"]
            object.__setattr__(self, row.name, kind.read(row.name, value, row.repr))
        object.__setattr__(self, "given", frozenset(chosen))

    def refuses(self, account: str) -> str | None:
        """Return why an account is not accepted; None where it is."""
        if self.accounts is None or account in self.accounts:
            return None
        names = ", ".join(sorted(self.accounts)) or "it is empty"
        return f"account {account} is not one of the accounts setting: {names}"

    def but(self, **changes: Any) -> "Settings":
        """Return these settings with some changed; what was not given stays so."""
        other_seed = "seed" in checked(changes, "the call")
        left_out = self.in_seed if other_seed else {"seed"}
        kept = {name: getattr(self, name) for name in self.given - left_out}
        made = Settings(**(kept | changes))
        if not other_seed:  # which was read when it was given, and is not read again
            object.__setattr__(made, "seed", self.seed)
            object.__setattr__(made, "given", self.given | made.given)
            object.__setattr__(made, "in_seed", self.in_seed - frozenset(changes))
        return made


@cache
def rows() -> tuple[Any, ...]:
    """Return the fields a user can set, in order, each with its row."""
    return tuple(row for row in fields(Settings) if row.init)


def as_settings(
    given: Settings | Mapping[str, Any] | None, origin: str = "the call"
) -> Settings:
    """Return settings that are a value already, or given by name.

    ``origin`` is where they came from, for the message.

    Raises:
        SettingsError: A setting is unknown or cannot be used.
    """
    if isinstance(given, Settings):
        return given
    return Settings(**checked({} if given is None else given, origin))


def plain(settings: Settings) -> dict[str, Any]:
    """Return settings by name as JSON has them, passwords in clear."""
    values = {row.name: getattr(settings, row.name) for row in rows()}
    return {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in values.items()
    }


def to_json(settings: Settings) -> dict[str, Any]:
    """Return settings by name as JSON has them, passwords hidden."""
    names = settings.credentials
    hidden = None if names is None else dict.fromkeys(names, HIDDEN)
    return plain(settings) | {"credentials": hidden}


def checked(mapping: object, origin: str) -> Mapping[str, Any]:
    """Refuse what is not an object of known settings.

    ``origin`` is where they came from, for the message.

    Raises:
        SettingsError: It is not an object, or a key is unknown.
    """
    known = [row.name for row in rows()]
    if not isinstance(mapping, Mapping):
        raise SettingsError(f"the settings in {origin} must be an object")
    for name in mapping:
        if name not in known:
            now = renamed(str(name), known)
            hint = f"{now}; " if now else did_you_mean(name, known)
            raise SettingsError(
                f"unknown setting {name!r} in {origin}: {hint}known: {', '.join(known)}"
            )
    return mapping


def renamed(old: str, among: Container[str | None], as_flag: bool = False) -> str:
    """Say what an old name is now; nothing where that is not among those there are."""
    name, values = RENAMED.get(old, ("", {}))
    if name not in among:
        return ""
    now = f"it is now {'--' + name.replace('_', '-') if as_flag else name}"
    instead = [f"{new} instead of {value}" for value, new in values.items()]
    return f"{now}, with {', '.join(instead)}" if instead else now


def from_environment(environ: Mapping[str, str], besides: set[str]) -> dict[str, str]:
    """Return the settings among the environment's variables, by name.

    ``besides`` are variables with our prefix that are not settings.

    Raises:
        SettingsError: A variable with our prefix names no setting.
    """
    found = {
        name.removeprefix(ENV_PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(ENV_PREFIX) and name not in besides
    }
    return dict(checked(found, f"the environment ({ENV_PREFIX}…)"))


def read_seed(path: str) -> Mapping[str, Any]:
    """Return the document in a seed file.

    Raises:
        SettingsError: It cannot be read, is not JSON, or is not an object.
    """
    try:
        document = json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read the seed file {path}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(not_json(f"the seed file {path}", error)) from error
    if not isinstance(document, Mapping):
        raise SettingsError(f"the seed file {path} must hold a JSON object")
    return document


def default_text(default: Any) -> str:
    """Spell a default as a person would set it."""
    if isinstance(default, bool):
        return str(default).lower()
    return str(default) if default or default == 0 else "none"
