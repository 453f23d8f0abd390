"""Much of everything at once: nothing grows, and what is forgotten is counted.

Run by ``make soak``: it measures a process of its own, which needs Linux's /proc.
"""

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from mockthingspace import Listener, MockThingSpace

pytestmark = pytest.mark.soak

ROUNDS, ACTS, CLIENTS, ACCOUNTS = 6, 300, 4, 40
LIMIT = 300
GROWTH = 1.05
KINDS = (
    *({"kind": "status", "status": item} for item in (401, 403, 429, 500, 503)),
    *(
        {"kind": item}
        for item in ("reset", "empty", "truncate", "garbage", "malformed")
    ),
    {"kind": "refuse", "refusal": "expired-session"},
    {"kind": "delay", "on": "requests", "seconds": 0.01},
    {"kind": "slow", "seconds": 0.02, "chunks": 3},
    *(
        {"kind": item, "on": "deliveries"}
        for item in ("drop", "duplicate", "reorder", "overlap", "corrupt", "oversized")
    ),
)


class Measured(NamedTuple):
    """What a process holds: memory in KiB, threads, descriptors."""

    memory: int
    threads: int
    descriptors: int


def measure(pid: int) -> Measured:
    """Look at a process."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    told = dict(line.split(":", 1) for line in status.splitlines())
    return Measured(
        int(told["VmRSS"].split()[0]),
        int(told["Threads"]),
        len(os.listdir(f"/proc/{pid}/fd")),
    )


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[MockThingSpace, int]]:
    """A server in a process of its own, and that process's number."""
    command = [str(Path(sys.executable).with_name("mockthingspace")), "serve"]
    command += ["--port", "0", "--retries", "0.01", "--journal-limit", str(LIMIT)]
    with (tmp_path / "log").open("w") as log:
        ran = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        line = next(line for line in ran.stdout if " ready " in line)
        url = line.partition("url=")[2].split()[0]
        yield MockThingSpace.at(url), ran.pid
    finally:
        ran.terminate()
        ran.communicate(timeout=20)
    assert ran.returncode == 0


def client(handle: MockThingSpace, listener: str, number: int, turn: int) -> None:
    """Do everything a client does, so many times."""
    chance = random.Random(turn * CLIENTS + number)
    with requests.Session() as ask:
        ask.trust_env = False
        for _ in range(ACTS):
            account = f"{number:010d}-{chance.randrange(ACCOUNTS):05d}"
            url = f"{handle.url}/api/fota/v1/callbacks/{account}"
            plan = dict(chance.choice(KINDS), account=account, ttl_s=5)
            acts: tuple[Callable[[], object], ...] = (
                lambda url=url: ask.get(url, timeout=30),
                lambda url=url: ask.post(
                    url, json={"name": "Fota", "url": listener}, timeout=30
                ),
                lambda url=url: ask.delete(f"{url}/name/Fota", timeout=30),
                lambda account=account: handle.trigger("Fota.firmwareList", account),
                lambda plan=plan: handle.admin.ask("POST", "/faults", plan),
                lambda account=account: handle.reset(account),
            )
            try:
                chance.choices(acts, (40, 20, 5, 20, 14, 1))[0]()
            except (requests.RequestException, ValueError, LookupError):
                pass  # what a fault does to a client
            except Exception as error:
                if "has no registration" not in str(error):
                    raise


def test_nothing_grows_under_mixed_load_with_faults(
    served: tuple[MockThingSpace, int],
) -> None:
    """Memory is flat, threads and descriptors are few, the journal keeps its limit."""
    handle, pid = served
    rounds = []
    with Listener() as listener, ThreadPoolExecutor(CLIENTS) as clients:
        for turn in range(ROUNDS):
            listener.clear()
            for at_work in [
                clients.submit(client, handle, listener.url, number, turn)
                for number in range(CLIENTS)
            ]:
                at_work.result()
            handle.wait_until_idle(timeout_s=60)
            rounds.append(measure(pid))

    warm, last = rounds[len(rounds) // 2 - 1], rounds[-1]
    meta = handle.admin.ask("GET", "/requests", limit=1)["meta"]
    assert meta["total"] == LIMIT
    assert meta["evicted"] > LIMIT
    assert last.memory <= warm.memory * GROWTH, rounds
    assert last.threads <= warm.threads + 4, rounds
    assert last.descriptors <= warm.descriptors + 8, rounds
