"""An application on a port, served from threads of this process.

The socket is bound where the server is made, so a busy port is an exception
there and then. Stopping leaves no thread, socket or port behind.
"""

import logging
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from socket import SO_LINGER, SOL_SOCKET
from threading import Lock, Thread
from time import monotonic
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher, WSGITask

from mockthingspace.admin.asking import PREFIX
from mockthingspace.ports import cannot_bind, url_of
from mockthingspace.spoiling import SPARE, SPOIL, Spoil

# Two for ThingSpace's own operations, which never block: more would only take the
# interpreter from one another. The admin API's requests have threads of their own,
# made when it is first used.
THREADS = 2
ADMIN_THREADS = 8
GARBAGE = bytes(range(1, 256))
CONNECTIONS = 1000
GRACE_S = 5.0
FLUSH_S = 0.5
INSTEAD = "--port or MOCKTHINGSPACE_PORT"


class _Crew(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress has no types
    """The worker threads, remembered so that stopping can wait for each."""

    def __init__(self) -> None:
        super().__init__()
        self.members: list[Thread] = []
        self._changing = Lock()
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
        self.members = [*(one for one in self.members if one.is_alive()), member]
        member.start()

    @contextmanager
    def spare(self) -> Iterator[None]:
        """Have one worker more while one waits, so that nobody else does."""
        self._change(+1)
        try:
            yield
        finally:
            self._change(-1)

    def _change(self, by: int) -> None:
        with self._changing:
            self._waiting += by
            if not self._dismissed:
                self.set_thread_count(THREADS + self._waiting)

    def dismiss(self) -> None:
        """Let the workers finish what they are at, and go."""
        with self._changing:
            self._dismissed = True
        ends_at = monotonic() + GRACE_S
        self.shutdown(timeout=GRACE_S)
        for member in self.members:
            member.join(max(0.0, ends_at - monotonic()))


class _OneSend(WSGITask):  # type: ignore[misc]  # waitress has no types
    """A reply whose head and body leave together: one packet, one system call."""

    wrote_header = False

    def get_environment(self) -> dict[str, Any]:
        """Return what the application is told, with the way to have a spare worker."""
        environ: dict[str, Any] = super().get_environment()
        environ[SPARE] = self.channel.server.task_dispatcher.spare
        return environ

    def write(self, data: bytes) -> None:
        """Write the reply, or the next piece of it."""
        spoil: Spoil | None = self.environ.get(SPOIL)
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

    def _spoil(self, spoil: Spoil, data: bytes) -> None:
        """Write what a fault leaves of a reply, and close the connection."""
        self.wrote_header = self.close_on_finish = True
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
            with suppress(OSError):  # the client has gone
                self.channel.socket.setsockopt(SOL_SOCKET, SO_LINGER, at_once)

    def _dribble(self, spoil: Spoil, reply: bytes) -> None:
        """Write a reply in pieces, each after its part of the time."""
        assert spoil.wait is not None
        number = min(spoil.pieces, len(reply))
        ends = [len(reply) * part // number for part in range(number + 1)]
        waiting = True
        with self.environ[SPARE]():
            for start, end in pairwise(ends):
                waiting = waiting and spoil.wait(spoil.seconds / number)
                self.channel.write_soon(reply[start:end])


class _Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    task_class = _OneSend


class _Listener(TcpWSGIServer):  # type: ignore[misc]  # waitress has no types
    """Hands the admin API's requests to a crew of their own."""

    channel_class = _Channel

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.admin_crew = _Crew()

    def add_task(self, task: Any) -> None:
        """Have a request handled."""
        path = getattr(task.requests[0], "path", "")  # none where it is no HTTP
        if not path.startswith(PREFIX):
            self.task_dispatcher.add_task(task)
            return
        if not self.admin_crew.members:
            self.admin_crew.set_thread_count(ADMIN_THREADS)
        self.admin_crew.add_task(task)


class Server:
    """Serves an application on an address; bound when made.

    Args:
        app: The WSGI application.
        host: The address to bind.
        port: The port to bind; 0 picks a free one.

    Raises:
        CannotBind: The address cannot be had.
    """

    def __init__(self, app: Any, host: str, port: int) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._map: dict[int, Any] = {}
        self._crew = _Crew()
        try:
            adjustments = Adjustments(
                host=host,
                port=port,
                connection_limit=CONNECTIONS,
                asyncore_use_poll=True,
                ident=None,
            )
            self._server = _Listener(
                app, self._map, dispatcher=self._crew, adj=adjustments
            )
        except (OSError, ValueError) as error:
            wasyncore.close_all(self._map)
            raise cannot_bind(host, port, error, INSTEAD) from error
        self.host = host
        self.port = int(self._server.effective_port)
        self._ends_at: float | None = None
        self._thread = Thread(target=self._run, name="mockthingspace", daemon=True)

    @property
    def url(self) -> str:
        """Where a client on this machine reaches it, without a trailing slash."""
        return url_of(self.host, self.port)

    def start(self) -> None:
        """Begin to answer."""
        self._crew.set_thread_count(THREADS)
        self._thread.start()

    def stop(self) -> None:
        """Finish the requests being handled, close every connection and the port."""
        trigger = self._server.trigger
        trigger.pull_trigger(lambda: wasyncore.dispatcher.close(self._server))
        self._crew.dismiss()
        self._server.admin_crew.dismiss()
        trigger.pull_trigger(self._end)
        self._thread.join()
        wasyncore.close_all(self._map)

    def _run(self) -> None:
        """Move bytes until ended, and until only the trigger is left or it is late."""
        while self._ends_at is None or (
            len(self._map) > 1 and monotonic() < self._ends_at
        ):
            wasyncore.loop(timeout=1, use_poll=True, map=self._map, count=1)

    def _end(self) -> None:
        for channel in self._server.active_channels.values():
            channel.close_when_flushed = True
        self._ends_at = monotonic() + FLUSH_S
