"""The HTTP below a listener: connections, requests and how they are answered.

Each connection has a thread; stopping ends every one at once, whatever it waits for.
"""

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer
from threading import Event, Thread, current_thread
from typing import Any

POLL_S = 0.005
BODILESS = (204, 304)
LONGEST_LENGTH = 9  # digits: a message has less than a gigabyte


class Headers(Mapping[str, str]):
    """Headers by name in title case; looked up in any case."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._values: dict[str, str] = {}
        for name, value in pairs:
            before = self._values.get(name.title())
            joined = value if before is None else f"{before}, {value}"
            self._values[name.title()] = joined

    def __getitem__(self, name: str) -> str:
        return self._values[name.title()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return repr(self._values)


@dataclass
class Step:
    """An answer, and how many more times it is given; None is for good.

    Without a status there is no answer; without a delay it waits until stopped.
    """

    left: int | None
    status_code: int | None = 200
    delay_s: float | None = 0
    body: bytes = b""
    headers: Mapping[str, str] | None = None


Receive = Callable[[str, str, Headers, bytes], Step]


class HttpServer(TCPServer):
    """The port, and a thread for each connection; answers once made.

    A connection is for one request: none that is kept can die between two, which
    whoever sends would take for no attempt.

    Port 0 picks a free one. ``receive`` is given a request, and returns its answer.
    """

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, receive: Receive) -> None:
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), _Connection)
        self.receive = receive
        self.stopping = Event()
        self._open: dict[Thread, Any] = {}
        self._thread = self._begin(self.serve_forever, POLL_S)

    def _begin(self, target: Callable[..., None], *args: Any) -> Thread:
        thread = Thread(
            target=target, args=args, name="mockthingspace-listener", daemon=True
        )
        thread.start()
        return thread

    def process_request(self, request: Any, client_address: Any) -> None:
        """Have a connection answered by a thread of its own."""
        self._open = {
            value: its for value, its in self._open.items() if value.is_alive()
        }
        thread = self._begin(self._converse, request, client_address)
        self._open[thread] = request

    def _converse(self, request: Any, client_address: Any) -> None:
        try:
            with suppress(OSError):  # the other side has gone
                self.finish_request(request, client_address)
        finally:
            self.shutdown_request(request)

    def stop(self) -> None:
        """Close the port and every connection, and wait for their threads."""
        self.stopping.set()
        self.shutdown()
        self._thread.join()
        self.server_close()
        for thread, request in self._open.items():
            with suppress(OSError):  # it is closed already
                request.shutdown(socket.SHUT_RDWR)
            if thread is not current_thread():  # whoever is told of a message may stop
                thread.join()


class _Connection(BaseHTTPRequestHandler):
    server: HttpServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer leaves in one piece
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        self.close_connection = True
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            self.send_error(411)
            return
        if len(length) > LONGEST_LENGTH:
            self.send_error(413)
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            return
        headers = Headers(self.headers.items())
        step = self.server.receive(self.command, self.path, headers, body)
        stopped = self.server.stopping.wait(step.delay_s)
        if stopped or step.status_code is None:
            return
        self.send_response_only(step.status_code)
        if step.status_code not in BODILESS:
            self.send_header("Content-Length", str(len(step.body)))
        for name, value in (step.headers or {}).items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        if step.status_code not in BODILESS and self.command != "HEAD":
            self.wfile.write(step.body)

    do_DELETE = do_GET = do_HEAD = do_OPTIONS = _answer  # noqa: N815 (http.server's)
    do_PATCH = do_POST = do_PUT = _answer  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Print nothing."""
