"""pytest-httpserver as a server: the same operations, their answers canned."""

import re
import signal
import sys

from pytest_httpserver import HTTPServer

from benchmarks.replies import DEREGISTERED, LIST, LISTED, REGISTERED

CALLBACKS = re.compile(r"/api/fota/v1/callbacks/[^/]*")


def expect(server: HTTPServer) -> None:
    """Tell a server the three operations."""
    answers = (
        (LIST, "GET", LISTED),
        (CALLBACKS, "POST", REGISTERED),
        (re.compile(CALLBACKS.pattern + "/name/Fota"), "DELETE", DEREGISTERED),
    )
    for path, method, body in answers:
        server.expect_request(path, method).respond_with_data(
            body, content_type="application/json"
        )


if __name__ == "__main__":
    canned = HTTPServer(port=int(sys.argv[1]))
    expect(canned)
    canned.start()
    signal.pause()
