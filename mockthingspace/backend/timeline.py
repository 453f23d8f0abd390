"""All that happened to one server, in one order, as values and in words.

A request stands where it arrived and its reply where it was given, both with
the exchange's number; an attempt stands where it began, with the number of when it
was over; a delivery where it was made, and says how it stands now. Secrets are hidden
here.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from heapq import nlargest
from sys import maxsize
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import urlsplit

from mockthingspace.backend.store.event_log import LogEntry
from mockthingspace.core.clock import of_day, rfc3339
from mockthingspace.core.models import Attempt, Delivery, Exchange
from mockthingspace.core.redaction import printable, without_secrets
from mockthingspace.core.sequence import numbered_in
from mockthingspace.core.serializers import raw_url

if TYPE_CHECKING:
    from mockthingspace.backend.backend import Backend, BackendState

LONGEST = 500
EVERY = range(maxsize)
Sort = Literal[
    "request",
    "reply",
    "refusal",
    "trigger",
    "action",
    "delivery",
    "attempt",
    "fault",
    "clock",
    "reset",
]
SIGNS: Mapping[Sort, str] = {
    "request": "-->",
    "reply": "<--",
    "refusal": "<-x",
    "trigger": "***",
    "action": "+++",
    "delivery": "...",
    "attempt": "==>",
    "fault": "!!!",
    "clock": "~~~",
    "reset": "###",
}
YOU, THINGSPACE = "you", "ts"
DRAWN = 200  # entries in a diagram: mermaid takes 50,000 characters
LONGEST_DRAWN = 120
_HEADS: Mapping[str, str] = {
    "trigger": "trigger of ",
    "action": "action ",
    "fault": "fault ",
    "clock": "clock: ",
    "reset": "reset of ",
}
_AWKWARD = re.compile(
    r"[^A-Za-z0-9 _./:?=,()'*+!-]|\b[eE](?=nd\b)|s(?=tyle)|c(?=lassDef)"
)
_Placed = tuple[tuple[int, int, datetime, int], "Entry"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, in words, secrets hidden.

    ``account`` is None where it concerns everybody or nobody. ``listener`` is the
    origin a delivery goes to; ``came`` is what came of an attempt.
    """

    seq: int
    sort: Sort
    at: datetime
    account: str | None
    summary: str
    outcome: str | None = None
    listener: str | None = None

    @property
    def words(self) -> str:
        """What it says, and what came of it."""
        return (
            self.summary if self.outcome is None else f"{self.summary}: {self.outcome}"
        )

    def __str__(self) -> str:
        return self.line(self.at)

    def line(self, day: datetime | None) -> str:
        """Return it in one line, with the date where it is not that of an instant."""
        date = "" if day and day.date() == self.at.date() else f"{self.at.date()} "
        return (
            f"{self.seq:>5}  {date}{of_day(self.at)}  {SIGNS[self.sort]} {self.words}"
        )


class Timeline(NamedTuple):
    """The last entries of so many; ``last_seq`` is where to go on from."""

    entries: list[Entry]
    total: int
    last_seq: int
    evicted: int


def timeline(
    backend: "Backend", account: str | None, since: int = 0, limit: int | None = None
) -> Timeline:
    """Return what is kept with a number above ``since``, in order.

    What a limit leaves out is counted, and not put into words.

    With an account only its own and what concerns everybody; with a limit only the last
    so many.
    """
    last_seq, state = backend.sequence.last, backend.state  # before the stores are read
    numbers = range(since + 1, last_seq + 1)
    kept = _kept(state, account, numbers)
    total = kept.count(numbers)
    if limit is not None:
        kept = kept.last(limit, numbers)
    found = sorted(kept.placed(numbers), key=lambda pair: pair[0])
    entries = [entry for _, entry in found]
    if limit is not None:
        entries = entries[max(len(entries) - limit, 0) :]
    stores = (state.journal, state.deliveries, state.event_log)
    return Timeline(entries, total, last_seq, sum(store.evicted for store in stores))


class _Kept(NamedTuple):
    """What a timeline is read from, each in the order of its numbers."""

    exchanges: list[Exchange]
    deliveries: list[Delivery]
    happened: list[LogEntry]

    def count(self, numbers: range) -> int:
        """Return how many entries there are of it."""
        made = numbered_in(numbers, self.deliveries)
        attempts = sum(
            attempt.seq in numbers
            for delivery in self.deliveries
            for attempt in delivery.attempts
        )
        return 2 * len(self.exchanges) + len(made) + attempts + len(self.happened)

    def last(self, limit: int, numbers: range) -> "_Kept":
        """Return that of it which the last so many entries are of, and little more.

        Each item has an entry in the place of its number, and none behind its newest.
        """
        seqs = [
            item.seq
            for items in self
            for item in items[max(len(items) - limit, 0) :]
            if item.seq in numbers
        ]
        first = 0 if len(seqs) < limit else min(nlargest(limit, seqs), default=maxsize)
        later = range(first, maxsize)
        return _Kept(
            numbered_in(later, self.exchanges),
            _since(first - 1, self.deliveries),
            numbered_in(later, self.happened),
        )

    def placed(self, numbers: range) -> Iterator[_Placed]:
        """Give the entries of it, each with its place."""
        for exchange in self.exchanges:
            yield from _exchanged(exchange)
        for delivery in self.deliveries:
            yield from _delivered(delivery, numbers)
        for entry in self.happened:
            yield (entry.seq, 0, entry.at, 0), _happened(entry)


