"""The pytest plugin: fixtures, an option, a marker and a section in reports.

Every pytest run of every user imports this module, so it imports pytest and
nothing else; the server is imported by the first fixture that needs it.

A running server is shared by a session's tests (one per xdist worker, on a
port of its own), and reset before each. With ``--thingspace-url`` it is shared
by everybody who uses that URL; then a test keeps to an account of its own.
"""

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from itertools import count, cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mockthingspace import Listener, MockThingSpace, Settings

SHOWN = 50
BROKEN = "the server failed"
_HANDLE = pytest.StashKey["MockThingSpace"]()
_BEGAN = pytest.StashKey[int]()
_JOURNAL = pytest.StashKey[str]()
_PASSED = pytest.StashKey[bool]()
OPTION, VARIABLE = "--thingspace-url", "MOCKTHINGSPACE_URL"
WHERE_IT_BINDS = {"host", "port"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--thingspace-url``."""
    parser.getgroup("mockthingspace").addoption(
        OPTION,
        metavar="URL",
        default=os.environ.get(VARIABLE),
        help="use the server that is running at URL, not one of this run's own "
        f"(or set {VARIABLE})",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers",
        "thingspace(allow_unmatched=False): how the thingspace fixture checks this "
        "test; allow_unmatched=True lets it make requests that nothing serves",
    )


def pytest_report_header(config: pytest.Config) -> str | None:
    """Name the shared server, if there is one, and where its URL came from."""
    url = config.getoption(OPTION)
    if not url:
        return None
    from mockthingspace.core.redaction import without_secrets

    return f"mockthingspace: the server at {without_secrets(url)}, from {_source(url)}"


def _source(url: str) -> str:
    return VARIABLE if url == os.environ.get(VARIABLE) else OPTION


@pytest.fixture(scope="session")
def thingspace_settings() -> "Settings":
    """The settings of this session's server; override to change them.

    Return ``Settings(auth="strict")`` or ``{"auth": "strict"}``.
    """
    from mockthingspace import Settings

    return Settings()


@pytest.fixture(scope="session")
def _thingspace_checked(
    thingspace_settings: "Settings | Mapping[str, Any]",
) -> "Settings":
    """The settings as a value; those that cannot be used fail the tests."""
    from mockthingspace.core.exceptions import SettingsError
    from mockthingspace.core.settings import as_settings

    try:
        return as_settings(thingspace_settings, "what it returns")
    except SettingsError as error:
        reason = f"the fixture thingspace_settings: {error}"
    return pytest.fail(reason, pytrace=False)


@pytest.fixture(scope="session")
def thingspace_server(
    request: pytest.FixtureRequest, _thingspace_checked: "Settings"
) -> Iterator["MockThingSpace"]:
    """The running server: this session's own, or the one at ``--thingspace-url``."""
    from mockthingspace import MockThingSpace

    url = request.config.getoption(OPTION)
    if url:
        yield _reached(url, _thingspace_checked)
        return
    with MockThingSpace(_thingspace_checked) as server:
        yield server


def _reached(url: str, asked: "Settings") -> "MockThingSpace":
    """Return the handle of a running server, or fail with why it will not do."""
    from mockthingspace import MockThingSpace, MockThingSpaceError
    from mockthingspace.core.settings import to_json

    try:
        handle = MockThingSpace.at(url)
        there = handle.admin.ask("GET", "/settings")["settings"]
    except MockThingSpaceError as error:
        reason = f"{_source(url)}: {error}"
    else:
        here = to_json(asked)
        differing = [
            f"  {name}: {here[name]!r}, there {there.get(name)!r}"
            for name in sorted(asked.given - WHERE_IT_BINDS)
            if _comparable(here, name) != _comparable(there, name)
        ]
        if not differing:
            return handle
        where = f"the server at {url} (from {_source(url)})"
        reason = "\n".join([f"thingspace_settings differs from {where}:", *differing])
    return pytest.fail(reason, pytrace=False)


def _comparable(settings: Mapping[str, Any], name: str) -> Any:
    """Return a setting; of a seed its name, as its folder may be another there."""
    value = settings.get(name)
    return Path(value).name if name == "seed" and value else value


@pytest.fixture(scope="session")
def _thingspace_accounts(
    request: pytest.FixtureRequest, _thingspace_checked: "Settings"
) -> Iterator[str]:
    """Account names: those that are accepted in turn, or each given once."""
    from mockthingspace.core.models import ACCOUNT_FORMAT

    worker = int(re.sub(r"[^0-9]", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0)
    if request.config.getoption(OPTION):
        server = request.getfixturevalue("thingspace_server")
        accepted = server.admin.ask("GET", "/settings")["settings"]["accounts"]
        sharing = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
        turn = worker % sharing  # as one that replaces a crashed worker is above
    else:
        accepted, sharing, turn = _thingspace_checked.accounts, 1, 0
    if accepted is None:  # a random start keeps runs apart
        first = secrets.randbelow(9 * 10**9)
        return (f"{first + n:010d}-{worker % 10**5:05d}" for n in count(1))
    usual = [name for name in accepted if ACCOUNT_FORMAT.fullmatch(name)]
    names = sorted(usual or accepted)  # every API takes the usual ones
    if len(names) < sharing:
        pytest.fail(
            f"thingspace_account: the setting accounts must have at least {sharing}, "
            f"one for each worker that shares the server; it has {len(names)}",
            pytrace=False,
        )
    return cycle(names[turn::sharing])


@pytest.fixture
def thingspace_account(_thingspace_accounts: Iterator[str]) -> str:
    """An account name that no other test has, or one of the setting ``accounts``."""
    return next(_thingspace_accounts)


@pytest.fixture
def thingspace(
    request: pytest.FixtureRequest,
    thingspace_server: "MockThingSpace",
    thingspace_account: str,
) -> Iterator["MockThingSpace"]:
    """The server, reset before the test and checked after it."""
    allowed = _allows_unmatched(request.node)
    handle = thingspace_server
    url = request.config.getoption(OPTION)
    if url:
        handle = type(handle).at(url, account=thingspace_account)
    elif not handle.running:  # an earlier test has stopped it
        handle.start()
    handle.reset()
    request.node.stash[_BEGAN] = handle.timeline(limit=1)[-1].seq
    request.node.stash[_HANDLE] = handle
    yield handle
    request.node.stash[_JOURNAL] = _journal(request.node, handle)
    _check(request.node, handle, allowed)
    if url:
        handle.reset()


@pytest.fixture
def thingspace_listener() -> Iterator["Listener"]:
    """A listener of this test's own, on a port of this machine."""
    from mockthingspace import Listener

    with Listener() as listener:
        yield listener


def _allows_unmatched(item: pytest.Item) -> bool:
    """Read the test's marker; one with a word it does not have fails the test."""
    marker = item.get_closest_marker("thingspace")
    if marker is None:
        return False
    if marker.args or marker.kwargs.keys() - {"allow_unmatched"}:
        pytest.fail(
            "the marker thingspace takes allow_unmatched=True or False and nothing "
            f"else, got {marker.args} and {marker.kwargs}",
            pytrace=False,
        )
    return bool(marker.kwargs.get("allow_unmatched", False))


def _check(item: pytest.Item, handle: "MockThingSpace", allowed: bool) -> None:
    """Fail a test that passed although the server could not serve it."""
    if not item.stash.get(_PASSED, False) or not handle.running:
        return
    journal = handle.requests()
    broken = [
        exchange for exchange in journal if (exchange.reason or "").startswith(BROKEN)
    ]
    unmatched = [
        exchange for exchange in journal if not exchange.matched and not allowed
    ]
    if broken or unmatched:
        what = BROKEN if broken else "nothing serves"
        lines = [f"{what} what this test requested:"]
        lines += [f"  {exchange}" for exchange in broken or unmatched]
        if not broken:
            lines.append("to allow it: @pytest.mark.thingspace(allow_unmatched=True)")
        pytest.fail("\n".join(lines), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Attach the timeline to a failed test's report."""
    report = yield
    handle = item.stash.get(_HANDLE, None)
    if report.when == "call":
        item.stash[_PASSED] = report.passed
    if handle is not None and report.failed:
        journal = item.stash.get(_JOURNAL, None) or _journal(item, handle)
        report.sections.append(("mockthingspace timeline", journal))
    return report


def _journal(item: pytest.Item, handle: "MockThingSpace") -> str:
    """Return the timeline since the test's own first reset, or say that it is empty."""
    from mockthingspace import MockThingSpaceError

    try:
        last = handle.timeline(limit=SHOWN)
        shown = handle.timeline_text(limit=SHOWN)
    except MockThingSpaceError as error:
        return f"cannot be read: {error}"
    began = item.stash[_BEGAN]
    if all(entry.sort == "reset" and entry.seq <= began for entry in last):
        return "(empty: no request reached the server, and nothing was triggered)"
    return shown
