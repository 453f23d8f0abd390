"""waitress, as the server needs it.

Whatever touches parts of waitress that it does not document is in this module, and was
tested with waitress 3.0.1 and 3.0.2: ``wasyncore``, ``HTTPChannel``,
``ThreadedTaskDispatcher``, ``WSGITask``, ``TcpWSGIServer``.

One thread, the loop, moves bytes and handles the requests that cannot block: to hand
one over takes longer than to handle it. Workers handle those that may.
"""

import logging
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from socket import SO_LINGER, SOL_SOCKET
from threading import Event, Lock, Thread, get_ident
from time import time
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher, WSGITask

from mockthingspace.core.monotonic import monotonic
from mockthingspace.core.waiting import HOLDING, Gone, never
from mockthingspace.server.admin.common import MAX_SNAPSHOT
from mockthingspace.server.http.response_faults import RESPONSE_FAULT, ResponseFault

THREADS = 8  # made when something that may block is first asked
# How many requests, and how many bytes of them, are read while one waits, so that the
# end of its client, which is behind them, is seen.
LOOKAHEAD = 100
BYTES_AHEAD = 1024 * 1024
# How much a client may leave unread and still have its next request handled.
MOST_UNREAD = 16 * 1024 * 1024
GARBAGE = bytes(range(1, 256))
GRACE_S = 5.0
AT_ONCE = 16
REST_S = 0.1
LEAVING_S = 0.02  # a loop that ends looks often whether it may
PATIENCE_S = 1.0
WARNS_EVERY_S = 60.0
MayBlock = Callable[[str], bool]
_log = logging.getLogger("mockthingspace")