def _kept(state: "BackendState", account: str | None, numbers: range) -> _Kept:
    """Return what is of an account, and has something numbered so."""
    exchanges = numbered_in(numbers, state.journal.every())
    deliveries = _since(numbers.start - 1, state.deliveries.every())
    happened = numbered_in(numbers, state.event_log.every())
    if account is None:
        return _Kept(exchanges, deliveries, happened)
    return _Kept(
        [exchange for exchange in exchanges if exchange.account == account],
        [delivery for delivery in deliveries if delivery.account == account],
        [entry for entry in happened if entry.account in (None, account)],
    )


def _since(seq: int, deliveries: list[Delivery]) -> list[Delivery]:
    """Return the deliveries with a number above one: their own, or an attempt's."""
    if not seq:
        return deliveries
    return [
        each
        for each in deliveries
        if each.seq > seq or (each.attempts and each.attempts[-1].seq > seq)
    ]


def concerns(entry: object, account: str | None, since: int) -> bool:
    """Say whether a timeline above ``since`` has something new of an entry.

    An exchange, a delivery or a log entry has, as it was kept; anything else has no
    place in a timeline.
    """
    if not isinstance(entry, Exchange | Delivery | LogEntry):
        return False
    if isinstance(entry, Delivery):
        return account in (None, entry.account) and bool(_since(since, [entry]))
    everybodys = isinstance(entry, LogEntry) and entry.account is None
    return entry.seq > since and (everybodys or account in (None, entry.account))


def news(entry: object) -> Entry | None:
    """Return what is new of a delivery or a log entry as it was just kept."""
    if isinstance(entry, LogEntry):
        return _happened(entry)
    if isinstance(entry, Delivery):
        made = [entry for _, entry in _delivered(entry)]
        return made[0] if entry.status == "cancelled" else made[-1]
    return None


def _exchanged(exchange: Exchange) -> Iterator[_Placed]:
    """Give the request, behind what there was when it arrived, and the reply."""
    asked = _one_line(f"{exchange.method} {raw_url(exchange)}")
    request = Entry(
        exchange.seq, "request", exchange.arrived_at, exchange.account, asked
    )
    yield _begun(exchange.after, request), request
    served = f" {exchange.family} {exchange.operation}" if exchange.operation else ""
    reason = f" ({exchange.reason})" if exchange.reason else ""
    sort: Sort = "refusal" if exchange.status >= 400 else "reply"
    summary = _one_line(f"{exchange.status}{served}{reason}")
    reply = Entry(exchange.seq, sort, exchange.completed_at, exchange.account, summary)
    yield (exchange.seq, 0, exchange.completed_at, 0), reply


def _begun(after: int, entry: Entry) -> tuple[int, int, datetime, int]:
    """Return the place of what began behind a number, before its own."""
    return min(after, entry.seq - 1), 1, entry.at, entry.seq


def _delivered(delivery: Delivery, numbers: range = EVERY) -> Iterator[_Placed]:
    """Give a delivery as it stands now, and each attempt, if numbered so."""
    listener, account = _origin(delivery.url), delivery.account
    if delivery.seq in numbers:
        at = delivery.made_at or delivery.due_at
        kept = f"delivery {delivery.id} of {delivery.event} for {account}"
        summary = _one_line(f"{kept} to {delivery.url}")
        made = "" if delivery.trigger == "event" else f"{delivery.trigger}, "
        faults = f"; faults: {', '.join(delivery.faults)}" if delivery.faults else ""
        outcome = f"{made}{_status(delivery, at)}{faults}"
        entry = Entry(delivery.seq, "delivery", at, account, summary, outcome, listener)
        yield (delivery.seq, 0, at, 0), entry
    for attempt in delivery.attempts:
        if attempt.seq in numbers:
            seq, at = attempt.seq, attempt.started_at
            summary = (
                f"attempt {attempt.number} of delivery {delivery.id} to {listener}"
            )
            warning = f"; {attempt.warning}" if attempt.warning else ""
            outcome = _one_line(f"{_outcome(delivery, attempt)}{warning}")
            entry = Entry(seq, "attempt", at, account, summary, outcome, listener)
            yield _begun(attempt.after, entry), entry


