"""Settings check themselves, and say what is allowed."""

import json
import re
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest

from mockthingspace import create_app
from mockthingspace.core.exceptions import SettingsError
from mockthingspace.core.settings import (
    Settings,
    checked,
    default_text,
    from_environment,
    rows,
)

from ..rows import each

ACCOUNT, OTHER = "0242078689-00001", "0242078689-00002"
NAMES = [row.name for row in rows()]


def seed_file(folder: Path, settings: object, name: str = "seed.json") -> str:
    """Write a seed file with these settings and return its path."""
    path = folder / name
    path.write_text(json.dumps({"settings": settings}), "utf-8")
    return str(path)


def test_nothing_given_is_all_defaults() -> None:
    """Settings without arguments have each row's default."""
    settings = Settings()
    assert {name: getattr(settings, name) for name in NAMES} == {
        "host": "127.0.0.1",
        "port": 8440,
        "auth": "off",
        "registration_rules": "relaxed",
        "deregister_missing": "error",
        "dialect": "sdk",
        "credentials": None,
        "accounts": None,
        "retries": "documented",
        "actions": "immediate",
        "attempt_timeout_s": 10.0,
        "secret_header": "X-ThingSpace-Secret",
        "signature_header": "X-ThingSpace-Signature",
        "clock": "real",
        "allow_public_listeners": False,
        "journal_limit": 10_000,
        "allowed_hosts": frozenset(),
        "seed": None,
    }


def test_settings_are_frozen() -> None:
    """A setting cannot be changed once made."""
    settings = Settings()
    with pytest.raises(FrozenInstanceError):
        settings.port = 1  # type: ignore[misc]


GOOD: list[tuple[str, Any, Any]] = [
    ("host", "::1", "::1"),
    ("port", 0, 0),
    ("port", "65535", 65535),
    ("auth", "strict", "strict"),
    ("registration_rules", "enforced", "enforced"),
    ("deregister_missing", "ok", "ok"),
    ("dialect", "sdk", "sdk"),
    ("dialect", "docs", "docs"),
    ("credentials", None, None),
    ("credentials", {"ann": "a:b"}, {"ann": "a:b"}),
    ("credentials", "ann:a:b,bob:c", {"ann": "a:b", "bob": "c"}),
    ("accounts", None, None),
    ("accounts", f"{ACCOUNT}, {OTHER}", frozenset({ACCOUNT, OTHER})),
    ("accounts", [ACCOUNT, OTHER], frozenset({ACCOUNT, OTHER})),
    ("accounts", [], frozenset()),
    ("accounts", "TestAccount-7", frozenset({"TestAccount-7"})),
    ("accounts", ["TestQAAccount"], frozenset({"TestQAAccount"})),
    ("retries", "observed", "observed"),
    ("retries", "none", "none"),
    ("retries", "1.5,2", "1.5,2"),
    ("retries", [300, 0.1], "300,0.1"),
    ("retries", (1234567, 0), "1234567,0"),
    ("actions", "manual", "manual"),
    ("actions", "2.5", 2.5),
    ("actions", 30 * 24 * 3600, 30 * 24 * 3600.0),
    ("attempt_timeout_s", 1, 1.0),
    ("attempt_timeout_s", "0.25", 0.25),
    ("attempt_timeout_s", 30 * 24 * 3600, 30 * 24 * 3600.0),
    ("secret_header", "X-Secret", "X-Secret"),
    ("secret_header", "a" * 100, "a" * 100),
    ("signature_header", "!#$%&'*+.^_`|~-09azAZ", "!#$%&'*+.^_`|~-09azAZ"),
    ("clock", "manual", "manual"),
    ("allow_public_listeners", "Yes", True),
    ("allow_public_listeners", "1", True),
    ("allow_public_listeners", "on", True),
    ("allow_public_listeners", "OFF", False),
    ("allow_public_listeners", "no", False),
    ("allow_public_listeners", "0", False),
    ("allow_public_listeners", True, True),
    ("journal_limit", 1, 1),
    ("journal_limit", 10**9, 10**9),
    ("allowed_hosts", ("a", "a"), frozenset("a")),
    ("seed", None, None),
]


