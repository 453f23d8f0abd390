"""How much time has really passed, whatever a test does to the time modules.

freezegun replaces what ``time`` and every other module has of the functions that tell
the time, time-machine what those of the wall clock return. Neither touches a clock
that is asked for by its number, so it does not matter who was imported first.
"""

import time
from collections.abc import Callable
from functools import partial

monotonic: Callable[[], float]

if hasattr(time, "clock_gettime"):
    # Where there is one that goes on while the machine sleeps, that one.
    _CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    monotonic = partial(time.clock_gettime, _CLOCK)
else:  # pragma: no cover (Windows has no other, and is immune if imported first)
    monotonic = time.perf_counter
