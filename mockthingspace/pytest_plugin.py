"""The pytest plugin: fixtures, an option, a marker and a section in reports.

Every pytest run of every user imports this module, so it imports pytest and
nothing else; the double is imported by the first fixture that needs it.

A running double is shared by a session's tests (one per xdist worker, on a
port of its own), and reset before each. With ``--thingspace-url`` it is shared
by everybody who uses that URL; then a test keeps to an account of its own.
"""

import os
import re
import secrets
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mockthingspace import Listener, MockThingSpace, Settings

SHOWN = 50
BROKEN = "the double failed"
_HANDLE = pytest.StashKey["MockThingSpace"]()
_JOURNAL = pytest.StashKey[str]()
_PASSED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--thingspace-url``."""
    parser.getgroup("mockthingspace").addoption(
        "--thingspace-url",
        metavar="URL",
        default=os.environ.get("MOCKTHINGSPACE_URL"),
        help="use the double that is running at URL, not one of this run's own "
        "(or set MOCKTHINGSPACE_URL)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers."""
    config.addinivalue_line(
        "markers",
        "thingspace(allow_unmatched=False): how the thingspace fixture checks this "
        "test; allow_unmatched=True lets it make requests that nothing serves",
    )
    config.addinivalue_line(
        "markers",
        "thingspace_fault(kind, **how): plan a fault for this test, as "
        "thingspace.fault(kind, **how) does; repeatable, from top to bottom",
    )


@pytest.fixture(scope="session")
def thingspace_settings() -> "Settings":
    """The settings of this session's double; override to change them.

    Return ``Settings(auth="strict")`` or ``{"auth": "strict"}``.
    """
    from mockthingspace import Settings

    return Settings()


@pytest.fixture(scope="session")
def thingspace_server(
    request: pytest.FixtureRequest, thingspace_settings: "Settings"
) -> Iterator["MockThingSpace"]:
    """The running double: this session's own, or the one at ``--thingspace-url``."""
    from mockthingspace import MockThingSpace

    url = request.config.getoption("--thingspace-url")
    if url:
        yield _reached(url)
        return
    with MockThingSpace(thingspace_settings) as server:
        yield server


def _reached(url: str) -> "MockThingSpace":
    """Return the handle of a running double, or fail with why there is none."""
    from mockthingspace import MockThingSpace, MockThingSpaceError

    try:
        handle = MockThingSpace.at(url)
        handle.admin.ask("GET", "/health")
        return handle
    except MockThingSpaceError as error:
        reason = str(error)
    return pytest.fail(f"--thingspace-url: {reason}", pytrace=False)


@pytest.fixture(scope="session")
def _thingspace_accounts() -> Iterator[str]:
    """Account names, each given once: a random start keeps runs apart."""
    first = secrets.randbelow(9 * 10**9)
    worker = re.sub(r"[^0-9]", "", os.environ.get("PYTEST_XDIST_WORKER", ""))[:5]
    return (f"{first + n:010d}-{worker:0>5}" for n in count(1))


@pytest.fixture
def thingspace_account(_thingspace_accounts: Iterator[str]) -> str:
    """An account name that no other test has."""
    return next(_thingspace_accounts)


@pytest.fixture
def thingspace(
    request: pytest.FixtureRequest,
    thingspace_server: "MockThingSpace",
    thingspace_account: str,
) -> Iterator["MockThingSpace"]:
    """The double, reset before the test and checked after it."""
    allowed = _allows_unmatched(request.node)
    handle = thingspace_server
    url = request.config.getoption("--thingspace-url")
    if url:
        handle = type(handle).at(url, account=thingspace_account)
    elif not handle.running:  # an earlier test has stopped it
        handle.start()
    handle.reset()
    request.node.stash[_HANDLE] = handle
    _plan_faults(request.node, handle)
    yield handle
    request.node.stash[_JOURNAL] = _journal(handle)
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
            f"else; came {marker.args} and {marker.kwargs}",
            pytrace=False,
        )
    return bool(marker.kwargs.get("allow_unmatched", False))


def _plan_faults(item: pytest.Item, handle: "MockThingSpace") -> None:
    """Plan the faults of the test's markers; one that cannot be fails the test."""
    from mockthingspace import MockThingSpaceError

    for marker in reversed([*item.iter_markers("thingspace_fault")]):
        try:
            handle.fault(*marker.args, **marker.kwargs)
            continue
        except (MockThingSpaceError, TypeError) as error:
            reason = str(error)
        given = [repr(one) for one in marker.args]
        given += [f"{name}={one!r}" for name, one in marker.kwargs.items()]
        pytest.fail(
            f"the marker thingspace_fault({', '.join(given)}): {reason}", pytrace=False
        )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test whose faults would never be planned."""
    marked = item.get_closest_marker("thingspace_fault") is not None
    if marked and "thingspace" not in getattr(item, "fixturenames", ()):
        pytest.fail(
            "the marker thingspace_fault does nothing without the fixture thingspace",
            pytrace=False,
        )


def _check(item: pytest.Item, handle: "MockThingSpace", allowed: bool) -> None:
    """Fail a test that passed although the double could not serve it."""
    if not item.stash.get(_PASSED, False) or not handle.running:
        return
    journal = handle.requests()
    broken = [one for one in journal if (one.reason or "").startswith(BROKEN)]
    unmatched = [one for one in journal if not one.matched and not allowed]
    if broken or unmatched:
        what = "the double failed" if broken else "nothing serves"
        lines = "\n".join(f"  {one}" for one in broken or unmatched)
        hint = (
            ""
            if broken
            else "\nto allow it: @pytest.mark.thingspace(allow_unmatched=True)"
        )
        pytest.fail(f"{what} what this test requested:\n{lines}{hint}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Attach the timeline to the report of a test that failed."""
    report = yield
    handle = item.stash.get(_HANDLE, None)
    if report.when == "call":
        item.stash[_PASSED] = report.passed
    if handle is not None and report.failed:
        journal = item.stash.get(_JOURNAL, None) or _journal(handle)
        report.sections.append(("mockthingspace timeline", journal))
    return report


def _journal(handle: "MockThingSpace") -> str:
    from mockthingspace import MockThingSpaceError

    try:
        last = handle.timeline(limit=SHOWN)
        shown = handle.timeline_text(limit=SHOWN)
    except MockThingSpaceError as error:
        return f"cannot be read: {error}"
    if {one.sort for one in last} <= {"reset"}:
        return "(empty: no request reached the double)"
    return shown
