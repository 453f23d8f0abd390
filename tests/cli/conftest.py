"""A running server that the command line finds, and a listener of it."""

from collections.abc import Iterator

import pytest

from mockthingspace import MockThingSpace
from mockthingspace.testing.listener import Listener

ACCOUNT = "0242078689-00001"


@pytest.fixture
def thingspace(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockThingSpace]:
    """A running server that the command line finds."""
    with MockThingSpace() as running:
        monkeypatch.setenv("MOCKTHINGSPACE_URL", running.url)
        yield running


@pytest.fixture
def listener(thingspace: MockThingSpace) -> Iterator[Listener]:
    """A listener that is registered for the account."""
    with Listener() as listening:
        thingspace.register(ACCOUNT, listening.url)
        yield listening
