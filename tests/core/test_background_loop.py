"""The loop in the background runs what it is given, and ends when it is told to."""

import asyncio
import sys
from contextvars import ContextVar
from queue import SimpleQueue
from threading import Event, Thread
from threading import enumerate as threads

import pytest

from mockthingspace.core.background_loop import BackgroundLoop, in_thread
from mockthingspace.core.open_files import open_files_limit

NAME = "mockthingspace-test"
WAIT_S = 10


async def nothing() -> None:
    """Do nothing."""


def is_running() -> bool:
    """Say whether the loop's thread is there."""
    return NAME in {thread.name for thread in threads()}


def test_the_thread_comes_with_the_first_coroutine_and_goes_with_a_close():
    """A loop that is given nothing costs nothing."""
    loop = BackgroundLoop(NAME)
    before = is_running()
    loop.future(nothing).result()
    meanwhile = is_running()
    loop.close()
    assert (before, meanwhile, is_running()) == (False, True, False)


def test_what_a_coroutine_raises_is_raised_to_the_caller():
    """Whatever it is."""

    async def fail() -> None:
        raise LookupError("no such thing")

    loop = BackgroundLoop(NAME)
    with pytest.raises(LookupError, match="no such thing"):
        loop.future(fail).result()
    loop.close()


@pytest.mark.parametrize("used", [False, True])
def test_a_loop_that_is_closed_runs_nothing(used):
    """Whether it has run anything or not, and however often it is closed."""
    loop = BackgroundLoop(NAME)
    if used:
        loop.future(nothing).result()
    loop.close()
    loop.close()
    begun: list[bool] = []
    loop.submit(lambda: begun.append(True) or nothing())
    assert begun == []
    with pytest.raises(RuntimeError, match="the loop is closed"):
        loop.future(nothing).result()


def test_a_close_cancels_what_runs():
    """Nobody waits for what would never end."""
    begun, cancelled = Event(), Event()

    async def hang() -> None:
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cancelled.set()

    loop = BackgroundLoop(NAME)
    loop.submit(hang)
    assert begun.wait(WAIT_S)
    loop.close()
    assert cancelled.is_set()


def test_a_loop_can_be_closed_from_its_own_thread():
    """It does not wait for itself."""
    loop = BackgroundLoop(NAME)

    async def close() -> Thread | None:
        loop.close()
        return loop._thread

    thread = loop.future(close).result()
    assert thread is not None
    thread.join(WAIT_S)
    assert not thread.is_alive()


def test_a_call_that_blocks_is_left_behind_by_who_is_cancelled():
    """It may end when it likes, even when the loop is gone."""
    begun, go_on, ended = Event(), Event(), Event()

    def block() -> None:
        begun.set()
        go_on.wait(WAIT_S)
        ended.set()

    async def give_up() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(in_thread(block), 0.01)

    loop = BackgroundLoop(NAME)
    loop.future(give_up).result()
    assert begun.wait(WAIT_S)
    go_on.set()
    assert ended.wait(WAIT_S)
    loop.close()


def test_where_the_system_has_no_limit_on_files_there_is_none(monkeypatch):
    """Windows has no ``resource``; elsewhere the limit can be infinite."""
    resource = pytest.importorskip("resource")
    infinity = resource.RLIM_INFINITY
    monkeypatch.setattr(resource, "getrlimit", lambda _: (infinity, infinity))
    unlimited = open_files_limit()
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 128))
    limited = open_files_limit()
    monkeypatch.setitem(sys.modules, "resource", None)
    assert (unlimited, limited, open_files_limit()) == (sys.maxsize, 64, sys.maxsize)


def test_a_loop_that_cannot_start_can_start_later(monkeypatch):
    """Where the system has nothing left, nothing is half-done."""

    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    loop = BackgroundLoop(NAME)
    with monkeypatch.context() as patched:
        patched.setattr(Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            loop.submit(nothing)
    loop.future(nothing).result()
    loop.close()
    assert not is_running()


def test_what_runs_has_no_context_variables_of_its_caller():
    """Whoever they are of would live as long as what runs."""
    seen: SimpleQueue[str] = SimpleQueue()
    variable = ContextVar("variable", default="none")

    async def look() -> None:
        seen.put(variable.get())

    loop = BackgroundLoop(NAME)
    variable.set("the caller's")
    loop.submit(look)
    found = seen.get(timeout=WAIT_S)
    loop.close()
    assert found == "none"
