"""Requests that wait: for no longer than anybody waits for them.

A request that blocks would use up a worker of the server, and would go on blocking
when its client has long gone. Whatever blocks inside a request does so here.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from threading import Event
from typing import Any

HOLDING = "mockthingspace.holding"
Gone = Callable[[], bool]  # whether nobody waits for the reply any more
Hold = Callable[[Event], AbstractContextManager[Gone]]


def never(_: Event) -> AbstractContextManager[Gone]:
    """Stand in ``environ[HOLDING]`` where a request is handled that must not wait.

    Raises:
        RuntimeError: It waits all the same.
    """
    raise RuntimeError("this request is handled where nothing may wait")


def may_wait(environ: Mapping[str, Any]) -> bool:
    """Say whether a request may wait: not where others would wait with it."""
    return environ.get(HOLDING) is not never


def holding(environ: Mapping[str, Any], over: Event) -> AbstractContextManager[Gone]:
    """Let a request wait, as a context manager to wait in.

    While inside, the server has one worker more, and ``over`` is set as soon as the
    client goes away or the server stops; what it yields says whether either happened,
    for who may be woken by something else too. A client that only ends its own side of
    the connection counts as gone, because the two look the same: it still gets its
    reply, at once. That it has gone is not seen before its wait is over where it had
    sent more ahead than the server reads meanwhile: 100 requests, or 1 MiB of their
    bodies. In a server that is not the server's own nothing of this happens.
    """
    hold: Hold | None = environ.get(HOLDING)
    return nullcontext(lambda: False) if hold is None else hold(over)
