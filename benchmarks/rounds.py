"""Rounds, medians and tables.

A machine's speed drifts while it is measured. So every figure of a table comes
from rounds that run all its subjects in turn, in one order and then the other;
the ratio is the median of the rounds' own ratios. The first subject is ours.
"""

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import perf_counter
from typing import NamedTuple, TypeVar

OURS = "mockthingspace"
HTTPSERVER = "pytest-httpserver"
MOTO = "moto server"
LIMIT = "limit: bare WSGI, waitress"


class Plan(NamedTuple):
    """How long to measure.

    Args:
        rounds: How often every subject has its turn.
        seconds: How long a server is loaded at a time.
        requests: How many requests memory is measured after.
        accounts: How many accounts make a large server.
    """

    rounds: int
    seconds: int
    requests: int
    accounts: int


class Metric(NamedTuple):
    """One column of a table, whether more of it is better, and its decimals."""

    name: str
    more_is_better: bool = False
    decimals: int = 1
    compared: bool = True


Sample = Mapping[str, float]
Result = TypeVar("Result")
Results = dict[str, list[Sample]]


def interleave(subjects: Mapping[str, Callable[[], Sample]], rounds: int) -> Results:
    """Measure every subject once a round, each second round in reverse."""
    results: Results = {name: [] for name in subjects}
    for turn in range(rounds):
        order = list(subjects)
        for name in order if turn % 2 == 0 else reversed(order):
            results[name].append(subjects[name]())
    return results


def microseconds(call: Callable[[], object], budget_s: float = 0.1) -> float:
    """Return what one call takes, after a first, until the budget is spent."""
    call()
    calls = 0
    began = perf_counter()
    while (spent := perf_counter() - began) < budget_s or not calls:
        call()
        calls += 1
    return spent / calls * 1e6


def milliseconds(call: Callable[[], object]) -> float:
    """Return what one call took."""
    return timed(call)[0]


def timed(call: Callable[[], Result]) -> tuple[float, Result]:
    """Return what one call took, in milliseconds, and what it returned."""
    began = perf_counter()
    result = call()
    return (perf_counter() - began) * 1000, result


def show(title: str, results: Results, metrics: Sequence[Metric], *notes: str) -> None:
    """Print a table: medians (min-max), and how many times better ours is."""
    ours = next(iter(results.values()))
    heads = [""]
    for metric in metrics:
        heads += [metric.name, "ours is"] if metric.compared else [metric.name]
    rows = [heads]
    for name, samples in results.items():
        row = [name]
        for metric in metrics:
            row.append(_figure(metric, samples))
            if metric.compared:
                row.append("" if samples is ours else _ratio(metric, ours, samples))
        rows.append(row)
    widths = [max(len(row[at]) for row in rows) for at in range(len(heads))]
    print(f"\n{title}")
    for row in rows:
        first, *rest = row
        cells = [first.ljust(widths[0])]
        cells += [
            cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)
        ]
        print("  " + "  ".join(cells).rstrip())
    for note in notes:
        print(f"  ({note})")
    print(end="", flush=True)


def _figure(metric: Metric, samples: list[Sample]) -> str:
    values = [sample[metric.name] for sample in samples if metric.name in sample]
    if not values:
        return "-"
    low, middle, high = (
        f"{value:,.{metric.decimals}f}"
        for value in (min(values), median(values), max(values))
    )
    return middle if low == high else f"{middle} ({low}-{high})"


def _ratio(metric: Metric, ours: list[Sample], theirs: list[Sample]) -> str:
    ratios = [
        mine[metric.name] / other[metric.name]
        for mine, other in zip(ours, theirs, strict=True)
        if metric.name in mine and other.get(metric.name)
    ]
    if not ratios:
        return "-"
    ratio = median(ratios)
    return f"{ratio if metric.more_is_better else 1 / ratio:,.2f} x"
