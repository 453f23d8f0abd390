"""An asyncio loop in a daemon thread, for what waits on many sockets at once.

Neither it nor what it runs has the context variables of who began it: a request's
would keep the request, and all its state, as long as a connection.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextvars import Context
from threading import Lock, Thread, current_thread
from typing import Any, TypeVar

from mockthingspace.core.monotonic import monotonic

Result = TypeVar("Result")


class _Loop(asyncio.SelectorEventLoop):
    """A loop whose timeouts are real, whatever a test does to the time module."""

    time = staticmethod(monotonic)


class BackgroundLoop:
    """Runs coroutines in one daemon thread, which starts with the first."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = Lock()
        self._loop: _Loop | None = None
        self._thread: Thread | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    def start(self) -> None:
        """Have the thread there, before anything depends on it.

        Raises:
            OSError, RuntimeError: The system has no descriptor or no thread left.
        """
        with self._lock:
            if self._thread is None and not self._closed:
                loop = Context().run(_Loop)
                loop.set_debug(False)  # what it would tell is nothing of the user's
                thread = Thread(
                    target=self._run, args=(loop,), name=self._name, daemon=True
                )
                try:
                    thread.start()
                except RuntimeError:
                    loop.close()
                    raise
                self._loop, self._thread = loop, thread

    def submit(self, start: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Run a coroutine; from any thread. A loop that is closed runs nothing.

        ``start`` makes the coroutine, in the loop's thread.
        """
        self.start()
        with self._lock:
            if self._closed or self._loop is None:
                return
            if current_thread() is self._thread:
                self._begin(start)
            else:
                self._loop.call_soon_threadsafe(self._begin, start, context=Context())

    def future(
        self, start: Callable[[], Coroutine[Any, Any, Result]]
    ) -> Future[Result]:
        """Run a coroutine; return its result to be, which can be cancelled.

        ``start`` makes the coroutine, which raises nothing but ``Exception``.

        Raises:
            RuntimeError: The loop is closed.
        """
        self.start()
        with self._lock:
            if self._closed or self._loop is None:
                raise RuntimeError("the loop is closed")
            run = asyncio.run_coroutine_threadsafe
            return Context().run(run, start(), self._loop)

    def close(
        self,
        last: Callable[[], object] = lambda: None,
        patience_s: float | None = None,
    ) -> None:
        """Cancel what runs, and end the thread; for good, and promptly.

        ``last`` is called in the loop's thread when everything has been cancelled. Code
        that may block the loop is waited for ``patience_s``; for ever if None.
        """
        with self._lock:
            if self._closed or self._loop is None:
                self._closed = True
                return
            self._closed = True
            self._loop.call_soon_threadsafe(self._begin, lambda: self._end(last))
        if self._thread is not None and current_thread() is not self._thread:
            self._thread.join(patience_s)

    def _begin(self, start: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        assert self._loop is not None
        task = self._loop.create_task(start())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self, last: Callable[[], object]) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        last()
        await asyncio.sleep(0)  # connections that were aborted are closed now
        assert self._loop is not None
        self._loop.stop()

    @staticmethod
    def _run(loop: _Loop) -> None:
        loop.run_forever()
        loop.close()


async def in_thread(function: Callable[..., Result], *args: Any) -> Result:
    """Call a function that blocks in a daemon thread of its own.

    Nobody can end such a call: whoever is cancelled while waiting leaves it behind.

    The function raises nothing but ``Exception``.
    """
    result: Future[Result] = Future()
    result.set_running_or_notify_cancel()  # so that nobody can cancel it

    def run() -> None:
        try:
            result.set_result(function(*args))
        except Exception as error:  # noqa: BLE001 (whoever waits gets it)
            result.set_exception(error)

    Thread(target=run, name="mockthingspace-blocking", daemon=True).start()
    return await asyncio.wrap_future(result)
