"""The commands about deliveries: list them, send one again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from mockthingspace.cli.common import (
    Console,
    account_option,
    asks_server,
    limit_option,
    moment,
    table,
)


@click.group(
    invoke_without_command=True,
    epilog="\b\nExamples:\n"
    "  mockthingspace deliveries --status pending\n"
    "  mockthingspace deliveries --account 0242078689-00001\n"
    "  mockthingspace deliveries resend 12\n",
)
@click.pass_context
@asks_server
@account_option
@click.option("--event", help="only of this event, such as Fota.upgradeFinished")
@click.option(
    "--status",
    type=click.Choice(["pending", "delivered", "abandoned", "cancelled", "stale"]),
    help="only those with this status",
)
@limit_option
def deliveries(context: click.Context, console: Console, **filters: Any) -> None:
    """List the deliveries, oldest first, each with its attempts."""
    if context.invoked_subcommand is not None:
        return
    document = console.ask("GET", "/deliveries", None, **filters)
    if console.as_json or document["deliveries"]:
        show_deliveries(console, document)
    else:
        click.echo("no deliveries")


@deliveries.command(epilog="\b\nExamples:\n  mockthingspace deliveries resend 12\n")
@asks_server
@click.argument("identity", metavar="ID")
def resend(console: Console, identity: str) -> None:
    """Send the message of the delivery ID again, in a new delivery."""
    from urllib.parse import quote

    path = f"/deliveries/{quote(identity, safe='')}/resend"
    show_deliveries(console, console.ask("POST", path))


def show_deliveries(console: Console, document: Mapping[str, Any]) -> None:
    """Print deliveries, the pending ones with the seconds left to their due time."""
    from mockthingspace.client.models import instant

    lines: list[str] = []
    if not console.as_json:
        now = instant(console.ask("GET", "/clock")["now"])
        rows = (_row(delivery, now) for delivery in document["deliveries"])
        heads = ("ID", "EVENT", "ACCOUNT", "URL", "STATUS", "DUE", "ATTEMPTS")
        lines = table(heads, rows)
    console.show(document, lines)


def _row(delivery: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    from mockthingspace.client.models import instant

    due, attempts = moment(delivery["due_at"]), delivery["attempts"]
    left_s = (instant(delivery["due_at"]) - now).total_seconds()
    if delivery["status"] == "pending" and left_s > 0:
        due += f" (in {left_s:.0f} s)"
    names = ("id", "event", "account", "url", "status")
    made = [
        f"{attempt['started_at'][11:23]} {outcome(attempt)}" for attempt in attempts
    ]
    return (*(delivery[name] or "-" for name in names), due, "; ".join(made) or "-")


def outcome(attempt: Mapping[str, Any]) -> str:
    """Return what came of an attempt, and after how long."""
    outcome = attempt["error"] or attempt["status_code"]
    warning = f", warning: {attempt['warning']}" if attempt["warning"] else ""
    return f"{outcome} ({attempt['duration_s'] * 1000:.0f} ms){warning}"
