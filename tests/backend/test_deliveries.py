"""The store of deliveries: what is over may go, what is pending stays."""

from datetime import datetime, timezone

from mockthingspace.backend.store.deliveries import Deliveries
from mockthingspace.core.models import Attempt, Delivery
from mockthingspace.core.notifier import Notifier
from mockthingspace.core.sequence import EventNumbers

from ..rows import each

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
NEW = Delivery("", 0, "fota-v1", "a", "Fota", None, "http://l", b"{}", "event", NOW)


def test_what_was_removed_is_not_counted_as_evicted():
    """Only what the limit pushed out is counted."""
    deliveries = Deliveries(1, EventNumbers(), Notifier())
    removed = deliveries.replace(deliveries.add(NEW)._replace(status="delivered"))
    deliveries.remove(lambda item: item.id == removed.id)
    deliveries.replace(deliveries.add(NEW)._replace(status="abandoned"))

    last = deliveries.replace(deliveries.add(NEW)._replace(status="abandoned"))

    assert (deliveries.every(), deliveries.evicted) == ([last], 1)


def test_what_is_pending_is_never_evicted():
    """The limit gives way rather than lose a message on its way."""
    deliveries = Deliveries(1, EventNumbers(), Notifier())
    kept = [deliveries.add(NEW) for _ in range(3)]

    assert (deliveries.every(), deliveries.evicted) == (kept, 0)


@each(("limit", "most_bytes"), [(3, 1_000_000), (100, 30_000)])
def test_what_is_pending_pushes_out_nothing_that_is_over(limit: int, most_bytes: int):
    """The bounds are of what is over: it stays, however much is on its way."""
    deliveries = Deliveries(limit, EventNumbers(), Notifier(), most_bytes)
    over = [
        deliveries.replace(deliveries.add(NEW)._replace(status="delivered"))
        for _ in range(3)
    ]
    pending = [deliveries.add(NEW._replace(message=b"x" * 9_000)) for _ in range(9)]
    assert (deliveries.every(), deliveries.evicted) == (over + pending, 0)


def test_what_was_removed_leaves_nothing_behind():
    """However often an account is reset, no number of it is kept."""
    deliveries = Deliveries(10, EventNumbers(), Notifier())
    for _ in range(100):
        deliveries.replace(deliveries.add(NEW)._replace(status="delivered"))
        deliveries.remove(lambda delivery: True)
    assert (deliveries._ended._sizes, deliveries._ended._bytes) == ({}, 0)


def test_deliveries_are_bounded_by_bytes():
    """Large messages and replies push the oldest of what is over out."""
    deliveries = Deliveries(100, EventNumbers(), Notifier(), most_bytes=10_000)
    attempt = Attempt(9, 1, NOW, 0.0, 500, None, b"x" * 3_000)
    large = NEW._replace(message=b"x" * 3_000)
    pending, *rest = [deliveries.add(large) for _ in range(4)]
    for delivery in rest:
        answered = delivery._replace(status="abandoned", attempts=(attempt,))
        deliveries.replace(answered)
    kept = [delivery.id for delivery in deliveries.every()]
    assert (kept, deliveries.evicted) == ([pending.id, rest[-1].id], 2)
