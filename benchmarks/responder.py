"""Listeners as fast as Python has them: raw sockets, one thread for all.

Every POST is answered 200 at once on a connection that is kept; the answer's
body is the instant it arrived, from the clock all processes of a machine share.
"""

import selectors
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic_ns

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n%020d"
LENGTH = b"content-length:"


@contextmanager
def responding(listeners: int) -> Iterator[list[str]]:
    """Run so many listeners in a process of their own; give their URLs."""
    command = [sys.executable, "-m", "benchmarks.responder", str(listeners)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            ports = process.stdout.readline().split() if process.stdout else []
            yield [f"http://127.0.0.1:{port}/callbacks" for port in ports]
        finally:
            process.terminate()


def arrival_s(reply: bytes | str) -> float:
    """Read the instant of arrival from an answer, as ``monotonic`` has it."""
    return int(reply) / 1e9


def _respond(listeners: int) -> None:
    """Answer for ever."""
    ready = selectors.DefaultSelector()
    bound = [socket.create_server(("127.0.0.1", 0)) for _ in range(listeners)]
    for item in bound:
        ready.register(item, selectors.EVENT_READ)
    print(*(item.getsockname()[1] for item in bound), flush=True)
    listening = frozenset(bound)
    came: dict[socket.socket, bytes] = {}
    while True:
        for key, _ in ready.select():
            there: socket.socket = key.fileobj  # type: ignore[assignment]
            if there in listening:
                connection, _ = there.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                ready.register(connection, selectors.EVENT_READ)
                came[connection] = b""
            elif data := _received(there):
                came[there] = _answered(there, came[there] + data)
            else:
                ready.unregister(there)
                del came[there]
                there.close()


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except ConnectionError:
        return b""


def _answered(connection: socket.socket, came: bytes) -> bytes:
    """Answer a request that is complete; return what is left to complete."""
    head, end, body = came.partition(b"\r\n\r\n")
    _, _, length = head.lower().partition(LENGTH)
    if not end or len(body) < int(length.split(b"\r\n")[0] or 0):
        return came
    connection.sendall(ANSWER % monotonic_ns())
    return b""


if __name__ == "__main__":
    _respond(int(sys.argv[1]))
