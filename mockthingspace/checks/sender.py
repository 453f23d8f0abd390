"""What checks send with: messages to one listener, and what must come back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from time import monotonic
from typing import Any, NamedTuple

from mockthingspace.checks.bodies import Message, Paced, encoded, half
from mockthingspace.checks.results import CheckFailed, Posted
from mockthingspace.checks.subject import Subject
from mockthingspace.post import Outcome, Post
from mockthingspace.signing import sign

UNSIGNED = ""
CUT = Outcome(None, "nothing is waited for", b"")
Pace = Callable[[bytes], Iterator[bytes]]


class Wanted(NamedTuple):
    """What a listener must do with a message: in words, and the statuses that do."""

    words: str
    statuses: tuple[range, ...]


ACKNOWLEDGED = Wanted("be acknowledged with a 2xx", (range(200, 300),))
REFUSED = Wanted("be refused with a 4xx", (range(400, 500),))
WITHSTOOD = Wanted(
    "be taken with a 2xx or refused with a 4xx", (range(200, 300), range(400, 500))
)


class Sender:
    """Sends one check's messages to a listener and holds it to what must come.

    Each goes on a connection of its own: that a server closes one without a word,
    just as it is used again, is no failure of the listener's.

    Args:
        post: Makes what POSTs a message; it waits longer than the limit.
        url: Where the listener is.
        subject: Whom messages are for.
        limit_s: Seconds a listener has.
        processed: Tells how many messages the listener has processed so far; None
            where nobody can tell.
    """

    def __init__(
        self,
        post: Callable[[], Post],
        url: str,
        subject: Subject,
        limit_s: float,
        processed: Callable[[], int] | None = None,
    ) -> None:
        self.url = url
        self.subject = subject
        self.limit_s = limit_s
        self.posted: list[Posted] = []
        self._post = post
        self._processed = processed

    def send(
        self,
        what: str,
        body: Message | bytes,
        *,
        headers: Mapping[str, str] | None = None,
        signature: str | None = None,
        verify: bool = False,
        pace: Pace | None = None,
    ) -> Posted:
        """Send a message.

        Args:
            what: What it is, in words.
            body: The message, or its very bytes.
            headers: Headers in the place of ThingSpace's own.
            signature: Another signature than its own; ``UNSIGNED`` for none.
            verify: Whether the listener's certificate must be good.
            pace: How the body is cut into pieces, and when each is sent.
        """
        sent = self._sent(what, body, headers, signature, verify=verify, pace=pace)
        self.posted.append(sent)
        return sent

    def cut(self, what: str, body: Message) -> None:
        """Send half a message and close the connection."""
        sent = self._sent(what, body, pace=half)
        gone = sent.body[: len(sent.body) // 2]
        self.posted.append(sent._replace(body=gone, outcome=CUT))

    def at_once(
        self, sendings: Sequence[tuple[str, Message | bytes]], pace: Pace | None = None
    ) -> list[Posted]:
        """Send several at the same time, each on a connection of its own."""
        with ThreadPoolExecutor(len(sendings)) as pool:
            sent = list(pool.map(lambda one: self._sent(*one, pace=pace), sendings))
        self.posted += sent
        return sent

    def expect(self, wanted: Wanted, *sent: Posted) -> None:
        """Hold the listener to what it must do with each.

        Raises:
            CheckFailed: It did otherwise.
        """
        wrong = [one for one in sent if not _is(wanted, one)]
        if wrong:
            first = f"{wrong[0].what} must {wanted.words}; {wrong[0].came}"
            more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            raise CheckFailed(first + more)

    def expect_in_time(self, *sent: Posted) -> None:
        """Hold the listener to the limit.

        Raises:
            CheckFailed: An answer took longer.
        """
        slowest = max(one.duration_s for one in sent)
        if slowest > self.limit_s:
            took = f"it took {slowest:.3f} s to answer"
            raise CheckFailed(f"{took}; the limit is {self.limit_s:g} s")

    @contextmanager
    def processing(self, times: int) -> Iterator[None]:
        """Hold the listener to processing so many messages meanwhile, if it tells.

        Raises:
            CheckFailed: It processed more, or fewer.
        """
        before = self._processed() if self._processed else 0
        yield
        now = self._processed() - before if self._processed else times
        if now != times:
            raise CheckFailed(f"it must process {times}; it processed {now}")

    def _sent(
        self,
        what: str,
        body: Message | bytes,
        headers: Mapping[str, str] | None = None,
        signature: str | None = None,
        *,
        verify: bool = False,
        pace: Pace | None = None,
    ) -> Posted:
        content = body if isinstance(body, bytes) else encoded(body)
        given: Any = content if pace is None else Paced(content, pace(content))
        signed = self._signature(content, signature) | dict(headers or {})
        with closing(self._post()) as post:
            begun = monotonic()
            outcome = post(self.url, given, verify, signed)
            duration_s = monotonic() - begun
        return Posted(what, content, outcome, duration_s)

    def _signature(self, content: bytes, signature: str | None) -> dict[str, str]:
        secret = self.subject.registration.secret
        if signature is None and secret and self.subject.family.signed:
            signature = sign(content, secret)
        return {self.subject.signature_header: signature} if signature else {}


def _is(wanted: Wanted, sent: Posted) -> bool:
    status = sent.outcome.status_code
    return any(status in statuses for statuses in wanted.statuses)
