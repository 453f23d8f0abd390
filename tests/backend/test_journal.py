"""The journal: bounded, numbered, and safe under many writers."""

from collections.abc import Callable
from datetime import datetime, timezone
from threading import Thread
from typing import Any

import pytest

from mockthingspace.backend.store.journal import LONGEST_KEPT, OVERHEAD, Journal
from mockthingspace.core.models import Exchange
from mockthingspace.core.notifier import Notifier
from mockthingspace.core.sequence import EventNumbers

NOW = datetime(2024, 1, 1, tzinfo=timezone.utc)
WRITERS = 8
EACH = 250


def exchange(**fields: Any) -> Exchange:
    """Make an exchange of no interest but for these fields."""
    plain = Exchange(
        seq=0,
        method="GET",
        path="/",
        query="",
        headers=(),
        body=b"",
        status=200,
        reply_headers=(),
        reply=b"",
        family=None,
        operation=None,
        account=None,
        reason=None,
        matched=False,
        arrived_at=NOW,
        completed_at=NOW,
    )
    return plain._replace(**fields)


def together(act: Callable[[int], None]) -> None:
    """Let eight threads act at once, and wait for them."""
    writers = [Thread(target=act, args=(number,)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()


def test_exchanges_are_numbered_from_one_in_order() -> None:
    """The first exchange is number 1, and each has one more than the last."""
    journal = Journal(10, EventNumbers(), Notifier())
    numbers = [journal.add(exchange()).seq for _ in range(3)]
    assert (numbers, [exchange.seq for exchange in journal.every()]) == (
        [1, 2, 3],
        [1, 2, 3],
    )


def test_only_the_last_are_kept_and_the_evicted_counted() -> None:
    """A journal holds no more than its limit, and says how many it let go."""
    journal = Journal(2, EventNumbers(), Notifier())
    for _ in range(5):
        journal.add(exchange())
    assert ([exchange.seq for exchange in journal.every()], journal.evicted) == (
        [4, 5],
        3,
    )


def test_a_full_journal_has_evicted_nothing() -> None:
    """The limit itself still fits."""
    journal = Journal(2, EventNumbers(), Notifier())
    journal.add(exchange())
    journal.add(exchange())
    assert (len(journal), journal.evicted) == (2, 0)


def test_a_journal_that_follows_another_counts_on() -> None:
    """No number is given twice, so a cursor from before a reset stays good."""
    sequence = EventNumbers()
    Journal(1, sequence, Notifier()).add(exchange())
    after = Journal(1, sequence, Notifier())
    assert after.add(exchange()).seq == 2


def test_removing_forgets_what_was_picked_and_no_more() -> None:
    """Removing returns how many went; the others keep their numbers."""
    journal = Journal(10, EventNumbers(), Notifier())
    for account in ("a", "b", "a"):
        journal.add(exchange(account=account))
    removed = journal.remove(lambda item: item.account == "a")
    assert (removed, [exchange.seq for exchange in journal.every()]) == (2, [2])


def test_a_removal_is_not_an_eviction() -> None:
    """What the user removed is not counted as evicted, nor is its number reused."""
    journal = Journal(1, EventNumbers(), Notifier())
    journal.add(exchange())
    journal.remove(lambda _: True)
    assert (journal.add(exchange()).seq, journal.evicted) == (2, 0)


def test_what_every_returned_does_not_change() -> None:
    """A list of exchanges is the reader's own."""
    journal = Journal(10, EventNumbers(), Notifier())
    seen = journal.every()
    journal.add(exchange())
    assert seen == []


@pytest.mark.parametrize("limit", [10 * WRITERS * EACH, 100], ids=["wide", "full"])
def test_concurrent_writers_lose_and_share_no_number(limit: int) -> None:
    """Eight writers at once get different numbers, and none goes uncounted."""
    journal = Journal(limit, EventNumbers(), Notifier())
    numbers: list[int] = []

    def write(number: int) -> None:
        numbers.extend(journal.add(exchange()).seq for _ in range(EACH))

    together(write)
    assert sorted(numbers) == list(range(1, WRITERS * EACH + 1))
    assert len(journal) + journal.evicted == WRITERS * EACH
    assert [exchange.seq for exchange in journal.every()] == sorted(
        exchange.seq for exchange in journal.every()
    )


def test_readers_and_removers_may_come_among_the_writers() -> None:
    """Reading and removing while others write breaks nothing."""
    journal = Journal(10 * WRITERS * EACH, EventNumbers(), Notifier())
    removed: list[int] = []

    def write_and_remove(number: int) -> None:
        for _ in range(50):
            journal.add(exchange(account=str(number)))
            journal.every()
        removed.append(journal.remove(lambda item: item.account == str(number)))

    together(write_and_remove)
    assert (removed, journal.every()) == ([50] * WRITERS, [])


def test_of_each_part_of_an_exchange_the_first_bytes_are_kept() -> None:
    """Whatever is long, the beginning of it is there and no more than that."""
    long = "x" * (LONGEST_KEPT + 1)
    texts = dict.fromkeys(("method", "path", "query", "reason"), long)
    blobs = dict.fromkeys(("body", "reply"), long.encode())
    pairs = (("A", "b"), (long, "c"), ("D", "e"))
    kept = Journal(10, EventNumbers(), Notifier()).add(
        exchange(**texts, **blobs, headers=pairs, reply_headers=(("A", long),))
    )
    parts = [getattr(kept, name) for name in (*texts, *blobs)]
    assert [len(part) for part in parts] == [LONGEST_KEPT] * 6
    assert kept.headers == (("A", "b"), (long[: LONGEST_KEPT - 2], ""))
    assert kept.reply_headers == (("A", long[: LONGEST_KEPT - 1]),)


def test_what_is_just_long_enough_is_kept_whole() -> None:
    """A long exchange whose parts are not too long loses nothing."""
    long = b"x" * LONGEST_KEPT
    came = exchange(body=long, reply=long, headers=(("A", "b"), ("C", "d")))
    assert Journal(10, EventNumbers(), Notifier()).add(came) == came._replace(seq=1)


def test_the_oldest_go_when_all_together_are_too_large() -> None:
    """A few large exchanges push as many small ones out, and are counted."""
    journal = Journal(100, EventNumbers(), Notifier(), most_bytes=10 * OVERHEAD)
    for _ in range(9):
        journal.add(exchange())
    journal.add(exchange(body=b"x" * 4 * OVERHEAD))
    assert ([exchange.seq for exchange in journal.every()], journal.evicted) == (
        [6, 7, 8, 9, 10],
        5,
    )


def test_what_was_removed_takes_no_room() -> None:
    """Removing large exchanges makes room for others."""
    journal = Journal(100, EventNumbers(), Notifier(), most_bytes=4 * OVERHEAD)
    for number in range(20):
        journal.add(exchange(query="x" * 2 * OVERHEAD, account=str(number)))
        journal.remove(lambda exchange: exchange.query != "")
    journal.add(exchange())
    journal.add(exchange())
    assert (len(journal), journal.evicted) == (2, 0)
