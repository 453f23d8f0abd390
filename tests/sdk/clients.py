"""Clients of the server, made as the installed release of the SDK wants them made."""

from operator import attrgetter
from typing import Any

from verizon.http.http_call_back import HttpCallBack
from verizon.models.log_in_request import LogInRequest
from verizon.models.log_in_result import LogInResult
from verizon.models.oauth_token import OauthToken
from verizon.verizon_client import VerizonClient

from .versions import RELEASE


class Without(HttpCallBack):
    """Takes a header from every request, which no client does by itself."""

    def __init__(self, header: str) -> None:
        self.header = header

    def on_before_request(self, request: Any) -> None:
        """Take it away."""
        del request.headers[self.header]

    def on_after_response(self, response: Any) -> None:
        """Leave the response as it is."""


def client(
    session: str | None = "any",
    *,
    key: str = "key",
    token: OauthToken | None = None,
    without: str | None = None,
) -> VerizonClient:
    """Make a client, with a bearer token where it does not fetch one by itself.

    Args:
        session: Its session token; None for none.
        key: Its OAuth key.
        token: Its bearer token; None for one from the server.
        without: A header that its requests are to lack.
    """
    hook = Without(without) if without else None
    if token is None and (hook or not RELEASE.fetches):
        token = fetch_token(RELEASE.make(key, None, session, None))
    return RELEASE.make(key, token, session, hook)


def fetch_token(visitor: VerizonClient) -> OauthToken:
    """Fetch a bearer token, as the client does or its caller has to."""
    return visitor.auth_managers[RELEASE.bearer].fetch_token()


def request_token(visitor: VerizonClient, authorization: str) -> OauthToken:
    """Ask for a bearer token with an ``Authorization`` header of one's own."""
    return attrgetter(RELEASE.request_token)(visitor)(authorization).body


def log_in(visitor: VerizonClient, password: str = "secret") -> LogInResult:
    """Open a session."""
    login = LogInRequest(username="alice", password=password)
    return visitor.session_management.start_connectivity_management_session(login).body


def logged_in() -> VerizonClient:
    """Log in and make a client of what came."""
    return client(log_in(client(RELEASE.visitor)).session_token)
