"""How exchanges are shown: with WireMock's keys, and without secrets.

Everything a person or a script sees of an exchange comes through here: the
admin API, the log, a test's report. The journal itself keeps what really came.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from mockthingspace.clock import rfc3339
from mockthingspace.model import Exchange, Registration

HIDDEN = "***"
_NAMES = (
    "password|oldPassword|newPassword|sessionToken|access_token|refresh_token|"
    "client_secret|token"
)
SECRET_KEYS = frozenset(name.lower() for name in _NAMES.split("|"))
_IN_JSON = re.compile(
    rf'("(?:{_NAMES})"\s*:\s*)("(?:[^"\\]|\\.)*"?|[\[{{].*|[^,}}\]\s]+)',
    re.IGNORECASE | re.DOTALL,
)
_IN_FORM = re.compile(rf"((?:^|&)(?:{_NAMES})=)[^&]*", re.IGNORECASE)
_IN_QUERY = re.compile(rf"([?&](?:{_NAMES})=)[^&\s\"]*", re.IGNORECASE)
_IN_URL = re.compile(r"(:\\?/\\?/[^/@\s\"]*?:)[^/\s\"]*(?=@)")
_ESCAPED_LETTER = re.compile(r"\\u00([46][1-9a-f]|[57][0-9a]|5f)", re.IGNORECASE)


def without_secrets(text: str) -> str:
    """Return a body or a query with passwords and tokens hidden.

    A body that holds none is returned as it came, to the letter.
    """
    if _IN_JSON.search(text) or "\\u" in text:
        text = _json_without_secrets(text)
    in_text = _IN_QUERY if text.lstrip()[:1] in ("{", "[", '"') else _IN_FORM
    for pattern in (in_text, _IN_QUERY, _IN_URL):
        text = pattern.sub(rf"\1{HIDDEN}", text)
    return text


def _json_without_secrets(text: str) -> str:
    try:
        document = json.loads(text)
        hidden = _hide(document)
    except (ValueError, RecursionError):
        plain = _ESCAPED_LETTER.sub(lambda one: chr(int(one[1], 16)), text)
        shown, found = _IN_JSON.subn(rf'\1"{HIDDEN}"', plain)
        return shown if found else text
    return text if hidden == document else json.dumps(hidden)


def _hide(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: HIDDEN if key.lower() in SECRET_KEYS else _hide(below)
            for key, below in value.items()
        }
    return [_hide(below) for below in value] if isinstance(value, list) else value


def raw_headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return WSGI's request headers by their HTTP names, as they came."""
    return {
        name.removeprefix("HTTP_").replace("_", "-").title(): value
        for name, value in pairs
    }


def headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return request headers by their HTTP names, tokens hidden."""
    return {name: header(name, value) for name, value in raw_headers(pairs).items()}


def header(name: str, value: str) -> str:
    """Return a request header's value, hidden where it is a token."""
    if name.title() in ("Authorization", "Proxy-Authorization"):
        scheme, space, _ = value.partition(" ")
        return f"{scheme} {HIDDEN}" if space else HIDDEN
    hidden = name.title() in ("Vz-M2M-Token", "Cookie")
    return HIDDEN if hidden else without_secrets(value)


def raw_url(exchange: Exchange) -> str:
    """Return the path and query of an exchange, as a client would spell them."""
    path = quote(exchange.path.encode("latin-1"), safe="/:@!$&'()*+,;=~-._")
    return f"{path}?{exchange.query}" if exchange.query else path


def document(exchange: Exchange) -> dict[str, Any]:
    """Return an exchange as the admin API shows it: WireMock's keys and ours."""
    shown_headers = headers(exchange.headers)
    url = without_secrets(raw_url(exchange))
    host = shown_headers.get("Host", "localhost")
    return {
        "id": str(exchange.seq),
        "seq": exchange.seq,
        "request": {
            "method": exchange.method,
            "url": url,
            "absoluteUrl": f"http://{host}{url}",
            "headers": shown_headers,
            "body": without_secrets(exchange.body.decode("utf-8", "replace")),
            "loggedDate": int(exchange.arrived_at.timestamp() * 1000),
        },
        "response": {
            "status": exchange.status,
            "headers": {
                name: without_secrets(value) for name, value in exchange.reply_headers
            },
            "body": without_secrets(exchange.reply.decode("utf-8", "replace")),
        },
        "wasMatched": exchange.matched,
        "family": exchange.family,
        "operation": exchange.operation,
        "account": exchange.account,
        "reason": exchange.reason and without_secrets(exchange.reason),
        "arrived_at": rfc3339(exchange.arrived_at),
        "completed_at": rfc3339(exchange.completed_at),
    }


def line(shown: Mapping[str, Any]) -> str:
    """Return an exchange, as shown, in one line for a person."""
    request, response = shown["request"], shown["response"]
    served = f"{shown['family']} {shown['operation']}" if shown["operation"] else "-"
    reason = f"  ({shown['reason']})" if shown["reason"] else ""
    asked = f"{request['method']} {request['url']}"
    return f"{asked} -> {response['status']}  {served}{reason}"


def registration(shown: Registration) -> dict[str, Any]:
    """Return a registration as the admin API shows it, credentials included."""
    return {
        "family": shown.family,
        "account": shown.account,
        "service": shown.service,
        "url": shown.url,
        "username": shown.username,
        "password": shown.password,
        "registered_at": rfc3339(shown.registered_at),
    }
