"""Who waits is told of each thing once, and of no more than that."""

from threading import Event

from mockthingspace.core.notifier import Notifier


def test_a_watcher_sees_what_happens_while_it_watches():
    """It is asked with each thing, and with nothing before or after."""
    notifier, seen = Notifier(), []
    notifier.notify("before")
    with notifier.watching(seen.append, Event()):
        notifier.notify("meanwhile")
        notifier.notify()
    notifier.notify("after")
    assert seen == ["meanwhile", None]


def test_a_wait_ends_when_its_condition_is_met():
    """Another's condition ends nothing."""
    notifier, first, second = Notifier(), Event(), Event()
    with (
        notifier.watching(lambda item: item == 1, first),
        notifier.watching(lambda item: item == 2, second),
    ):
        notifier.notify(2)
    assert (first.is_set(), second.is_set()) == (False, True)


def test_a_notifier_that_is_closed_ends_every_wait():
    """Both the waits under way and those that come later."""
    notifier, before, after = Notifier(), Event(), Event()
    with notifier.watching(lambda item: False, before):
        notifier.close()
    with notifier.watching(lambda item: False, after):
        assert (before.is_set(), after.is_set()) == (True, True)
