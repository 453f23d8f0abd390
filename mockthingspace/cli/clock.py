"""The commands about the server's clock: see it, stop it, move it, let it run."""

from collections.abc import Mapping
from typing import Any

import click

from mockthingspace.cli.common import Console, asks_server
from mockthingspace.cli.deliveries import outcome
from mockthingspace.core.setting_types import LONGEST_S


@click.group(
    invoke_without_command=True,
    epilog="\b\nExamples:\n"
    "  mockthingspace clock\n"
    "  mockthingspace clock manual\n"
    "  mockthingspace clock advance 300\n",
)
@click.pass_context
@asks_server
def clock(context: click.Context, console: Console) -> None:
    """Say whether the server's clock runs or stands, and its time."""
    if context.invoked_subcommand is None:
        _show(console, console.ask("GET", "/clock"))


@clock.command(epilog="\b\nExamples:\n  mockthingspace clock advance 300\n")
@asks_server
@click.argument("seconds", type=float)
def advance(console: Console, seconds: float) -> None:
    """Let SECONDS pass on a clock that stands, and say what fell due."""
    if not 0 <= seconds <= LONGEST_S:
        raise click.UsageError(f"SECONDS must be from 0 to {LONGEST_S}")
    document = console.ask("POST", "/clock/advance", {"seconds": seconds})
    fired = [
        f"delivery {attempt['delivery']}  attempt {attempt['number']}  "
        f"{outcome(attempt)}"
        for attempt in document["fired"]
    ]
    _show(console, document, *(fired or ["nothing fell due"]))


@clock.command(epilog="\b\nExamples:\n  mockthingspace clock manual\n")
@asks_server
def manual(console: Console) -> None:
    """Stop the clock; 'clock advance' moves it."""
    _show(console, console.ask("PUT", "/clock", {"mode": "manual"}))


@clock.command(epilog="\b\nExamples:\n  mockthingspace clock real\n")
@asks_server
def real(console: Console) -> None:
    """Let the clock run."""
    _show(console, console.ask("PUT", "/clock", {"mode": "real"}))


def _show(console: Console, document: Mapping[str, Any], *above: str) -> None:
    from mockthingspace.client import models

    console.show(document, [*above, str(models.clock(document))])
