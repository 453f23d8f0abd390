"""Plain values that every module shares.

ThingSpace's spelling never gets here; it stops at the APIs' schemas.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, get_args

from mockthingspace.core.redaction import without_secrets

Evidence = Literal["documented", "observed", "assumed"]
EVIDENCE: tuple[Evidence, ...] = get_args(Evidence)
ACCOUNT_FORMAT = re.compile(r"[0-9]{10}-[0-9]{5}")
SIMULATOR_ACCOUNT = re.compile(r"TestAccount-[0-9]{1,10}")
QA_ACCOUNT = re.compile("TestQAAccount")
ACCOUNTS = (ACCOUNT_FORMAT, SIMULATOR_ACCOUNT, QA_ACCOUNT)
TRANSPORT_HEADERS = frozenset(
    {"connection", "content-length", "expect", "host", "te", "trailer"}
    | {"transfer-encoding", "upgrade"}
)
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
Proof = Literal["basic", "bearer", "session"]
Pairs = tuple[tuple[str, str], ...]
Device = Pairs  # its identifiers: (id, kind)
Outcome = Literal["success", "failure"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
QueueKey = tuple[str, str, str]  # API, account, service
Status = Literal["pending", "delivered", "abandoned", "cancelled", "stale"]
STATUSES: tuple[Status, ...] = get_args(Status)


def is_account(name: str) -> bool:
    """Say whether any of ThingSpace's APIs could have an account of this name."""
    return any(spelling.fullmatch(name) for spelling in ACCOUNTS)


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing the server does on the wire, and how we know.

    ``documented``: a page of ThingSpace's or the SDK its portal offers says so.
    ``observed``: somebody measured it against the real service.
    ``assumed``: neither; the source says what it was reasoned from.
    """

    summary: str
    evidence: Evidence
    source: str


class Provenance(NamedTuple):
    """How we know of something: a mark, and the source."""

    evidence: Evidence
    source: str


def documented(source: str) -> Provenance:
    """Know something from a page of ThingSpace's, or from the SDK its portal offers."""
    return Provenance("documented", source)


def assumed(source: str) -> Provenance:
    """Know something from nobody: reason it from what the source says."""
    return Provenance("assumed", source)


@dataclass(frozen=True, slots=True)
class Registration:
    """The URL an account wants a service's callback messages sent to.

    ``headers`` are sent with each message; ``secret`` is what messages are
    signed with, where the API signs.
    """

    family: str
    account: str
    service: str
    url: str
    username: str | None
    password: str | None
    registered_at: datetime
    headers: Pairs = ()
    secret: str | None = None

    def __repr__(self) -> str:
        """Return it without its credentials, as a failing test's report has it."""
        return (
            f"Registration(family={self.family!r}, account={self.account!r}, "
            f"service={self.service!r}, url={without_secrets(self.url)!r})"
        )

    @property
    def queue_key(self) -> QueueKey:
        """What it is registered under: API, account and service."""
        return self.family, self.account, self.service


class Caller(NamedTuple):
    """Who a request says it comes from; None where it does not say."""

    client: str | None
    bearer: str | None
    session: str | None

    def __repr__(self) -> str:
        """Return it without its tokens."""
        return f"Caller(client={self.client!r})"


class Exchange(NamedTuple):
    """One request received and the reply given, just as they were.

    A named tuple, not a dataclass: one is made for every request, and this is
    the cheapest immutable record there is. ``path`` is decoded as WSGI decodes
    it; header names are WSGI's. Passwords and tokens are still in here:
    ``serializers`` shows exchanges without them. ``after`` is the last number there
    was when the request arrived.
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
    after: int = 0

    def __repr__(self) -> str:
        """Return it without its headers and bodies, which may hold secrets."""
        asked = without_secrets(
            f"{self.path}?{self.query}" if self.query else self.path
        )
        return f"Exchange(seq={self.seq}, {self.method} {asked!r} -> {self.status})"


class Attempt(NamedTuple):
    """One POST of a delivery and what came of it: a status, or an error in words.

    The warning says why ThingSpace would not have got so far; ``after`` is the last
    number there was when it began.
    """

    seq: int
    number: int
    started_at: datetime
    duration_s: float
    status_code: int | None
    error: str | None
    reply: bytes
    warning: str | None = None
    after: int = 0

    def __repr__(self) -> str:
        """Return it without the reply."""
        result = self.status_code if self.error is None else without_secrets(self.error)
        return f"Attempt(seq={self.seq}, number={self.number}, {result!r})"


class Delivery(NamedTuple):
    """One message on its way to one registration, as it stood at one moment.

    ``due_at`` is when the next attempt is due, or the last one was. ``trigger``
    says why there is a delivery: ``event``, ``message``, ``resend``, or
    ``duplicate`` where a fault made it, ``action`` where a request to the API did.
    ``headers`` and ``secret`` are the registration's, ``counter`` and ``retried``
    (whether it is sent again where it was not acknowledged) are the event's.
    ``faults`` names those that act on it, and ``meant`` is the message without
    them; where it ``breaks_off`` the message is sent in part, where it is
    ``headless`` without its first brace, and where it ``overlaps`` the second
    attempt does not wait.
    """

    id: str
    seq: int
    family: str
    account: str
    service: str
    event: str | None
    url: str
    message: bytes
    trigger: str
    due_at: datetime
    status: Status = "pending"
    attempts: tuple[Attempt, ...] = ()
    headers: Pairs = ()
    secret: str | None = None
    counter: str | None = None
    retried: bool = True
    faults: tuple[str, ...] = ()
    meant: bytes | None = None
    breaks_off: bool = False
    headless: bool = False
    overlaps: bool = False
    made_at: datetime | None = None

    def __repr__(self) -> str:
        """Return it without the message and what it is sent with."""
        return (
            f"Delivery(id={self.id!r}, event={self.event!r}, account={self.account!r}, "
            f"url={without_secrets(self.url)!r}, status={self.status!r}, "
            f"attempts={self.attempts!r})"
        )

    @property
    def queue_key(self) -> QueueKey:
        """The registration it is for; its deliveries go one after another."""
        return self.family, self.account, self.service
