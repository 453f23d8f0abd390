"""The memory a server holds after many requests."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from benchmarks.load import load, prepare
from benchmarks.peers import PEERS, running
from benchmarks.rounds import Metric, Plan, Results, Sample, show

SLOWEST = 250  # requests per second; a server that is slower gets fewer
METRICS = (
    Metric("MiB started"),
    Metric("MiB loaded"),
    Metric("bytes/request at the end", decimals=0, compared=False),
    Metric("requests", decimals=0, compared=False),
)


def _grow(name: str, wanted: int) -> Sample:
    """Load a server with listings; the last half of them tells how it grows."""
    with running(PEERS[name]) as server:
        prepare(server, name)
        started = halfway = server.rss_mib()
        done = at_half = 0
        late = monotonic() + wanted / SLOWEST
        while done < wanted and monotonic() < late:
            if done < wanted / 2:
                halfway, at_half = server.rss_mib(), done
            done += int(load(server, name, "list", 8, 1)["requests"])
        loaded = server.rss_mib()
    return {
        "MiB started": started,
        "MiB loaded": loaded,
        "bytes/request at the end": (loaded - halfway) * 2**20 / (done - at_half),
        "requests": done,
    }


def run(plan: Plan) -> None:
    """Load every server at once: nothing here is timed."""
    with ThreadPoolExecutor(len(PEERS)) as pool:
        grown = {name: pool.submit(_grow, name, plan.requests) for name in PEERS}
        results: Results = {name: [value.result()] for name, value in grown.items()}
    show(
        f"memory after {plan.requests:,} requests (--requests)",
        results,
        METRICS,
        "our journal keeps the last 10,000 exchanges, pytest-httpserver every one; "
        "a slow server gets fewer requests",
    )