@each(("name", "value", "expected"), GOOD, ids=[f"{row[0]}={row[1]}" for row in GOOD])
def test_a_good_value_is_parsed(name: str, value: Any, expected: Any) -> None:
    """A value is taken as a flag, a variable, JSON and Python spell it."""
    assert getattr(Settings(**{name: value}), name) == expected


NAN, INFINITE = float("nan"), float("inf")
BAD: dict[str, list[Any]] = {
    "host": [None, 5, True, "", "  ", "a\nb", "a\0", b"a", ["a"]],
    "port": [None, True, False, -1, 65536, 10**30, NAN, INFINITE, 80.0, "", "a"],
    "auth": [None, True, 0, "", "Strict", "on", ["off"]],
    "registration_rules": [None, True, "", "Enforced", "strict", []],
    "deregister_missing": [None, False, "", "ERROR", "ignore"],
    "dialect": [None, True, "", "SDK", "page", ["sdk"]],
    "credentials": [5, True, "", "ann", "ann:", ":a", "ann:a,bob", {"ann": ""}],
    "accounts": [5, True, NAN, "", "a,", "a,,b", [""], [5], [None], {"a": 1}, b"ab"],
    "journal_limit": [None, True, 0, -1, 10**9 + 1, 10**30, NAN, INFINITE, 1.0, ""],
    "retries": [None, 5, True, "", "Documented", "1,", "a", "-1", [], {}, {"5": 1}],
    "actions": [None, True, 0, -1, "0", NAN, "", "Manual", "later", b"5", [], 10**400],
    "attempt_timeout_s": [None, True, 0, -1, "0", NAN, INFINITE, 10**400, "", b"5", []],
    "secret_header": [
        *(None, True, 5, "", " ", "a b", "a:", "a\n", "ä", "a" * 101),
        *("Server", "x-mock-reason", "Content-Length", "Host", "TE"),
    ],
    "signature_header": [None, False, "", "X-Sign\r\nature", "a\0", b"a", ["a"], {}],
    "clock": [None, True, 0, "", "Manual", ["real"]],
    "allow_public_listeners": [None, 1, 0, 1.0, NAN, "", "maybe", [], {}],
    "allowed_hosts": [None, 5, "", ["a\t"], [5], {"a": 1}],
    "seed": [5, True, ["a"], "a\0b", ""],
}
BAD["retries"] += [[None], [True], ["a"], [NAN], [-1], [10**400], "nan", "1;2", b"5"]
BAD["port"] += ["8.5", "9" * 5000, b"5", [], {}]
BAD["credentials"] += [{"ann": None}, {"ann": 5}, {"": "a"}, {"ann": "a\n"}, ["ann"]]
BAD["accounts"] += ["TestAccount-", "testqaaccount", "TestAccount-12345678901"]
BAD["accounts"] += ["a", "5", f"{ACCOUNT},5", [f"{ACCOUNT}0"], "٠٢٤٢٠٧٨٦٨٩-٠٠٠٠١"]
BAD_ROWS = [(name, value) for name, values in BAD.items() for value in values]


@each(("name", "value"), BAD_ROWS, ids=[f"{row[0]}={row[1]!r:.20}" for row in BAD_ROWS])
def test_a_bad_value_is_refused(name: str, value: Any) -> None:
    """A value of the wrong type or outside its bounds is an error of ours."""
    with pytest.raises(SettingsError):
        Settings(**{name: value})


@each("name", [name for name in NAMES if name != "seed"])
def test_a_bad_value_names_what_is_allowed(name: str) -> None:
    """The error for a bad value has the setting, the value and what it takes."""
    row = next(row for row in rows() if row.name == name)
    with pytest.raises(SettingsError) as caught:
        Settings(**{name: BAD[name][0]})
    shown = repr(BAD[name][0]) if name != "credentials" else "(value hidden)"
    assert str(caught.value) == (
        f"{name}: {shown} cannot be used; allowed: {row.metadata['kind'].allowed}"
    )


def test_every_setting_that_takes_words_names_them() -> None:
    """The words a setting takes stand in what it allows."""
    with pytest.raises(SettingsError, match=r"off \| present \| strict$"):
        Settings(auth="on")


def test_the_largest_journal_can_be_had() -> None:
    """The largest journal that settings allow is one a server can start with."""
    assert create_app(Settings(journal_limit=10**9)) is not None


