"""What every test may ask for: a server in process, and a clock it can move."""

import os
import threading
from collections.abc import Generator, Iterator

import pytest
import requests  # noqa: F401 (a pytester run in process forgets what it first imports)
from flask import Flask
from flask.testing import FlaskClient

from mockthingspace import create_app
from mockthingspace.backend.backend import Backend
from mockthingspace.core.clock import Clock
from mockthingspace.server.http.current import EXTENSION

pytest_plugins = ["pytester"]

ACCOUNT = "0242078689-00001"
# As in setup.cfg, which a pytester run does not read.
NEIGHBOURS = (
    *("anyio", "asyncio", "randomly", "requests_mock"),
    *("respx", "socket", "time_machine", "timeout"),
)


@pytest.fixture
def pytester(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """Pytester, whose runs have a neighbour's plugin only where they name it."""
    left_out = " ".join(f"-p no:{name}" for name in NEIGHBOURS)
    monkeypatch.setenv("PYTEST_ADDOPTS", left_out)
    return pytester


def pytest_configure(config: pytest.Config) -> None:
    """Try the same examples in every run of CI, and few on a desk.

    The SDK's environments have no hypothesis.
    """
    if config.pluginmanager.hasplugin("hypothesispytest"):
        from hypothesis import settings

        settings.register_profile("always", deadline=None)
        settings.load_profile("always")
        settings.register_profile(
            "ci", max_examples=75, derandomize=True, database=None
        )
        settings.register_profile("local", max_examples=20)
        settings.load_profile("ci" if "CI" in os.environ else "local")


@pytest.hookimpl(optionalhook=True, wrapper=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """One worker more than processors: a tenth of the time is waiting for others."""
    return (yield) + 1


@pytest.fixture
def app() -> Iterator[Flask]:
    """An application with the default settings."""
    made = create_app()
    yield made
    made.extensions[EXTENSION].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of it, without a socket."""
    return app.test_client()


@pytest.fixture
def backend(app: Flask) -> Backend:
    """The server inside the application."""
    return app.extensions[EXTENSION]


@pytest.fixture
def clock(backend: Backend) -> Clock:
    """The server's clock, standing still."""
    backend.runtime.timers.set_mode("manual")
    return backend.clock


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """Fail a test that leaves a server running; its workers end with it."""
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    assert [thread for thread in left if thread.name == "mockthingspace"] == []
