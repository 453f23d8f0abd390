"""How exchanges are shown: with WireMock's keys, and without secrets.

Everything a person or a script sees of an exchange comes through here: the
admin API, the log, a test's report. The journal itself keeps what really came.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from mockthingspace.core.clock import rfc3339
from mockthingspace.core.models import Attempt, Delivery, Exchange, Registration
from mockthingspace.core.redaction import (
    HIDDEN,
    body_without_secrets,
    custom_header,
    header,
    printable,
    without_secrets,
)


def raw_headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return WSGI's request headers by their HTTP names, as they came."""
    return {
        name.removeprefix("HTTP_").replace("_", "-").title(): value
        for name, value in pairs
    }


def headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return request headers by their HTTP names, tokens hidden."""
    return {name: header(name, value) for name, value in raw_headers(pairs).items()}


def raw_path(exchange: Exchange) -> str:
    """Return the path of an exchange, as a client would spell it."""
    return quote(exchange.path.encode("latin-1"), safe="/:@!$&'()*+,;=~-._")


def raw_url(exchange: Exchange) -> str:
    """Return the path and query of an exchange, as a client would spell them."""
    path = raw_path(exchange)
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
            "body": body_without_secrets(exchange.body),
            "loggedDate": int(exchange.arrived_at.timestamp() * 1000),
            "loggedDateString": rfc3339(exchange.arrived_at),
        },
        "responseDefinition": {
            "status": exchange.status,
            "fromConfiguredStub": exchange.matched,
        },
        "response": {
            "status": exchange.status,
            "headers": {
                name: custom_header(name, value)
                for name, value in exchange.reply_headers
            },
            "body": body_without_secrets(exchange.reply),
        },
        "wasMatched": exchange.matched,
        "family": exchange.family,
        "operation": exchange.operation,
        "account": exchange.account and without_secrets(exchange.account),
        "reason": exchange.reason and without_secrets(exchange.reason),
        "arrived_at": rfc3339(exchange.arrived_at),
        "completed_at": rfc3339(exchange.completed_at),
    }


def logged(exchange: Exchange) -> dict[str, Any]:
    """Return an exchange as WireMock shows requests it found: their keys on top."""
    shown = document(exchange)
    return {**shown["request"], **shown}


def line(shown: Mapping[str, Any]) -> str:
    """Return an exchange, as shown, in one line for a person."""
    request, served = shown["request"], None
    if shown["operation"]:
        served = f"{shown['family']} {shown['operation']}"
    asked = f"{request['method']} {request['url']}"
    return _one_line(asked, shown["response"]["status"], served, shown["reason"])


def log_line(exchange: Exchange) -> str:
    """Return an exchange in one line for a person, without looking at its bodies."""
    served = f"{exchange.family} {exchange.operation}" if exchange.operation else None
    asked = f"{exchange.method} {without_secrets(raw_url(exchange))}"
    reason = exchange.reason and without_secrets(exchange.reason)
    return _one_line(asked, exchange.status, served, reason)


def _one_line(asked: str, status: int, served: str | None, reason: str | None) -> str:
    why = f"  ({reason})" if reason else ""
    return printable(f"{asked} -> {status}  {served or '-'}{why}")


def attempt(shown: Attempt) -> dict[str, Any]:
    """Return an attempt as the admin API shows it."""
    finished_at = shown.started_at + timedelta(seconds=shown.duration_s)
    return {
        "seq": shown.seq,
        "number": shown.number,
        "started_at": rfc3339(shown.started_at),
        "finished_at": rfc3339(finished_at),
        "duration_s": shown.duration_s,
        "status_code": shown.status_code,
        "error": shown.error and without_secrets(shown.error),
        "reply": body_without_secrets(shown.reply),
        "warning": shown.warning,
    }


def delivery(shown: Delivery) -> dict[str, Any]:
    """Return a delivery as the admin API shows it, the message without secrets."""
    return {
        "id": shown.id,
        "seq": shown.seq,
        "family": shown.family,
        "account": shown.account,
        "service": shown.service,
        "event": shown.event,
        "url": without_secrets(shown.url),
        "status": shown.status,
        "trigger": shown.trigger,
        "message": json.loads(body_without_secrets(shown.message)),
        "faults": list(shown.faults),
        "headers": {
            name: custom_header(name, header) for name, header in shown.headers
        },
        "signed": shown.secret is not None,
        "due_at": rfc3339(shown.due_at),
        "attempts": [attempt(item) for item in shown.attempts],
    }


def delivery_line(shown: Any, due_at: str) -> str:
    """Return a delivery in one line for a person.

    It is as the server keeps it, or as a handle has it; ``due_at`` is in words.
    """
    last = shown.attempts[-1] if shown.attempts else None
    result = last and ((last.error and without_secrets(last.error)) or last.status_code)
    outcome = f", last: {result}" if last else ""
    due = f", next at {due_at}" if shown.status == "pending" else ""
    attempts = counted(len(shown.attempts), "attempt", "attempts")
    return printable(
        f"{shown.event} for {shown.account} -> {without_secrets(shown.url)}: "
        f"{shown.status}, {attempts}{outcome}{due}"
    )


def counted(number: int, item: str, many: str) -> str:
    """Spell a number of things: ``1 message``, ``2 messages``."""
    return f"{number} {item if number == 1 else many}"


def registration(shown: Registration) -> dict[str, Any]:
    """Return a registration as it can be registered again, secrets included."""
    times = {"registered_at": rfc3339(shown.registered_at)}
    return {**asdict(shown), **times, "headers": dict(shown.headers)}


def without_credentials(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return a registration, as the admin API has it, as a person may see it."""
    headers = shown["headers"].items()
    return {
        **shown,
        "url": without_secrets(shown["url"]),
        "password": shown["password"] and HIDDEN,
        "headers": {name: custom_header(name, header) for name, header in headers},
        "secret": shown["secret"] and HIDDEN,
    }
