"""The command line: from nothing to the first answer, and its quick replies."""

import subprocess
import sys
from collections.abc import Callable
from functools import partial

from benchmarks.peers import BIN, PEERS, Peer, running
from benchmarks.rounds import (
    HTTPSERVER,
    MOTO,
    OURS,
    Metric,
    Plan,
    Sample,
    interleave,
    milliseconds,
    show,
)

FIRST = Metric("first answer ms", decimals=0)
METRICS = (Metric("--help ms", decimals=0), Metric("--version ms", decimals=0))


def _start(peer: Peer) -> Callable[[], Sample]:
    def measure() -> Sample:
        server = running(peer)
        spent = milliseconds(server.__enter__)
        server.__exit__(None, None, None)
        return {FIRST.name: spent}

    return measure


def _commands(**commands: list[str]) -> Callable[[], Sample]:
    def measure() -> Sample:
        return {
            f"--{name} ms": milliseconds(
                partial(subprocess.run, command, check=True, capture_output=True)
            )
            for name, command in commands.items()
        }

    return measure


def run(plan: Plan) -> None:
    """Start each server, then ask the commands for what they print."""
    rounds = plan.rounds * 2 - 1
    starts = {name: _start(peer) for name, peer in PEERS.items()}
    show("command line to the first answer", interleave(starts, rounds), [FIRST])
    ours, moto = str(BIN / "mockthingspace"), str(BIN / "moto_server")
    nothing = [sys.executable, "-c", "pass"]
    commands = {
        OURS: _commands(help=[ours, "--help"], version=[ours, "--version"]),
        MOTO: _commands(help=[moto, "--help"]),
        "limit: python -c pass": _commands(help=nothing, version=nothing),
    }
    show(
        "what the command line prints",
        interleave(commands, rounds),
        METRICS,
        f"{HTTPSERVER} has no command line, moto_server no --version",
    )
