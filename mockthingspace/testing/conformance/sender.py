"""What checks send with: messages to one listener, and what must come back."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from mockthingspace.backend.delivery.connection import Pace
from mockthingspace.backend.delivery.transport import WebhookTransport
from mockthingspace.core.background_loop import BackgroundLoop
from mockthingspace.core.monotonic import monotonic
from mockthingspace.core.signatures import sign
from mockthingspace.testing.conformance.bodies import Message, encoded
from mockthingspace.testing.conformance.results import CheckFailed, Posted
from mockthingspace.testing.conformance.subject import Subject

UNSIGNED = ""


class Wanted(NamedTuple):
    """What a listener must do with a message: in words, and the statuses that do."""

    words: str
    statuses: frozenset[int]


TAKEN, TURNED_AWAY = frozenset(range(200, 300)), frozenset(range(400, 500))
ACKNOWLEDGED = Wanted("be acknowledged with a 2xx", TAKEN)
REFUSED = Wanted("be refused with a 4xx", TURNED_AWAY)
WITHSTOOD = Wanted("be taken with a 2xx or refused with a 4xx", TAKEN | TURNED_AWAY)


class Sender:
    """Sends one check's messages to a listener and holds it to what must come.

    Each goes on a connection of its own: that a server closes one without a word,
    just as it is used again, is no failure of the listener's.

    The transport waits longer than ``limit_s``, which a listener has. ``processed``
    tells how many messages the listener has processed so far; None where nobody can
    tell.
    """

    def __init__(
        self,
        loop: BackgroundLoop,
        transport: WebhookTransport,
        url: str,
        subject: Subject,
        *,
        limit_s: float,
        processed: Callable[[], int] | None = None,
    ) -> None:
        self.url = url
        self.subject = subject
        self.limit_s = limit_s
        self.posted: list[Posted] = []
        self.uncounted = False
        self._loop = loop
        self._transport = transport
        self._processed = processed

    def send(self, what: str, body: Message | bytes, **how: Any) -> Posted:
        """Send a message; ``_post`` says how."""
        [sent] = self.at_once([(what, body)], **how)
        return sent

    def must(
        self, wanted: Wanted, what: str, body: Message | bytes, **how: Any
    ) -> None:
        """Send a message and hold the listener to what it must do with it.

        Raises:
            CheckFailed: It did otherwise.
        """
        self.expect(wanted, self.send(what, body, **how))

    def at_once(
        self, sendings: Sequence[tuple[str, Message | bytes]], **how: Any
    ) -> list[Posted]:
        """Send several at the same time, each on a connection of its own."""

        async def send_all() -> list[Posted]:
            return await asyncio.gather(
                *(self._post(what, body, **how) for what, body in sendings)
            )

        sent = self._loop.future(send_all).result()
        self.posted += sent
        return sent

    def expect(self, wanted: Wanted, *sent: Posted) -> None:
        """Hold the listener to what it must do with each.

        Raises:
            CheckFailed: It did otherwise.
        """
        wrong = [
            item for item in sent if item.outcome.status_code not in wanted.statuses
        ]
        if wrong:
            first = f"{wrong[0].what} must {wanted.words}; {wrong[0].got}"
            more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            raise CheckFailed(first + more)

    def expect_in_time(self, *sent: Posted) -> None:
        """Hold the listener to the limit.

        Raises:
            CheckFailed: An answer took longer.
        """
        slowest = max(item.duration_s for item in sent)
        if slowest > self.limit_s:
            took = f"it took {slowest:.3f} s to answer"
            raise CheckFailed(f"{took}; the limit is {self.limit_s:g} s")

    @contextmanager
    def processing(self, times: int) -> Iterator[None]:
        """Hold the listener to processing so many messages meanwhile, if it tells.

        Raises:
            CheckFailed: It processed more, or fewer.
        """
        if self._processed is None:
            self.uncounted = times > 0
        before = self._processed() if self._processed else 0
        yield
        now = self._processed() - before if self._processed else times
        if now != times:
            raise CheckFailed(f"it must process {times}; it processed {now}")

    async def _post(
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

        ``headers`` stand in the place of ThingSpace's own, and so does a signature;
        ``UNSIGNED`` is none. ``verify`` is whether the listener's certificate must be
        good.
        """
        content = body if isinstance(body, bytes) else encoded(body)
        signed = self._signature(content, signature) | dict(headers or {})
        begun = monotonic()
        async with self._transport.slot(self.url):
            outcome = await self._transport.send(
                self.url, content, verify=verify, headers=signed, pace=pace
            )
        return Posted(what, content, outcome, monotonic() - begun)

    def _signature(self, content: bytes, signature: str | None) -> dict[str, str]:
        secret = self.subject.registration.secret
        if signature is None and secret and self.subject.family.signed:
            signature = sign(content, secret)
        return {self.subject.signature_header: signature} if signature else {}
