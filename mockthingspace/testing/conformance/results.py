"""What a check is, what came of one, and the report of all of them, in words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from mockthingspace.backend.delivery.outcome import Outcome
from mockthingspace.core.models import Evidence
from mockthingspace.core.redaction import (
    body_without_secrets,
    printable,
    without_secrets,
)

Verdict = Literal["passed", "failed", "skipped"]
SHOWN = 4  # of what a check has sent
LONGEST = 2000  # characters of a body
WORDS: dict[Verdict, str] = {"passed": "ok  ", "failed": "FAIL", "skipped": "skip"}
STOPPED = "a plain message is not acknowledged; the rest would tell no more"


class CheckFailed(Exception):
    """The listener did otherwise than it must; says what."""


class NotApplicable(Exception):
    """There is nothing to check here; says why."""


@dataclass(frozen=True)
class Check:
    """One thing a listener must do.

    Args:
        name: Such as ``overlapping-retry``.
        does: What is sent, and what must come back.
        matters: What comes of it in production where the listener does otherwise.
        evidence: How we know that ThingSpace can send it so.
        source: Where from.
        run: Does it with a ``Sender``; raises ``CheckFailed`` or ``NotApplicable``.
    """

    name: str
    does: str
    matters: str
    evidence: Evidence
    source: str
    run: Callable[[Any], None]


class Posted(NamedTuple):
    """What was sent once, and what came back."""

    what: str
    body: bytes
    outcome: Outcome
    duration_s: float

    @property
    def sent(self) -> str:
        """What was sent, the beginning of its body included, passwords hidden."""
        size = f"{len(self.body):,} bytes"
        return f"{self.what}, {size}: {_cut(body_without_secrets(self.body))}"

    @property
    def got(self) -> str:
        """What came back, and after how long."""
        status, error, reply, _ = self.outcome
        if status is None:
            return printable(without_secrets(error or ""))
        said = "" if not reply else f": {_cut(body_without_secrets(reply))}"
        return f"{status} in {self.duration_s:.3f} s{said}"


@dataclass(frozen=True)
class Result:
    """What came of a check; the reason is why it failed or was skipped.

    It is ``uncounted`` where nobody could tell how often a message was processed.
    """

    check: Check
    verdict: Verdict
    reason: str
    posted: tuple[Posted, ...] = ()
    duration_s: float = 0
    uncounted: bool = False

    @property
    def source(self) -> str:
        """How we know that ThingSpace can send it so, and where from."""
        return f"{self.check.evidence}: {self.check.source}"

    def shown(self) -> tuple[Posted, ...]:
        """Return what it sent; of much, a few: what was refused, then the slowest."""
        if len(self.posted) <= SHOWN:
            return self.posted
        first = sorted(
            self.posted,
            key=lambda item: (item.outcome.acknowledged, -item.duration_s),
        )
        return tuple(first[:SHOWN])

    def details(self) -> Iterator[tuple[str, str]]:
        """Return what there is to say of it, each line with its name."""
        yield "does", self.check.does
        for item in self.shown():
            yield "sent", item.sent
            yield "got", item.got
        if more := len(self.posted) - len(self.shown()):
            yield "more", f"{more} messages besides"
        if self.uncounted:
            yield "counted", "not: processed= or --processed-url would tell"
        yield "matters", self.check.matters
        yield "source", self.source

    def lines(self, verbose: bool) -> Iterator[str]:
        """Return it as text: a line, and its details where it failed."""
        said = self.reason or self.check.does
        half = " (not counted)" if self.uncounted and not self.reason else ""
        yield f"{WORDS[self.verdict]}  {self.check.name}{half}: {said}"
        if verbose or self.verdict == "failed":
            yield from (f"        {name:8}{text}" for name, text in self.details())


@dataclass(frozen=True)
class Report:
    """What came of all checks of a listener."""

    url: str
    family: str
    event: str
    results: tuple[Result, ...]

    @property
    def passed(self) -> bool:
        """Whether none failed; one that was skipped is no failure."""
        return not self.failed

    @property
    def failed(self) -> list[str]:
        """The names of those that failed."""
        return [
            result.check.name for result in self.results if result.verdict == "failed"
        ]

    def count(self, verdict: Verdict) -> int:
        """Return how many ended so."""
        return sum(result.verdict == verdict for result in self.results)

    @property
    def summary(self) -> str:
        """How many passed, failed and were skipped, in a line."""
        uncounted = sum(
            result.uncounted for result in self.results if result.verdict == "passed"
        )
        half = f" ({uncounted} not counted)" if uncounted else ""
        counts = f"{self.count('passed')} passed{half}, {self.count('failed')} failed"
        where = f"{self.url} with {self.event} of {self.family}"
        return f"{where}: {counts}, {self.count('skipped')} skipped"

    def text(self, verbose: bool = False) -> str:
        """Return it for a person: all there is to say of those that failed.

        Args:
            verbose: Whether to say as much of the others.
        """
        done = [result for result in self.results if result.reason != STOPPED]
        told = [line for result in done for line in result.lines(verbose)]
        if left := len(self.results) - len(done):
            told.append(f"{WORDS['skipped']}  {left} more: {STOPPED}")
        return "\n".join([*told, self.summary])


def _cut(text: str) -> str:
    return printable(text if len(text) <= LONGEST else f"{text[:LONGEST]} ...")
