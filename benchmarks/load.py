"""Requests per second and how long the slowest wait, from wrk."""

import json
import shutil
import subprocess
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import MappingProxyType

from benchmarks.peers import PEERS, SNS, Request, Running, running
from benchmarks.replies import LIST, WANTED
from benchmarks.rounds import MOTO, OURS, Metric, Plan, Sample, interleave, show

SCRIPT = Path(__file__).with_name("load.lua")
CONNECTIONS = (1, 8, 64)
APART = 2000
TITLES = MappingProxyType(
    {"list": "list the registrations", "pairs": "register, then deregister"}
)
METRICS = (Metric("requests/s", more_is_better=True, decimals=0), Metric("p99 ms"))
NOTES = (
    "ours: as the command line runs it, journal and text log on, log to /dev/null",
    "pytest-httpserver: not threaded, its default; moto: SNS ListSubscriptions, and "
    "CreateTopic with DeleteTopic",
)


def need_wrk() -> None:
    """Exit with 1 when wrk is missing, saying how to get it."""
    if shutil.which("wrk") is None:
        print(
            "the benchmarks need wrk; to get it: apt-get install wrk, brew install wrk "
            "or https://github.com/wg/wrk",
            file=sys.stderr,
        )
        sys.exit(1)


def prepare(server: Running, name: str) -> None:
    """Make one registration, or moto's one subscription."""
    if name == MOTO:
        topic = "TopicArn=arn:aws:sns:us-east-1:123456789012:one"
        listener = "Protocol=http&Endpoint=http%3A%2F%2Flocalhost%3A9001%2Ffota"
        for action in ("CreateTopic&Name=one", f"Subscribe&{topic}&{listener}"):
            path = f"/?Action={action}&Version=2010-03-31"
            server.ask(Request("GET", path, headers=SNS))
    else:
        server.ask(Request("POST", LIST, WANTED))


def _restore(server: Running) -> None:
    """Register the accounts whose deregistration comes first."""
    registrations = [
        {
            "family": "fota-v1",
            "account": f"{number:010d}-00001",
            "service": "Fota",
            "url": "http://localhost:9001/fota",
        }
        for number in range(1, APART + 1)
    ]
    body = json.dumps({"registrations": registrations}).encode()
    headers = {"Content-Type": "application/json"}
    server.ask(Request("PUT", "/__admin/snapshot", body, headers))


def load(
    server: Running, name: str, work: str, connections: int, seconds: int
) -> Sample:
    """Load a server with wrk.

    Raises:
        RuntimeError: More than one reply in a hundred was an error.
    """
    if name == OURS and work == "pairs":
        _restore(server)
    ran = subprocess.run(
        [
            "wrk",
            "--threads=1",
            f"--connections={connections}",
            f"--duration={seconds}s",
            "--timeout=10s",
            f"--script={SCRIPT}",
            f"http://127.0.0.1:{server.port}",
            "--",
            "moto" if name == MOTO else "server",
            work,
            "0" if name == MOTO else str(APART),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    requests, spent, errors, p99 = map(int, ran.stdout.splitlines()[-1].split())
    if errors > requests / 100 + 1:
        raise RuntimeError(f"{name}: {errors} errors in {requests} requests of {work}")
    return {
        "requests": requests,
        "requests/s": requests / spent * 1e6,
        "p99 ms": p99 / 1000,
    }


def run(plan: Plan) -> None:
    """Load every server with either work at 1, 8 and 64 connections."""
    with ExitStack() as servers:
        up = {
            name: servers.enter_context(running(peer)) for name, peer in PEERS.items()
        }
        for name, server in up.items():
            prepare(server, name)
        for work, title in TITLES.items():
            for connections in CONNECTIONS:
                loads = {
                    name: partial(load, server, name, work, connections, plan.seconds)
                    for name, server in up.items()
                }
                results = interleave(loads, plan.rounds)
                show(f"{title}, {connections} connections", results, METRICS)
    for note in NOTES:
        print(f"  ({note})")
