"""Measure the server beside its peers and print tables."""

import argparse
import logging
import os
import platform
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version

from benchmarks.busy import BURNERS, busy
from benchmarks.load import need_wrk
from benchmarks.rounds import Plan

FIGURES = {
    "load": "requests per second and p99 of the three operations",
    "fixture": "start and stop in a test's process",
    "startup": "command line to the first answer; --help, --version",
    "memory": "memory after many requests",
    "growth": "time and bytes at 1 and at many accounts",
    "requesting": "one call through requests",
    "delivering": "messages to listeners: rate, latency, memory, advance",
}
NEED_WRK = {"load", "memory"}
BUSY_TOO = {"load", "fixture", "startup", "requesting", "delivering"}
PACKAGES = (
    "mockthingspace",
    "flask",
    "werkzeug",
    "marshmallow",
    "waitress",
    "requests",
    "pytest-httpserver",
    "moto",
)
FULL = Plan(rounds=3, seconds=2, requests=25_000, accounts=100_000)
QUICK = Plan(rounds=1, seconds=1, requests=4_000, accounts=10_000)


def _read(arguments: list[str] | None) -> tuple[list[str], Plan]:
    parser = argparse.ArgumentParser(
        "python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="figures:\n"
        + "\n".join(f"  {name:12}{does}" for name, does in FIGURES.items()),
    )
    parser.add_argument(
        "--only",
        metavar="NAME",
        action="append",
        choices=FIGURES,
        help="measure this figure; may be repeated",
    )
    parser.add_argument(
        "--quick", action="store_true", help="one short round: a minute in all"
    )
    for name, does in (
        ("rounds", "how often every subject has its turn"),
        ("seconds", "how long a server is loaded at a time"),
        ("requests", "how many requests memory is measured after"),
        ("accounts", "how many accounts make a large server"),
    ):
        parser.add_argument(
            f"--{name}",
            metavar="N",
            type=_positive,
            help=f"{does} (default: {getattr(FULL, name):,}, "
            f"quick: {getattr(QUICK, name):,})",
        )
    given = parser.parse_args(arguments)
    plan = QUICK if given.quick else FULL
    changed = {name: value for name in Plan._fields if (value := getattr(given, name))}
    return given.only or list(FIGURES), plan._replace(**changed)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def main(arguments: list[str] | None = None) -> None:
    """Measure the figures asked for."""
    names, plan = _read(arguments)
    if NEED_WRK & set(names):
        need_wrk()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    print(f"Python {platform.python_version()}, {packages}")
    print(
        f"{platform.machine()} {platform.system()}, {os.cpu_count()} processors; "
        f"{plan.rounds} interleaved rounds;"
    )
    print("medians (min-max); 'ours is' 2.00 x: twice as good as that one")
    for name in names:
        figure: Callable[[Plan], None] = import_module(f"benchmarks.{name}").run
        figure(plan)
        if name in BUSY_TOO:
            print(f"\nthe same while {BURNERS} processes keep the processors busy")
            with busy():
                figure(plan)


if __name__ == "__main__":
    main()
