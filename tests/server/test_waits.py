"""Requests that wait take nothing from others, and end when nobody waits for them."""

import json
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Semaphore
from typing import Any

import pytest
import requests

from mockthingspace import Listener, MockThingSpace, create_app
from mockthingspace.backend.backend import Backend
from mockthingspace.core import serializers
from mockthingspace.core.matching import criteria
from mockthingspace.core.models import Exchange
from mockthingspace.core.notifier import Notifier

ACCOUNT, OTHER = "0242078689-00001", "0242078689-00002"
MANY = 12  # more than the admin API has workers
WAIT_S = 20
WAITS = {
    "deliveries": ("POST", "/deliveries/wait", {"timeout_s": 600}),
    "idle": ("POST", "/deliveries/wait-until-idle", {"timeout_s": 600}),
    "timeline": ("GET", "/timeline?since=999999&wait_s=600", None),
    "requests": ("GET", "/requests?since=999999&wait_s=600", None),
}


class Waits:
    """Counts who begins to wait, and who has ended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.ended = Semaphore(0), Semaphore(0)
        watching = Notifier.watching

        @contextmanager
        def counted(notifier: Notifier, *args: Any) -> Iterator[None]:
            with watching(notifier, *args):
                self.begun.release()
                yield
            self.ended.release()

        monkeypatch.setattr(Notifier, "watching", counted)

    @staticmethod
    def expect(counter: Semaphore) -> None:
        """Wait until all have begun, or ended."""
        for _ in range(MANY):
            assert counter.acquire(timeout=WAIT_S)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    """The waits of the test."""
    return Waits(monkeypatch)


def ask(mock: MockThingSpace, method: str, path: str, body: Any) -> socket.socket:
    """Send a request to the admin API and leave the reply alone."""
    host, _, port = mock.url.removeprefix("http://").partition(":")
    client = socket.create_connection((host, int(port)), WAIT_S)
    content = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} /__admin{path} HTTP/1.1\r\nHost: {host}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    client.sendall(head.encode() + content)
    return client


@pytest.mark.parametrize("what", WAITS)
def test_any_number_may_wait_and_each_ends_with_its_client(
    waits: Waits, what: str
) -> None:
    """Others are answered meanwhile, and nobody waits for a client that has gone."""
    with MockThingSpace() as mock, Listener() as listener, ExitStack() as open_sockets:
        listener.hang()
        mock.register(ACCOUNT, listener.url)
        mock.trigger("Fota.upgradeFinished", ACCOUNT)
        listener.wait_for(1, WAIT_S)  # now it is not idle
        for _ in range(MANY):
            open_sockets.enter_context(ask(mock, *WAITS[what]))
        waits.expect(waits.begun)
        other = MockThingSpace.at(mock.url)
        assert other.admin.ask("GET", "/health")["status"] == "healthy"
        open_sockets.close()
        waits.expect(waits.ended)


def test_who_waits_looks_at_what_is_new_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven waits for another account's messages look through none that is kept."""
    every: list[int] = []
    with MockThingSpace() as mock, ExitStack() as open_sockets:
        backend: Backend = mock._backend  # type: ignore[assignment]
        deliveries = backend.state.deliveries
        look = deliveries.every
        looked = Event()

        def counted() -> Any:
            every.append(1)
            if len(every) == 7:
                looked.set()
            return look()

        monkeypatch.setattr(deliveries, "every", counted)
        wait = {"account": OTHER, "timeout_s": 600, "advance": False}
        for _ in range(7):
            open_sockets.enter_context(ask(mock, "POST", "/deliveries/wait", wait))
        assert looked.wait(WAIT_S)
        with Listener() as listener:
            mock.register(ACCOUNT, listener.url)
            for _ in range(20):
                mock.trigger("Fota.upgradeFinished", ACCOUNT)
            listener.wait_for(20, WAIT_S)
        assert len(every) == 7


def test_a_wait_for_a_request_looks_at_each_of_the_journal_once(
    waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the journal had is looked at before the wait, and not again."""
    looked: Counter[int] = Counter()
    matches = criteria.matches

    def counted(exchange: Exchange, wanted: Any) -> bool:
        looked[exchange.seq] += 1
        return matches(exchange, wanted)

    monkeypatch.setattr(criteria, "matches", counted)
    with MockThingSpace() as mock, requests.Session() as session:

        def listing(account: str) -> None:
            session.get(f"{mock.url}/api/fota/v1/callbacks/{account}")

        for _ in range(5):
            listing(ACCOUNT)
        seqs = [exchange.seq for exchange in mock.requests()]
        looked.clear()
        path = f"/requests?account={OTHER}&wait_s=600"
        with ask(mock, "GET", path, None) as waiting:
            assert waits.begun.acquire(timeout=WAIT_S)
            listing(ACCOUNT)
            listing(OTHER)
            waiting.settimeout(WAIT_S)
            assert waiting.recv(20).startswith(b"HTTP/1.1 200 OK")
    assert {seq: looked[seq] for seq in seqs} == dict.fromkeys(seqs, 1)


def test_what_a_limit_leaves_out_is_not_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The bodies of a request and of its reply are looked into where it is shown."""
    decoded: list[bytes] = []
    decode = serializers.body_without_secrets

    def counted(body: bytes) -> str:
        decoded.append(body)
        return decode(body)

    client = create_app().test_client()
    for _ in range(20):
        client.get(f"/api/fota/v1/callbacks/{ACCOUNT}")
    monkeypatch.setattr(serializers, "body_without_secrets", counted)
    reply = client.get(f"/__admin/requests?limit=3&account={ACCOUNT}").get_json()
    assert [request["seq"] for request in reply["requests"]] == [18, 19, 20]
    assert (reply["meta"]["total"], len(decoded)) == (20, 3 * 2)
