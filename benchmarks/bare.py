"""The limit: a WSGI application of one line, served as the server is."""

import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from benchmarks.replies import LISTED
from mockthingspace.server.server import Server


def application(
    _: Mapping[str, Any], start_response: Callable[..., object]
) -> Iterable[bytes]:
    """Give every request the same reply."""
    length = str(len(LISTED))
    start_response(
        "200 OK", [("Content-Type", "application/json"), ("Content-Length", length)]
    )
    return [LISTED]


def serve(port: int = 0) -> Server:
    """Return a server of it, not started."""
    return Server(application, "127.0.0.1", port, lambda _: False)


if __name__ == "__main__":
    server = serve(int(sys.argv[1]))
    server.start()
    signal.pause()
