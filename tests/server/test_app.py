"""The Flask application: what somebody who embeds it can rely on."""

import pytest
from flask import Flask, Response, request, url_for
from flask.testing import FlaskClient

from mockthingspace import create_app

CALLBACKS = "/api/fota/v1/callbacks/0242078689-00001"


@pytest.fixture
def app() -> Flask:
    """An application of its own."""
    return create_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of it."""
    return app.test_client()


def test_what_is_to_run_before_a_request_does(app: Flask, client: FlaskClient) -> None:
    """A hook of whoever embeds the server may reply in its place; that is kept, too."""
    app.before_request(lambda: ("busy", 503) if "busy" in request.args else None)
    paths = (CALLBACKS, f"{CALLBACKS}?busy")
    replies = [client.get(path).status_code for path in paths]
    [backend] = app.extensions.values()
    kept = [exchange.status for exchange in backend.state.journal.every()]
    assert (replies, kept) == ([200, 503], [200, 503])


def test_what_is_to_run_after_a_request_does(app: Flask, client: FlaskClient) -> None:
    """The journal has the reply as the hook leaves it."""

    def mark(response: Response) -> Response:
        response.headers["X-Mark"] = "mine"
        return response

    app.after_request(mark)
    reply = client.get(CALLBACKS)
    [backend] = app.extensions.values()
    [kept] = backend.state.journal.every()
    assert ("X-Mark", "mine") in kept.reply_headers
    assert reply.headers["X-Mark"] == "mine"


def test_a_body_without_a_length_is_read(client: FlaskClient) -> None:
    """Where another server passes a chunked one on."""
    body = b'{"name": "Fota", "url": "http://localhost:9001/fota"}'
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    reply = client.post(CALLBACKS, data=body, environ_overrides=chunked)
    assert reply.status_code == 200


def test_no_url_is_built(app: Flask) -> None:
    """Who asks for one is told so, and not given a wrong one."""
    with app.test_request_context(), pytest.raises(NotImplementedError, match="no URL"):
        url_for("admin.GET /health")


def test_a_rule_of_ones_own_redirects_where_the_request_went(
    app: Flask, client: FlaskClient
) -> None:
    """What is remembered of a path has no host."""
    app.add_url_rule("/mine/", view_func=lambda: "mine")
    reply = client.get("/mine", base_url="http://mock.example:8440")
    assert reply.headers["Location"] == "http://mock.example:8440/mine/"


def test_a_path_remembered_leads_where_its_application_says(
    client: FlaskClient,
) -> None:
    """A rule that one application adds is none of another's."""
    other = create_app()
    other.add_url_rule("/mine", view_func=lambda: "mine")
    clients = (client, other.test_client(), client)
    asked = [each.get("/mine").status_code for each in clients]
    assert asked == [404, 200, 404]


def test_so_many_paths_are_remembered_and_no_more(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for ever new ones costs no memory."""
    monkeypatch.setattr("mockthingspace.server.app.MOST_REMEMBERED", 2)
    for number in range(5):
        client.get(f"{CALLBACKS[:-1]}{number}")
    assert 1 <= len(app.url_map.remembered) <= 2