def test_passwords_are_not_in_the_repr() -> None:
    """Credentials are left out where settings are printed."""
    assert "hunter2" not in repr(Settings(credentials={"ann": "hunter2"}))


def test_passwords_are_not_in_an_error() -> None:
    """An error about credentials does not repeat them."""
    with pytest.raises(SettingsError) as caught:
        Settings(credentials={"ann": "hunter2\n"})
    assert "hunter2" not in str(caught.value)


@each(
    ("name", "hint"),
    [
        ("prot", "did you mean 'port'? known: host, port, "),
        ("alowed_host", "did you mean 'allowed_hosts'? known: host, "),
        ("zzz", "in the file: known: host, port, "),
        ("", "in the file: known: host, port, "),
    ],
    ids=["prot", "alowed_host", "nothing near", "empty"],
)
def test_an_unknown_setting_is_named_with_those_there_are(name: str, hint: str) -> None:
    """The error for an unknown key says which it was, the nearest, and all."""
    with pytest.raises(SettingsError) as caught:
        checked({name: 1}, "the file")
    message = str(caught.value)
    assert message.startswith(f"unknown setting {name!r} in the file: ")
    assert hint in message


OLD: list[tuple[str, str, str]] = [
    ("follow", "pages", "it is now dialect, with docs instead of pages"),
    ("public_listeners", "true", "it is now allow_public_listeners"),
    ("profile", "none", "it is now retries"),
    (
        "strict",
        "true",
        "it is now registration_rules, with enforced instead of true, relaxed instead "
        "of false",
    ),
    (
        "missing",
        "succeed",
        "it is now deregister_missing, with error instead of refuse, ok instead of "
        "succeed",
    ),
]


@each(("name", "value", "said"), OLD)
def test_an_old_name_is_told_the_new_one(
    tmp_path: Path, name: str, value: str, said: str
) -> None:
    """A keyword, a variable and a seed's key with an old name are told the new."""
    path = seed_file(tmp_path, {name: value})
    attempts: dict[str, Callable[[], object]] = {
        "the call": lambda: Settings(**{name: value}),
        "the environment (MOCKTHINGSPACE_…)": lambda: from_environment(
            {f"MOCKTHINGSPACE_{name.upper()}": value}, set()
        ),
        path: lambda: Settings(seed=path),
    }
    for origin, attempt in attempts.items():
        with pytest.raises(SettingsError) as caught:
            attempt()
        start = f"unknown setting {name!r} in {origin}: {said}; known: host, "
        assert str(caught.value)[: len(start)] == start


@each("settings", [None, [], "port", 5, True], ids=repr)
def test_settings_that_are_no_object_are_refused(settings: object) -> None:
    """Settings are an object of names."""
    with pytest.raises(SettingsError, match=r"^the settings in it must be an object$"):
        checked(settings, "it")


def test_the_seed_file_is_between_the_explicit_and_the_default(tmp_path: Path) -> None:
    """What is given beats the seed file, and the seed file beats the default."""
    path = seed_file(tmp_path, {"port": 1, "auth": "present"})
    settings = Settings(port=2, seed=path)
    assert (settings.port, settings.auth, settings.deregister_missing) == (
        2,
        "present",
        "error",
    )


def test_a_given_default_beats_the_seed_file(tmp_path: Path) -> None:
    """A value that is given counts as given even where it is the default."""
    path = seed_file(tmp_path, {"auth": "strict"})
    assert Settings(auth="off", seed=path).auth == "off"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "the seed file .* is not JSON: "),
        (b"\xff", "the seed file .* is not JSON: "),
        (b"[" * 100_000, "the seed file .* is not JSON: "),
        (b"[]", "must hold a JSON object"),
        (b"null", "must hold a JSON object"),
        (b'{"settings": []}', "must be an object"),
        (b'{"settings": {"prot": 1}}', "did you mean 'port'"),
        (b'{"settings": {"port": NaN}}', "allowed: a port from 0 to 65535"),
        (b'{"settings": {"accounts": {}}}', "allowed: accounts"),
        (b'{"settings": {"seed": "a"}}', "the settings in .* cannot name a seed"),
        (b'{"settings": {"allowed_hosts": null}}', "allowed: names"),
    ],
    ids=lambda value: value[:24].decode("latin-1") if isinstance(value, bytes) else "",
)
def test_a_seed_file_that_cannot_be_used_is_refused(
    tmp_path: Path, content: bytes, words: str
) -> None:
    """A seed file that is no object of known settings is an error that says why."""
    path = tmp_path / "seed.json"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=words):
        Settings(seed=str(path))


