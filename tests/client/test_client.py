"""Asking a server that runs elsewhere, over HTTP."""

import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from socket import create_server

import pytest

from mockthingspace import MockThingSpace
from mockthingspace.client.transport import TIMEOUT_S, AdminClient, remote
from mockthingspace.core.exceptions import AdminError

ACCOUNT = "0242078689-00001"
CERTIFICATE = Path(__file__).parents[1] / "self_signed.pem"
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def backend() -> Iterator[MockThingSpace]:
    """A server that runs, to be asked from outside."""
    with MockThingSpace() as running:
        yield running


def test_a_path_and_a_query_arrive_as_they_were_given(backend):
    """What a URL cannot hold is escaped, and text is not taken for a query."""
    client = MockThingSpace.at(backend.url).admin

    with pytest.raises(AdminError, match=r"no delivery a \?b#ü"):
        client.ask("POST", "/deliveries/a ?b#ü/resend")
    with pytest.raises(AdminError, match="unknown family 'a&b=ü'"):
        client.ask("GET", "/registrations", family="a&b=ü")


def test_many_threads_may_ask_at_once(backend):
    """One handle serves any number of threads."""
    handle = MockThingSpace.at(backend.url)
    urls = {f"http://localhost:{port}/cb" for port in range(9001, 9033)}

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda url: handle.register(ACCOUNT, url), urls))

    assert {registration.url for registration in made} == urls


def test_an_answer_that_is_cut_is_no_answer():
    """Half a reply is said to be none, with the cause."""
    with create_server(("127.0.0.1", 0)) as port, ThreadPoolExecutor(1) as pool:
        url = f"http://127.0.0.1:{port.getsockname()[1]}"

        def answer() -> None:
            connection, _ = port.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(REPLY[:-1])

        pool.submit(answer)
        with pytest.raises(AdminError, match=r"no server answers at .*1 bytes read"):
            AdminClient(remote(url)).ask("GET", "/health")


def test_an_answer_that_does_not_come_is_said_to_be_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Something is there, so nobody is asked whether it runs."""
    monkeypatch.setattr("mockthingspace.client.transport.TIMEOUT_S", 0.01)
    with create_server(("127.0.0.1", 0)) as port:
        url = f"http://127.0.0.1:{port.getsockname()[1]}"
        with pytest.raises(AdminError) as caught:
            AdminClient(remote(url)).ask("GET", "/health")
    assert caught.value.message == f"no answer came from {url} in 0.01 s"


def test_a_host_that_cannot_be_looked_up_is_no_server():
    """A name that is no host name is refused as one where nothing answers."""
    with pytest.raises(AdminError, match="no server answers at"):
        AdminClient(remote(f"http://{'a' * 64}:1")).ask("GET", "/health")


def test_a_certificate_is_verified():
    """A server behind TLS must have a certificate that this machine trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    with create_server(("127.0.0.1", 0)) as port, ThreadPoolExecutor(1) as pool:
        url = f"https://127.0.0.1:{port.getsockname()[1]}"

        def answer() -> None:
            with (
                pytest.raises(ssl.SSLError),
                context.wrap_socket(port.accept()[0], server_side=True),
            ):
                pass

        answered = pool.submit(answer)
        with pytest.raises(AdminError, match="CERTIFICATE_VERIFY_FAILED"):
            AdminClient(remote(url)).ask("GET", "/health")
        answered.result(TIMEOUT_S)
