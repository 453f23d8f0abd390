"""When a message is sent again: the schedules, as values.

``documented``: three more attempts, five minutes apart (Connectivity, *About
Callback Services*; FOTA's pages are silent, so it is assumed there).
``observed``: one more, 1.15 to 1.69 s after a refusal; a listener that has not
answered for 4 s is sent a second one while the first is still running
(measured on ``NiddService``, September 2026).
"""

import random
from dataclasses import dataclass

OBSERVED_S = (1.15, 1.69)


@dataclass(frozen=True)
class Schedule:
    """The pauses between a message's attempts.

    Args:
        pauses_s: Seconds from the end of a failed attempt to the next; there is
            one more attempt than pauses. A pair is a range to draw from.
        overlap_s: Seconds without an answer after which the second attempt is
            sent although the first is still running; None for never.
    """

    pauses_s: tuple[float | tuple[float, float], ...]
    overlap_s: float | None = None

    @property
    def attempts(self) -> int:
        """How many attempts there are at most."""
        return len(self.pauses_s) + 1

    def pause_s(self, number: int, chance: random.Random) -> float:
        """Return the seconds between attempt ``number`` and the next."""
        pause = self.pauses_s[number - 1]
        return chance.uniform(*pause) if isinstance(pause, tuple) else pause


SCHEDULES = {
    "documented": Schedule((300.0, 300.0, 300.0)),
    "observed": Schedule((OBSERVED_S,), overlap_s=4.0),
    "none": Schedule(()),
}


def schedule(retries: str) -> Schedule:
    """Return what ``retries`` names; numbers are pauses of the user's own."""
    if retries in SCHEDULES:
        return SCHEDULES[retries]
    return Schedule(tuple(float(pause) for pause in retries.split(",")))
