"""A connection to a listener: HTTP by h11, on asyncio's sockets."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import h11

from mockthingspace.backend.delivery.outcome import KEPT, NotHttp, Outcome

LONGEST_HEAD = 64 * 1024
MOST_INTERIM = 20  # answers of 1xx before the one that counts
EVENTS = 32  # of one answer, until others have their turn
BUFFERED = 256 * 1024  # bytes of an answer that wait to be read, at most about
HTTP = b"HTTP/"

Pace = Callable[[bytes], AsyncIterator[bytes]]


class Connection(asyncio.Protocol):
    """A connection to a listener, which carries one message after another.

    At rest nothing may come over it: whatever does, an end included, closes it.

    Args:
        key: What else may use it: scheme, host, port, and how it was verified.
    """

    def __init__(self, key: tuple[object, ...]) -> None:
        self.key = key
        self.heard = False
        self.closed = False
        self.warning: str | None = None
        self._http = h11.Connection(h11.CLIENT, LONGEST_HEAD)
        self._transport: asyncio.Transport
        self._received = bytearray()
        self._ended = self._heard_out = False
        self._error: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._resting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note how it is written to."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Have bytes read."""
        if self._resting:
            self.close()
            return
        self._received += data
        if len(self._received) > BUFFERED:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Have the end read; the connection is closed."""
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Have the end read, or what went wrong."""
        self._end(exc)

    def close(self) -> None:
        """Close it at once."""
        self.closed = True
        self._transport.abort()

    def rest(self) -> bool:
        """Make ready for the next message; say whether there can be one."""
        done = {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}
        if self._http.states != done or self._received or self._ended:
            return False
        self._http.start_next_cycle()
        self._resting = self._http.trailing_data == (b"", False)
        return self._resting

    async def send(self, request: h11.Request, body: bytes, pace: Pace | None) -> None:
        """Send a message, whole or at a pace."""
        self._resting = self.heard = False
        head = self._http.send(request) or b""
        if pace is None:
            self._write(head + (self._http.send(h11.Data(data=body)) or b""))
        else:
            self._write(head)
            async for piece in pace(body):
                self._write(self._http.send(h11.Data(data=piece)) or b"")
        self._http.send(h11.EndOfMessage())

    async def receive(self) -> Outcome:
        """Receive a whole answer.

        Raises:
            OSError, NotHttp: There is none.
        """
        status_code, reply, interim, number = 0, bytearray(), 0, 0
        while True:
            number += 1
            if number % EVENTS == 0:
                await asyncio.sleep(0)  # others have their turn, and time can be up
            event = self._next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(await self._read())
            elif isinstance(event, h11.Response):
                status_code = event.status_code
            elif isinstance(event, h11.InformationalResponse):
                interim += 1
                if interim > MOST_INTERIM:
                    raise NotHttp(f"more than {MOST_INTERIM} interim answers")
            elif isinstance(event, h11.Data):
                reply += event.data[: KEPT - len(reply)]
            else:
                return Outcome(status_code, None, bytes(reply), self.warning)

    def _next_event(self) -> Any:
        try:
            return self._http.next_event()
        except h11.RemoteProtocolError as error:
            if self._heard_out:
                raise self._error or ConnectionAbortedError from None
            raise NotHttp(str(error)) from None

    async def _read(self) -> bytes:
        """Return what has come; nothing at the end."""
        if not self._received and not self._ended:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        if self._error is not None and not self._received:
            raise self._error
        data = bytes(self._received)
        self._received.clear()
        self._heard_out = not data
        if not self._ended:
            self._transport.resume_reading()
        if data and not self.heard:
            self.heard = True
            if data[: len(HTTP)] != HTTP[: len(data)]:
                raise NotHttp(repr(data[:40]))
        return data

    def _write(self, data: bytes) -> None:
        if self._ended:
            raise ConnectionAbortedError
        self._transport.write(data)

    def _end(self, error: Exception | None) -> None:
        if not self._ended:
            self._error = error or self._truncated()
        self._ended = True
        if self._resting:
            self.close()
        self._wake()

    def _truncated(self) -> Exception | None:
        """Return an error where TLS was ended by anybody, not by the listener.

        Only then what has neither a length nor chunks is whole (RFC 9112, section 8).
        """
        tls = self._transport.get_extra_info("ssl_object")
        try:
            closed = tls is None or tls.read(1) == b""
        except ssl.SSLError as error:
            closed = isinstance(error, ssl.SSLZeroReturnError)
        return None if closed else ConnectionAbortedError()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
