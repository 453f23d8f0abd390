"""Holding a reply back, on the server's clock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Lock
from typing import Any

from mockthingspace.backend.faults.models import Fault
from mockthingspace.core.clock import Timers
from mockthingspace.core.waiting import holding

LONGEST_S = 60.0


@dataclass(eq=False)
class _Pause:
    """One reply that is held back, and the faults that hold it."""

    account: str | None
    faults: list[Fault]
    over: Event = field(default_factory=Event)
    passed: bool = False

    def end(self) -> None:
        """End it because its time is over."""
        self.passed = True
        self.over.set()


class Holds:
    """The pauses of one state; a reset ends them all.

    ``tell`` is told of each reply that a clock that stands holds back: when, whose, and
    in words.
    """

    def __init__(
        self, timers: Timers, tell: Callable[[datetime, str | None, str], object]
    ) -> None:
        self._timers = timers
        self._tell = tell
        self._lock = Lock()  # no other is taken while it is held
        self._under_way: set[_Pause] = set()
        self._closed = False

    def wait(
        self,
        seconds: float,
        account: str | None = None,
        faults: tuple[Fault, ...] = (),
        environ: Mapping[str, Any] = {},
    ) -> bool:
        """Block until so many seconds of the clock are over.

        On a clock that stands a minute of real time ends it too: nobody might
        ever advance it. It ends where the faults end, and where nobody waits for
        the reply any more, and does not begin where they were cleared meanwhile.

        ``account`` and ``faults`` say what ``end`` and ``clear`` free it by.

        Returns:
            Whether it took its time; where not, none shall follow it.
        """
        pause = _Pause(account, list(faults))
        with self._lock:
            cleared = faults and all(fault.cleared.is_set() for fault in faults)
            if self._closed or cleared:
                return False
            self._under_way.add(pause)
        try:
            self._block(pause, seconds, environ)
        finally:  # also where the system has no thread left to wait in
            with self._lock:
                self._under_way.discard(pause)
        return pause.passed

    def _block(self, pause: _Pause, seconds: float, environ: Mapping[str, Any]) -> None:
        clock = self._timers.clock
        now = clock.now()
        if clock.mode == "manual":
            summary = f"holds a reply back: {', '.join(map(str, pause.faults))}"
            frees = f"advance(seconds={seconds:g}) frees it"
            self._tell(now, pause.account, f"{summary}; {frees}")
        end_at = now + timedelta(seconds=seconds)
        self._timers.at(end_at, lambda: pause not in self._under_way, pause.end)
        with holding(environ, pause.over):
            pause.over.wait(LONGEST_S + (seconds if clock.mode == "real" else 0))

    @property
    def held(self) -> int:
        """How many replies are held back."""
        return len(self._under_way)

    def end(self, account: str) -> None:
        """End the pauses of an account."""
        self._end(lambda pause: pause.account == account)

    def clear(self, unwanted: Callable[[Fault], bool]) -> list[Fault]:
        """Let replies go that only the faults a function picks hold back.

        Returns:
            Those of the faults that held any.
        """
        ended: dict[str, Fault] = {}

        def freed(pause: _Pause) -> bool:
            gone = [fault for fault in pause.faults if unwanted(fault)]
            ended.update((fault.id, fault) for fault in gone)
            pause.faults = [fault for fault in pause.faults if fault not in gone]
            return bool(gone) and not pause.faults

        self._end(freed)
        return list(ended.values())

    def close(self) -> None:
        """End every pause, for good."""
        with self._lock:
            self._closed = True
        self._end(lambda _: True)

    def _end(self, wanted: Callable[[_Pause], bool]) -> None:
        with self._lock:
            for pause in [pause for pause in self._under_way if wanted(pause)]:
                self._under_way.discard(pause)
                pause.over.set()
