"""The store of deliveries: what is over may go, what is pending stays."""

from datetime import datetime, timezone

from mockthingspace.deliveries import Deliveries
from mockthingspace.model import Delivery
from mockthingspace.sequence import Sequence

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
NEW = Delivery("", 0, "fota-v1", "a", "Fota", None, "http://l", b"{}", "event", NOW)


def test_what_was_removed_is_not_counted_as_evicted():
    """Only what the limit pushed out is counted."""
    deliveries = Deliveries(1, Sequence())
    removed = deliveries.replace(deliveries.add(NEW)._replace(status="delivered"))
    deliveries.remove(lambda one: one.id == removed.id)
    deliveries.replace(deliveries.add(NEW)._replace(status="abandoned"))

    last = deliveries.add(NEW)

    assert ([last], 1) == (deliveries.every(), deliveries.evicted)


def test_what_is_pending_is_never_evicted():
    """The limit gives way rather than lose a message on its way."""
    deliveries = Deliveries(1, Sequence())
    kept = [deliveries.add(NEW) for _ in range(3)]

    assert (kept, 0) == (deliveries.every(), deliveries.evicted)
