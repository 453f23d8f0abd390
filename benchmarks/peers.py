"""The servers that are measured, each as a process that is ended by its id."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import create_server
from subprocess import DEVNULL, Popen, TimeoutExpired
from tempfile import TemporaryDirectory
from time import monotonic
from typing import NamedTuple

from benchmarks.replies import LIST
from benchmarks.rounds import HTTPSERVER, LIMIT, MOTO, OURS

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
# moto finds the service a request is for in the signature's scope.
SNS = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/sns/"
    "aws4_request, SignedHeaders=host, Signature=0"
}
SNS_LIST = "/?Action=ListSubscriptions&Version=2010-03-31"
START_S = 30.0


class Request(NamedTuple):
    """One request to a server."""

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = {}


class Peer(NamedTuple):
    """How a server is started, and the request it is asked first.

    Args:
        command: Its command line, given a port (0: it picks one) and a file.
        first: The cheap request its first answer is measured with.
        picks: Whether it picks its port and writes it to that file.
    """

    command: Callable[[int, Path], Sequence[str]]
    first: Request
    picks: bool = False


def _ours(port: int, file: Path) -> list[str]:
    wanted = ["--port", str(port), "--port-file", str(file)]
    return [str(BIN / "mockthingspace"), "serve", *wanted]


def _script(module: str) -> Callable[[int, Path], list[str]]:
    return lambda port, _: [sys.executable, "-m", f"benchmarks.{module}", str(port)]


def _moto(port: int, _: Path) -> list[str]:
    return [str(BIN / "moto_server"), "--port", str(port)]


PEERS = {
    OURS: Peer(_ours, Request("GET", LIST), picks=True),
    HTTPSERVER: Peer(_script("canned"), Request("GET", LIST)),
    MOTO: Peer(_moto, Request("GET", SNS_LIST, headers=SNS)),
    LIMIT: Peer(_script("bare"), Request("GET", LIST)),
}


class Running(NamedTuple):
    """A server that answers: its process and its port."""

    pid: int
    port: int

    def ask(self, request: Request) -> bytes:
        """Send one request and return the body of a good reply."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=START_S)
        try:
            connection.request(
                request.method, request.path, request.body, dict(request.headers)
            )
            reply = connection.getresponse()
            body = reply.read()
        finally:
            connection.close()
        if reply.status != 200:
            raise RuntimeError(f"{request.path} was answered {reply.status}: {body!r}")
        return body

    def rss_mib(self) -> float:
        """Return the memory it holds."""
        status = Path(f"/proc/{self.pid}/status").read_text("ascii")
        [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1]) / 1024


@contextmanager
def running(peer: Peer) -> Iterator[Running]:
    """Run a server from before its first answer until the block ends."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "port"
        port = 0 if peer.picks else free_port()
        process = Popen(
            peer.command(port, file),
            cwd=ROOT,
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=DEVNULL,
        )
        try:
            yield _once_it_answers(peer, process, port, file)
        finally:
            process.terminate()
            try:
                process.wait(5)
            except TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _once_it_answers(
    peer: Peer, process: "Popen[bytes]", port: int, file: Path
) -> Running:
    late = monotonic() + START_S
    while monotonic() < late:
        with suppress(OSError, HTTPException, ValueError):
            server = Running(process.pid, port or int(file.read_text("ascii")))
            server.ask(peer.first)
            return server
        with suppress(TimeoutExpired):
            code = process.wait(0.002)
            raise RuntimeError(f"{process.args!r} ended with {code}")
    raise RuntimeError(f"{process.args!r} did not answer in {START_S} s")
