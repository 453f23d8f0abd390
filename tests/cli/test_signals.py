"""A signal ends a wait, whenever it comes."""

import signal
from threading import Thread

import pytest

from mockthingspace.cli.signals import stop_signals


@pytest.mark.parametrize(
    ("number", "interrupted"), [(signal.SIGINT, True), (signal.SIGTERM, False)]
)
def test_a_signal_that_came_before_the_wait_ends_it(number, interrupted):
    """Nothing is lost between the handler and the wait."""
    with stop_signals() as stop:
        signal.raise_signal(number)
        assert stop.wait() == interrupted


def test_other_signals_end_nothing():
    """Only Ctrl-C and SIGTERM do."""
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    with stop_signals() as stop:
        signal.raise_signal(signal.SIGUSR1)
        signal.raise_signal(signal.SIGTERM)
        assert not stop.wait()
    signal.signal(signal.SIGUSR1, before)


def test_another_thread_can_end_a_wait_with_its_reason():
    """The reason is raised where the wait is."""
    with stop_signals() as stop:
        Thread(target=stop.because_of, args=(OSError("no reader"),)).start()
        with pytest.raises(OSError, match="no reader"):
            stop.wait()


def test_signals_mean_afterwards_what_they_meant_before():
    """Handlers and the place signals are written to are put back."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stop_signals():
        meanwhile = signal.getsignal(signal.SIGINT)
    after = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert (after, meanwhile in before) == (before, False)
    assert signal.set_wakeup_fd(-1) == -1


def test_a_reason_that_comes_too_late_is_no_error():
    """The thread that has it may outlive the wait."""
    with stop_signals() as stop:
        pass
    stop.because_of(OSError("no reader"))
