"""Listeners over TLS, with a certificate of their own making."""

import re
import socket
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner

from mockthingspace import MockThingSpace
from mockthingspace.backend.delivery import transport
from mockthingspace.backend.delivery.outcome import Outcome
from mockthingspace.cli.main import cli

from ..posting import Poster

CERTIFICATE = Path(__file__).parents[1] / "self_signed.pem"


class _Thankful(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Answer 204; or 200 and an answer of unknown length, ended well or not."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204 if self.path == "/" else 200)
        self.end_headers()
        if self.path != "/":
            self.wfile.write(b"hello")
        if self.path == "/whole":
            self.connection.unwrap()
        elif self.path == "/cut":
            self.connection.shutdown(socket.SHUT_RDWR)

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


def test_what_thingspace_would_refuse_is_warned_of(url, caplog):
    """In each attempt, the timeline, the log, and at a terminal."""
    account = "0242078689-00001"
    with MockThingSpace() as thingspace:
        thingspace.register(account, url)
        thingspace.trigger("Fota.upgradeFinished", account)
        delivery = thingspace.wait_for_delivery(account)
        timeline = str(thingspace.timeline())
        arguments = ["deliveries", "--url", thingspace.url]
        printed = CliRunner().invoke(cli, arguments).output

    [said] = [attempt.warning for attempt in delivery.attempts]
    assert re.fullmatch(
        f"ThingSpace would not deliver to {url.rstrip('/')}: it refuses such a "
        r"certificate \(self.signed certificate\); with "
        "registration_rules=enforced it is refused here",
        said,
    )
    assert f"204, delivered; {said}" in timeline
    [logged] = [record.getMessage() for record in caplog.records]
    assert logged.endswith(f"; {said}")
    assert f", warning: {said}" in printed


def test_a_message_over_a_kept_connection_is_warned_of_too(post, url):
    """Its certificate is as bad as it was."""
    assert [bool(post(url).warning) for _ in range(2)] == [True, True]


def test_of_a_good_certificate_nothing_is_said(post, url, monkeypatch):
    """One that an authority vouches for: here, itself."""
    transport._tls.cache_clear()
    monkeypatch.setattr(transport.certifi, "where", lambda: str(CERTIFICATE))

    outcome = post(url)
    transport._tls.cache_clear()

    assert outcome == Outcome(204, None, b"", None)


def test_enforced_rules_want_a_good_certificate(post, url):
    """Where rules are ``enforced`` it is refused as by ThingSpace, and said why."""
    error = post(url, verify=True).error

    assert error is not None
    assert "certificate verify failed" in error


def test_an_answer_of_unknown_length_ends_where_tls_does(post, url):
    """Whoever may cut a connection cannot say that an answer is whole."""
    whole, cut = post(f"{url}whole"), post(f"{url}cut")

    assert (whole.status_code, whole.reply) == (200, b"hello")
    place = url.rstrip("/")
    closed = f"{place} closed the connection before the end of its answer"
    assert (cut.status_code, cut.error) == (None, closed)
