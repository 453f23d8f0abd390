"""The words of the double: plain values, shared by every module.

ThingSpace's spelling never gets here; it stops at the shapes of ``wire`` and
of the families.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

Mark = Literal["documented", "observed", "assumed"]
ACCOUNT_FORMAT = re.compile(r"[0-9]{10}-[0-9]{5}")
Proof = Literal["basic", "bearer", "session"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing the double does on the wire, and how we know.

    ``documented``: a page of ThingSpace's or the SDK its portal offers says so.
    ``observed``: somebody measured it against the real service.
    ``assumed``: neither; the source says what it was reasoned from.
    """

    says: str
    mark: Mark
    source: str


@dataclass(frozen=True, slots=True)
class Registration:
    """The URL an account wants a service's callback messages sent to."""

    family: str
    account: str
    service: str
    url: str
    username: str | None
    password: str | None
    registered_at: datetime


class Caller(NamedTuple):
    """Who a request says it comes from; None where it does not say."""

    client: str | None
    bearer: str | None
    session: str | None


class Exchange(NamedTuple):
    """One request received and the reply given, just as they were.

    A named tuple, not a dataclass: one is made for every request, and this is
    the cheapest immutable record there is. ``path`` is decoded as WSGI decodes
    it; header names are WSGI's. Passwords and tokens are still in here:
    ``rendering`` shows exchanges without them.
    """

    seq: int
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    status: int
    reply_headers: tuple[tuple[str, str], ...]
    reply: bytes
    family: str | None
    operation: str | None
    account: str | None
    reason: str | None
    matched: bool
    arrived_at: datetime
    completed_at: datetime