def _status(delivery: Delivery, day: datetime) -> str:
    """Say how a delivery stands, and when it is due if it is pending."""
    if delivery.status != "pending":
        return delivery.status
    due = of_day(delivery.due_at, day)
    return f"pending, attempt {len(delivery.attempts) + 1} due at {due}"


def _outcome(delivery: Delivery, attempt: Attempt) -> str:
    """Say what came of an attempt, and how that left its delivery."""
    outcome = attempt.error or str(attempt.status_code)
    taken = attempt.status_code is not None and 200 <= attempt.status_code < 300
    if delivery.status == "delivered":
        return f"{outcome}, delivered" if taken else outcome
    last = attempt is delivery.attempts[-1]
    return f"{outcome}, {_status(delivery, attempt.started_at)}" if last else outcome


def _happened(entry: LogEntry) -> Entry:
    whose = f" for {entry.account}" if entry.sort == "trigger" else ""
    summary = _one_line(f"{_HEADS[entry.sort]}{entry.summary}{whose}")
    return Entry(entry.seq, entry.sort, entry.at, entry.account, summary)


def _one_line(text: str) -> str:
    """Return a text as one line, without secrets, and no longer than is read."""
    line = printable(without_secrets(text))
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return _one_line(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")


def document(entry: Entry) -> dict[str, Any]:
    """Return an entry as the admin API shows it."""
    account = entry.account and without_secrets(entry.account)  # whatever was sent
    return {**asdict(entry), "at": rfc3339(entry.at), "account": account}


def lines(entries: Iterable[Entry], day: datetime | None = None) -> Iterator[str]:
    """Give entries as lines, with the date where it changes.

    ``day`` is an instant of the day whose date need not be said.
    """
    for entry in entries:
        yield entry.line(day)
        day = entry.at


def text(entries: list[Entry], total: int, evicted: int) -> str:
    """Return a timeline as text.

    ``total`` is how many entries there are, of which the last are shown; ``evicted`` is
    how many things are gone.
    """
    said = [f"({entry})" for entry in _missing(entries, total, evicted)]
    return "\n".join([*said, *lines(entries)] if entries else [*said, "(empty)"])


def mermaid(entries: list[Entry], total: int, evicted: int) -> str:
    """Return a timeline as a mermaid sequence diagram, of the last 200 entries."""
    drawn = entries[-DRAWN:]
    names = {
        listener: f"L{number}"
        for number, listener in enumerate(
            dict.fromkeys(entry.listener for entry in drawn if entry.listener), 1
        )
    }
    there = {YOU: "your code", THINGSPACE: "ThingSpace"}
    there |= {name: listener for listener, name in names.items()}
    everybody = f"{YOU},{[*there][-1]}"
    made = ["sequenceDiagram"]
    made += [
        f"participant {name} as {_as_mermaid(entry)}" for name, entry in there.items()
    ]
    made += [
        f"Note over {everybody}: {_as_mermaid(entry)}"
        for entry in _missing(drawn, total, evicted)
    ]
    for entry in drawn:
        made += _arrows(entry, names.get(entry.listener or "", ""), everybody)
    return "\n    ".join(made)


def _arrows(entry: Entry, listener: str, everybody: str) -> list[str]:
    """Return what a diagram has of an entry: an arrow or two, or a note."""
    summary = _as_mermaid(f"{entry.seq} {entry.summary}")
    outcome = _as_mermaid(entry.outcome or "")
    if entry.sort == "attempt":
        return [
            f"{THINGSPACE}->>{listener}: {summary}",
            f"{listener}-->>{THINGSPACE}: {outcome}",
        ]
    place = {
        "request": f"{YOU}->>{THINGSPACE}",
        "reply": f"{THINGSPACE}-->>{YOU}",
        "refusal": f"{THINGSPACE}--x{YOU}",
        "trigger": f"Note over {THINGSPACE}",
        "action": f"Note over {THINGSPACE}",
        "delivery": f"Note over {THINGSPACE}",
    }.get(entry.sort, f"Note over {everybody}")
    return [f"{place}: {summary}{outcome and f': {outcome}'}"]


def _as_mermaid(said: str) -> str:
    """Spell a text as mermaid takes it: what means something to it as a code."""
    cut = said if len(said) <= LONGEST_DRAWN else f"{said[:LONGEST_DRAWN]}…"
    return _AWKWARD.sub(lambda entry: f"#{ord(entry[0])};", cut)


def _missing(entries: list[Entry], total: int, evicted: int) -> Iterator[str]:
    if evicted:
        yield f"older ones are gone: {evicted} evicted"
    if len(entries) < total:
        yield f"the last {len(entries)} of {total}"


FORMATS: Mapping[str, Callable[[list[Entry], int, int], str]] = {
    "text": text,
    "mermaid": mermaid,
}