class WorkerPool(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress has no types
    """The worker threads, remembered so that stopping can wait for each.

    ``size`` is how many there are when none waits.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.members: list[Thread] = []
        self._size = size
        self._changing = Lock()  # taken before waitress's own, never the other way
        self._waiting = 0
        self._dismissed = False

    def start_new_thread(self, target: Callable[[int], None], thread_no: int) -> None:
        """Start one worker."""
        member = Thread(
            target=target,
            args=(thread_no,),
            name=f"mockthingspace-{thread_no}",
            daemon=True,
        )
        try:
            member.start()
        except RuntimeError:  # the system has no more; waitress has counted it already
            self.threads.discard(thread_no)
            raise
        self.members = [*(known for known in self.members if known.is_alive()), member]

    def begin(self) -> None:
        """Have the workers there are when none waits."""
        self._change(0)

    @contextmanager
    def spare(self) -> Iterator[None]:
        """Have one worker more while one waits, so that nobody else does."""
        try:
            self._change(+1)
            yield
        finally:
            self._change(-1)

    def _change(self, by: int) -> None:
        with self._changing:
            self._waiting += by
            if not self._dismissed:
                self.set_thread_count(self._size + self._waiting)

    def let_go(self) -> None:
        """Let the workers go when they have finished what they are at."""
        with self._changing:
            self._dismissed = True
            self.set_thread_count(0)

    def dismiss(self) -> None:
        """Let the workers go, and wait for them."""
        self.let_go()
        ends_at = monotonic() + GRACE_S
        for member in self.members:
            member.join(max(0.0, ends_at - monotonic()))
        self.shutdown(timeout=0)  # it measures time by the clock that tests may freeze


class ReplyTask(WSGITask):  # type: ignore[misc]  # waitress has no types
    """A reply whose head and body leave together: one packet, one system call."""

    wrote_header = False

    def get_environment(self) -> dict[str, Any]:
        """Return what the application is told, with the way to let a request wait."""
        environ: dict[str, Any] = super().get_environment()
        in_loop = self.channel.server.in_loop
        environ[HOLDING] = never if in_loop else self.channel.holding
        return environ

    def write(self, data: bytes) -> None:
        """Write the reply, or the next piece of it."""
        spoil: ResponseFault | None = self.environ.get(RESPONSE_FAULT)
        if spoil is not None:
            self._spoil(spoil, data)
            return
        if self.wrote_header or self.content_length != len(data):
            super().write(data)
            return
        self.wrote_header = True
        head = self.build_response_header()
        self.content_bytes_written += len(data)
        self.channel.write_soon(head + data if self.has_body else head)

    def _spoil(self, spoil: ResponseFault, data: bytes) -> None:
        """Write what a fault leaves of a reply; what is broken ends its connection."""
        self.wrote_header = True
        if spoil.how != "slow":
            self.close_on_finish = True
        self.content_bytes_written = self.content_length or 0
        head = self.build_response_header()
        if spoil.how == "garbage":
            self.channel.write_soon(GARBAGE)
        elif spoil.how == "truncate":
            half = len(head) + len(data) // 2 if data else len(head) // 2
            self.channel.write_soon((head + data)[:half])
        elif spoil.how == "slow":
            self._dribble(spoil, head + data)
        elif spoil.how == "reset":
            at_once = struct.pack("ii", 1, 0)
            with suppress(OSError, AttributeError):  # the client has gone
                self.channel.socket.setsockopt(SOL_SOCKET, SO_LINGER, at_once)

    def _dribble(self, spoil: ResponseFault, reply: bytes) -> None:
        """Write a reply in pieces, each after its part of the time."""
        assert spoil.wait is not None
        number = min(spoil.pieces, len(reply))
        ends = [len(reply) * part // number for part in range(number + 1)]
        waiting = True
        for start, end in pairwise(ends):
            waiting = waiting and spoil.wait(spoil.seconds / number)
            self.channel.write_soon(reply[start:end])


class Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """A request being read, of which nothing ends the loop."""

    path = ""  # of malformed HTTP, too: waitress logs it

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # "[" in the place of a host, for one
            raise ParsingError("Bad URI") from error


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection, whose end is seen while a request of it waits."""

    task_class = ReplyTask
    parser_class = Parser
    held = False  # whether its next request is handled only when enough is sent

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._watching = Lock()  # no other is taken while it is held
        self._watches: list[Event] = []
        self._ended = False
        super().__init__(*args, **kwargs)

    @contextmanager
    def holding(self, over: Event) -> Iterator[Gone]:
        """Do as ``waiting.holding`` says, for a request of this connection."""
        with self._watching:
            self._watches.append(over)
            if self._gone():
                over.set()
            else:
                self.server.pull_trigger()  # the loop is to watch this, too
        try:
            with self.server.workers.spare():
                yield self._gone
        finally:
            with self._watching:
                self._watches.remove(over)

    def _gone(self) -> bool:
        return bool(self._ended or self.server.stopping)

    @property
    def idle(self) -> bool:
        """Whether no request of it is in progress, nor any reply."""
        return not self.requests and not self.total_outbufs_len

    def let_go(self) -> None:
        """End what a request of this connection waits for."""
        with self._watching:
            for over in self._watches:
                over.set()

    def readable(self) -> bool:
        """Say whether to read: while a request is handled, only to see the end."""
        if self.requests and (self._ended or not self._watches):
            return False
        ahead = sum(
            request.header_bytes_received + request.body_bytes_received
            for request in self.requests[1:]
        )
        return bool(super().readable() and ahead <= BYTES_AHEAD)

    def handle_read(self) -> None:
        """Read; where the client has sent its last, what it asked for is answered."""
        if self.idle:
            super().handle_read()
            return
        try:
            data = self.socket.recv(self.adj.recv_bytes)
        except OSError:  # it was reset
            self.handle_close()
            return
        if data:
            self.last_activity = time()
            self.received(data)
        else:
            self._end()

    def writable(self) -> bool:
        """Say whether there is anything to do when it can be written."""
        return bool(self.held or super().writable())

    def handle_write(self) -> None:
        """Send; when enough is sent, have the next request handled."""
        super().handle_write()
        if self.held and self.connected and self.total_outbufs_len <= MOST_UNREAD:
            self.held = False
            self.server.add_task(self)

    def _flush_some(self, do_close: bool = True) -> bool:
        """Send what there is: one thread at a time, or it would be sent twice.

        waitress's loop does not lock here, while a worker that has handled the last
        request may be telling the client to continue with its next.
        """
        with self.outbuf_lock:
            return bool(super()._flush_some(do_close))

    def handle_close(self) -> None:
        """Close it, and let go of what waits."""
        super().handle_close()
        self._end()

    def _end(self) -> None:
        self._ended = True
        self.let_go()


class ListeningServer(TcpWSGIServer):  # type: ignore[misc]  # waitress has no types
    """The port; has requests handled in the loop, or by workers where they may block.

    When there are as many connections as there may be, one more takes the place of the
    one that has been idle longest; where none is idle it has to wait.

    ``sockets`` is what the loop watches, by descriptor; ``connections`` how many there
    may be; ``may_block`` says whether a request for a path may.

    Raises:
        OSError, ValueError: The address cannot be had.
    """

    channel_class = Channel

    def __init__(
        self,
        app: Any,
        sockets: dict[int, Any],
        host: str,
        port: int,
        *,
        connections: int,
        may_block: MayBlock,
    ) -> None:
        self.stopping = False
        self.loop: int | None = None  # its thread
        self._due: list[Channel] = []
        self._may_block = may_block
        self._connections = connections
        self._knocked = False
        self._rests_until = self._warns_at = 0.0
        self.workers = WorkerPool(THREADS)
        adjustments = Adjustments(
            host=host,
            port=port,
            connection_limit=sys.maxsize,  # it would make everybody wait
            channel_request_lookahead=LOOKAHEAD,
            max_request_body_size=MAX_SNAPSHOT + 1,  # nothing takes as much
            outbuf_high_watermark=sys.maxsize,  # at it a worker would wait
            asyncore_use_poll=True,
            ident=None,
        )
        super().__init__(app, sockets, dispatcher=self.workers, adj=adjustments)

    def readable(self) -> bool:
        """Say whether to accept."""
        return bool(
            super().readable()
            and monotonic() >= self._rests_until
            and (
                len(self.active_channels) < self._connections
                or any(channel.idle for channel in self.active_channels.values())
            )
        )

    def handle_accept(self) -> None:
        """Note that somebody wants to come in."""
        self._knocked = True

    def accept_waiting(self) -> None:
        """Accept who wants to come in; the loop calls it when all is read.

        So no connection counts as idle that has a request to be read, and no new one
        gets the descriptor of one that was closed, and what the loop saw of that.
        """
        if not self._knocked:
            return
        self._knocked = False
        near = len(self.active_channels) + AT_ONCE > self._connections
        idle = self._idle() if near else []
        for _ in range(AT_ONCE):
            there = len(self.active_channels)
            if there >= self._connections and not idle:
                return
            try:
                super().handle_accept()
            except Exception:  # noqa: BLE001 (it would be the end of the loop)
                _log.exception("cannot accept a connection")
                self._rests_until = monotonic() + REST_S
                return
            if len(self.active_channels) == there:
                return
            if there >= self._connections:
                idle.pop(0).handle_close()

    def accept(self) -> Any:
        """Accept a connection; where that fails, make room, or rest for a while."""
        try:
            return super().accept()
        except OSError as error:  # mostly because there are no descriptors left
            now = monotonic()
            if now >= self._warns_at:
                self._warns_at = now + WARNS_EVERY_S
                number = len(self.active_channels)
                _log.warning(
                    "cannot accept more than %d connections: %s", number, error
                )
            idle = self._idle()
            if idle:
                idle[0].handle_close()
            else:
                self._rests_until = now + REST_S
            return None

    def _idle(self) -> list[Channel]:
        """Return the connections that are idle, the one for longest first."""
        idle = [channel for channel in self.active_channels.values() if channel.idle]
        return sorted(idle, key=lambda channel: channel.last_activity)

    @property
    def patience_s(self) -> float:
        """How long the loop may wait for the next thing that happens."""
        if self._due:
            return 0.0
        if self.stopping:
            return LEAVING_S
        return REST_S if monotonic() < self._rests_until else PATIENCE_S

    @property
    def in_loop(self) -> bool:
        """Whether the loop's thread is asking."""
        return get_ident() == self.loop

    def pull_trigger(self) -> None:
        """Wake the loop, unless it is awake and asking."""
        if not self.in_loop:
            super().pull_trigger()

    def add_task(self, task: Any) -> None:
        """Have the first request of a connection handled, unless too much is unread.

        A worker that has handled one hands the next over to the workers, whatever it
        is: the connection belongs to one side at a time.
        """
        if task.total_outbufs_len > MOST_UNREAD:
            task.held = True
        elif self.in_loop and not self._may_block(_path(task.requests[0])):
            self._due.append(task)
        else:
            if not self.workers.members:
                self.workers.begin()
            self.workers.add_task(task)

    def handle_due(self) -> None:
        """Handle what is due in the loop, one request a connection.

        So whoever sends many at once does not keep the others waiting.
        """
        due, self._due = self._due, []
        for channel in due:
            try:
                channel.service()
            except Exception:  # noqa: BLE001 (it would be the end of the loop)
                channel.handle_error()

    def leave(self) -> None:
        """Accept nobody any more, and let go of what waits; for the loop to call."""
        self.stopping = True
        wasyncore.dispatcher.close(self)
        for channel in self.active_channels.values():
            channel.let_go()

    def close_when_flushed(self) -> None:
        """Close each connection when its last reply is sent; for the loop to call."""
        for channel in self.active_channels.values():
            channel.close_when_flushed = True


def _path(request: Any) -> str:
    """Return the path of a request as the application will see it."""
    return f"/{request.path.lstrip('/')}"


def run_loop_once(listener: ListeningServer, sockets: dict[int, Any]) -> None:
    """Turn the loop once: wait until a socket is ready, or for a while; move bytes.

    What was read is handled last.
    """
    listener.loop = get_ident()
    timeout_s = listener.patience_s
    wasyncore.loop(timeout=timeout_s, use_poll=True, map=sockets, count=1)
    listener.accept_waiting()
    listener.handle_due()


def close_all(sockets: dict[int, Any]) -> None:
    """Close every socket, and drop what was still to be sent."""
    for channel in [each for each in sockets.values() if isinstance(each, Channel)]:
        channel.handle_close()
    wasyncore.close_all(sockets)