def test_a_seed_that_is_not_json_is_told_where_and_what_is_usual(
    tmp_path: Path,
) -> None:
    """A trailing comma is found without counting characters."""
    path = tmp_path / "seed.json"
    path.write_text('{\n  "settings": {},\n}')
    with pytest.raises(SettingsError) as caught:
        Settings(seed=str(path))
    said = str(caught.value)
    assert re.match(rf"the seed file {path} is not JSON: line [23], column \d+: ", said)
    assert said.endswith("(usual: a comma before } or ], single quotes, a comment)")


def test_a_seed_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The error for a missing seed file has its path."""
    path = str(tmp_path / "none.json")
    with pytest.raises(SettingsError) as caught:
        Settings(seed=path)
    assert str(caught.value).startswith(f"cannot read the seed file {path}: ")


def test_but_changes_only_what_it_is_told() -> None:
    """Changed settings keep every other value."""
    assert Settings(port=2, auth="strict") == Settings(port=1, auth="strict").but(
        port=2
    )


def test_but_keeps_what_was_not_given_not_given() -> None:
    """A default stays a default, so a seed file named later still fills it in."""
    settings = Settings(auth="strict").but(port=2)
    assert settings.given == {"auth", "port"}


def test_but_counts_the_seed_files_values_as_given(tmp_path: Path) -> None:
    """A port from the seed file is one that was chosen."""
    settings = Settings(seed=seed_file(tmp_path, {"port": 1})).but(auth="present")
    assert settings.given == {"seed", "port", "auth"}


def test_but_reads_no_seed_file_again(tmp_path: Path) -> None:
    """Settings can be changed after their seed file has gone."""
    path = seed_file(tmp_path, {"port": 1, "auth": "present"})
    settings = Settings(seed=path)
    Path(path).unlink()
    changed = settings.but(port=2)
    assert (changed.seed, changed.port, changed.auth) == (path, 2, "present")


def test_another_seed_file_takes_the_place_of_the_first(tmp_path: Path) -> None:
    """Values from one seed file do not outlive a change to another."""
    first = Settings(
        deregister_missing="ok",
        seed=seed_file(tmp_path, {"port": 1, "auth": "present"}),
    )
    second = first.but(port=3).but(
        seed=seed_file(
            tmp_path, {"port": 2, "registration_rules": "enforced"}, "second.json"
        )
    )
    assert (
        second.port,
        second.auth,
        second.registration_rules,
        second.deregister_missing,
    ) == (
        3,
        "off",
        "enforced",
        "ok",
    )


def test_but_refuses_an_unknown_setting() -> None:
    """A change of what is no setting is named."""
    with pytest.raises(SettingsError, match="unknown setting 'prot' in the call"):
        Settings().but(prot=1)


def test_the_environment_gives_settings_by_name() -> None:
    """Variables with the prefix are settings, all others are not looked at."""
    environ = {
        "MOCKTHINGSPACE_PORT": "1",
        "MOCKTHINGSPACE_JOURNAL_LIMIT": "2",
        "MOCKTHINGSPACE_URL": "http://localhost",
        "PORT": "3",
    }
    assert from_environment(environ, {"MOCKTHINGSPACE_URL"}) == {
        "port": "1",
        "journal_limit": "2",
    }


def test_an_unknown_variable_is_refused() -> None:
    """A variable with the prefix that names no setting is a mistake."""
    with pytest.raises(
        SettingsError, match="unknown setting 'prot' in the environment"
    ):
        from_environment({"MOCKTHINGSPACE_PROT": "1"}, set())


@each(
    ("default", "expected"),
    [
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (8440, "8440"),
        ("off", "off"),
        (None, "none"),
        (frozenset(), "none"),
    ],
    ids=str,
)
def test_a_default_is_spelled_as_a_person_would_set_it(
    default: object, expected: str
) -> None:
    """Help and tables show true and none, not Python's words."""
    assert default_text(default) == expected
