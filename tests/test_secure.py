"""Listeners over TLS, with a certificate of their own making."""

import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from .posting import Poster

CERTIFICATE = Path(__file__).with_name("self_signed.pem")


class _Thankful(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Answer 204."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    """A listener over TLS whose certificate nobody else has signed."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Thankful)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"https://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def post() -> Iterator[Poster]:
    """What posts, closed afterwards."""
    poster = Poster()
    yield poster
    poster.close()


def test_a_self_signed_certificate_will_do(post, url):
    """A local listener need not have a certificate that others trust."""
    assert post(url).status_code == 204


def test_strict_wants_a_good_certificate(post, url):
    """Under ``strict`` it is refused, as ThingSpace refuses it, and said why."""
    error = post(url, verify=True).error

    assert error is not None
    assert "certificate verify failed" in error
