"""Adapters for ``requests`` that answer in this process, without a socket."""

from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from requests import Response
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from benchmarks.replies import LISTED


@cache
def _variable(header: str) -> str:
    """Return what CGI calls a header."""
    return f"HTTP_{header.upper().replace('-', '_')}"


class InProcess(BaseAdapter):
    """Calls a WSGI application."""

    def __init__(self, app: Callable[..., Any]) -> None:
        super().__init__()
        self.app = app

    def send(self, request: Any, **_: Any) -> Response:
        """Call the application and make a response of what it says."""
        url, body = urlsplit(request.url), request.body or b""
        head = {_variable(name): value for name, value in request.headers.lower_items()}
        rest = {
            "REQUEST_METHOD": request.method,
            "PATH_INFO": url.path,
            "QUERY_STRING": url.query,
            "SERVER_NAME": url.netloc,
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
        }
        if body:
            rest["CONTENT_LENGTH"] = str(len(body))
        said: list[Any] = []
        reply = b"".join(self.app(head | rest, lambda *start: said.extend(start)))
        return _response(request, said[0][:3], said[1], reply)

    def close(self) -> None:
        """Hold nothing that needs closing."""


class Constant(BaseAdapter):
    """Gives every request the same reply."""

    def send(self, request: Any, **_: Any) -> Response:
        """Make a response of the canned listing."""
        return _response(request, 200, {"Content-Type": "application/json"}, LISTED)

    def close(self) -> None:
        """Hold nothing that needs closing."""


def _response(request: Any, status: Any, headers: Any, body: bytes) -> Response:
    response = Response()
    response.status_code = int(status)
    response.headers = CaseInsensitiveDict(headers)
    response.encoding = get_encoding_from_headers(response.headers)
    response.url, response.request = request.url, request
    response.raw = BytesIO(body)
    return response
