"""An application on a port, served from threads of this process.

The socket is bound where the server is made, so a busy port is an exception
there and then. Stopping leaves no thread, socket or port behind.
"""

import logging
from collections.abc import Callable
from threading import Thread
from typing import Any

from mockthingspace.core.addresses import cannot_bind, url_of
from mockthingspace.core.monotonic import monotonic
from mockthingspace.core.open_files import open_files_limit
from mockthingspace.server.waitress_adapter import (
    ListeningServer,
    MayBlock,
    close_all,
    run_loop_once,
)

# Each costs the loop a microsecond whenever anything happens.
CONNECTIONS = 2000
LEAST_CONNECTIONS = 8
LEAST_RESERVE = 32
FLUSH_S = 0.5
INSTEAD = "--port or MOCKTHINGSPACE_PORT"


def _most_connections() -> int:
    """Return how many there may be, so that descriptors are left for all else."""
    limit = open_files_limit()
    reserve = max(LEAST_RESERVE, limit // 4)
    return max(LEAST_CONNECTIONS, min(CONNECTIONS, limit - reserve))


class Server:
    """Serves an application on an address; bound when made.

    Port 0 picks a free one. What ``may_block`` says cannot wait for anything is handled
    where it is read, which costs less than half.

    Raises:
        CannotBind: The address cannot be had.
    """

    def __init__(self, app: Any, host: str, port: int, may_block: MayBlock) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._sockets: dict[int, Any] = {}
        try:
            self._listener = ListeningServer(
                app,
                self._sockets,
                host,
                port,
                connections=_most_connections(),
                may_block=may_block,
            )
        except (OSError, ValueError) as error:
            close_all(self._sockets)
            raise cannot_bind(host, port, error, INSTEAD) from error
        self.host = host
        self.port = int(self._listener.effective_port)
        self._ends_at: float | None = None
        self._let_go: Callable[[], object] | None = None
        self._told = True
        self._thread = Thread(target=self._run, name="mockthingspace", daemon=True)

    @property
    def url(self) -> str:
        """Where a client on this machine reaches it, without a trailing slash."""
        return url_of(self.host, self.port)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the requests being handled, close every connection and the port.

        What a request waits for is over.
        """
        trigger = self._listener.trigger
        trigger.pull_trigger(self._listener.leave)
        self._listener.workers.dismiss()
        trigger.pull_trigger(self._end)
        self._thread.join()
        close_all(self._sockets)

    def let_go(self, then: Callable[[], object]) -> None:
        """Have its own thread stop it, and close what belongs to it; wait for nothing.

        It takes no lock, so the garbage collector can call it in whatever thread.

        Args:
            then: Closes what belongs to it; it must be quick.
        """
        self._told = False
        self._let_go = then
        self._listener.trigger.pull_trigger()
        self._told = True

    def _run(self) -> None:
        while not self._is_over():
            run_loop_once(self._listener, self._sockets)
            if self._let_go is not None and self._ends_at is None:
                self._finish()
        if self._let_go is not None:
            self._listener.workers.dismiss()  # one that ends its reply wakes the loop
            close_all(self._sockets)

    def _is_over(self) -> bool:
        """Say whether it ends, and only the trigger is left or it is late.

        The trigger stays until whoever let it go has pulled it.
        """
        return (
            self._ends_at is not None
            and self._told
            and (len(self._sockets) <= 1 or monotonic() >= self._ends_at)
        )

    def _finish(self) -> None:
        """Stop, in the thread that would be waited for."""
        assert self._let_go is not None
        self._listener.leave()
        self._let_go()
        self._listener.workers.let_go()
        self._end()

    def _end(self) -> None:
        self._listener.close_when_flushed()
        self._ends_at = monotonic() + FLUSH_S
