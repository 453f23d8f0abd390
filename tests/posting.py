"""What tests POST with, and the scripted listeners on real sockets they POST to."""

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from threading import Event, Thread
from typing import Any

from mockthingspace.backend.delivery.outcome import Outcome
from mockthingspace.backend.delivery.transport import WebhookTransport
from mockthingspace.core.background_loop import BackgroundLoop

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
WAIT_S = 10  # longer than anything takes, and only ever over where something hangs
Answer = Callable[["Scripted", socket.socket], object]


class Poster:
    """A transport on a loop of its own, called without ``await``."""

    def __init__(
        self,
        timeout_s: float = WAIT_S,
        allow_public_listeners: bool = False,
        deliver_to: Mapping[str, Any] | None = None,
    ) -> None:
        self.loop = BackgroundLoop("mockthingspace-test")
        self.transport = WebhookTransport(
            timeout_s, allow_public_listeners, deliver_to or {}
        )

    def __call__(
        self, url: str, body: bytes = b"{}", *, verify: bool = False, **more: Any
    ) -> Outcome:
        """POST a message and return what came of it."""
        post = partial(self.post, url, body, verify=verify, **more)
        return self.loop.future(post).result()

    async def post(self, url: str, body: bytes, **more: Any) -> Outcome:
        """POST a message, once it has a slot."""
        async with self.transport.slot(url):
            return await self.transport.send(url, body, **more)

    def close(self) -> None:
        """End what is under way, and the loop."""
        self.loop.close(self.transport.close)


class Scripted:
    """A listener on a socket: each connection is treated as the next answer says."""

    def __init__(self, *answers: Answer) -> None:
        self.requests: list[bytes] = []
        self.asked, self.released = Event(), Event()
        self._answers = answers
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(WAIT_S)
        self.place = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.url = f"http://{self.place}/cb?x=1"
        self._thread = Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with self._socket, suppress(OSError):  # nobody connects any more
            for answer in self._answers:
                connection, _ = self._socket.accept()
                connection.settimeout(WAIT_S)
                with connection, suppress(OSError):  # it was broken off
                    self.receive(connection)
                    answer(self, connection)

    def receive(self, connection: socket.socket) -> None:
        """Read one request, up to the brace its message ends with, or what comes."""
        request = b""
        while not request.endswith(b"}") and (piece := connection.recv(65536)):
            request += piece
            if request.startswith(b"\x16"):  # a TLS greeting has no such end
                break
        self.requests.append(request)
        self.asked.set()

    def close(self) -> None:
        """Let go whatever hangs, and wait for the end."""
        self.released.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(WAIT_S)


def hang(listener: Scripted, connection: socket.socket) -> None:
    """Answer nothing until the other side gives up, or the test is over."""
    connection.settimeout(0.01)
    while not listener.released.is_set():
        with suppress(TimeoutError):
            if not connection.recv(1):
                return


def drip(head: bytes) -> Answer:
    """Return an answer that begins so, and goes on with a byte at a time."""

    def dripping(listener: Scripted, connection: socket.socket) -> None:
        connection.sendall(head)
        while not listener.released.wait(0.02):
            connection.sendall(b".")

    return dripping


def floods(head: bytes, piece: bytes) -> Answer:
    """Return an answer that begins so, and goes on as fast as it is read."""

    def flooding(listener: Scripted, connection: socket.socket) -> None:
        connection.sendall(head)
        while not listener.released.is_set():
            connection.sendall(piece * 1000)

    return flooding


def sends(*pieces: bytes) -> Answer:
    """Return an answer of these bytes, after which the connection is closed."""
    return lambda _, connection: [connection.sendall(piece) for piece in pieces]


def stalls(head: bytes) -> Answer:
    """Return an answer that begins so, and never goes on."""

    def stalling(listener: Scripted, connection: socket.socket) -> None:
        connection.sendall(head)
        hang(listener, connection)

    return stalling


def answers_then(*later: Answer) -> Answer:
    """Return an answer of 200, then one for each later request on the connection."""

    def answering(listener: Scripted, connection: socket.socket) -> None:
        connection.sendall(OK)
        for answer in later:
            listener.receive(connection)
            answer(listener, connection)

    return answering
