"""When a message is sent again: each schedule's pauses."""

import random

import pytest

from mockthingspace.core.retry_schedule import SCHEDULES, schedule


@pytest.mark.parametrize(
    ("retries", "attempts", "overlap_s"),
    [("documented", 4, None), ("observed", 2, 4.0), ("none", 1, None)],
)
def test_a_schedule_has_so_many_attempts(
    retries: str, attempts: int, overlap_s: float | None
) -> None:
    """Each schedule says how often a message is sent and when attempts overlap."""
    made = schedule(retries)
    assert (made.attempts, made.overlap_s) == (attempts, overlap_s)


def test_documented_pauses_are_five_minutes() -> None:
    """There are 300 s after each of the first three attempts."""
    pauses = [
        SCHEDULES["documented"].pause_s(number, random.Random(1))
        for number in (1, 2, 3)
    ]
    assert pauses == [300.0, 300.0, 300.0]


def test_the_observed_pause_is_drawn_from_its_range() -> None:
    """The pause is within what was measured, and the same for the same seed."""
    drawn = [
        SCHEDULES["observed"].pause_s(1, random.Random(seed)) for seed in range(50)
    ]
    again = [
        SCHEDULES["observed"].pause_s(1, random.Random(seed)) for seed in range(50)
    ]
    assert drawn == again
    assert all(1.15 <= pause <= 1.69 for pause in drawn)


def test_pauses_of_the_users_own_are_a_schedule() -> None:
    """Numbers separated by commas are the pauses, one fewer than the attempts."""
    made = schedule("1,2.5")
    assert (made.pauses_s, made.attempts, made.overlap_s) == ((1.0, 2.5), 3, None)
