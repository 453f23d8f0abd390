"""What every test may ask for: a double in process, and a clock it can move."""

import threading
from collections.abc import Iterator

import pytest
import requests  # noqa: F401 (a pytester run in process forgets what it first imports)
from flask import Flask
from flask.testing import FlaskClient

from mockthingspace import create_app
from mockthingspace.clock import Clock
from mockthingspace.double import EXTENSION, Double

pytest_plugins = ["pytester"]

ACCOUNT = "0242078689-00001"


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
def double(app: Flask) -> Double:
    """The double inside the application."""
    return app.extensions[EXTENSION]


@pytest.fixture
def clock(double: Double) -> Clock:
    """The double's clock, standing still."""
    double.runtime.timers.set_mode("manual")
    return double.clock


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """Fail a test that leaves a server running; its workers end with it."""
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    assert [] == [thread for thread in left if thread.name == "mockthingspace"]
