"""Starting and stopping a server in the thread of a test's process."""

from collections.abc import Callable
from typing import Any

from moto.server import ThreadedMotoServer
from pytest_httpserver import HTTPServer

from benchmarks.bare import serve
from benchmarks.rounds import (
    HTTPSERVER,
    LIMIT,
    MOTO,
    OURS,
    Metric,
    Plan,
    Sample,
    interleave,
    milliseconds,
    show,
)
from mockthingspace import MockThingSpace

METRICS = (
    Metric("start ms"),
    Metric("stop ms"),
    Metric("both ms"),
)


def _life(make: Callable[[], Any]) -> Callable[[], Sample]:
    def measure() -> Sample:
        made: list[Any] = []

        def start() -> None:
            made.append(make())
            made[0].start()

        started = milliseconds(start)
        stopped = milliseconds(made[0].stop)
        return {
            "start ms": started,
            "stop ms": stopped,
            "both ms": started + stopped,
        }

    return measure


def run(plan: Plan) -> None:
    """Start and stop each server on a free port."""
    subjects = {
        OURS: _life(MockThingSpace),
        HTTPSERVER: _life(HTTPServer),
        MOTO: _life(lambda: ThreadedMotoServer("127.0.0.1", 0, verbose=False)),
        LIMIT: _life(serve),
    }
    interleave(subjects, 1)
    show(
        "start and stop in a test's process",
        interleave(subjects, plan.rounds * 3),
        METRICS,
    )
