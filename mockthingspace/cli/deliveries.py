"""The commands about deliveries: list and follow them, send one again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn

import click

from mockthingspace.cli.common import (
    WAIT_S,
    Console,
    Table,
    account_option,
    asks_server,
    follow_option,
    limit_option,
    moment,
)


@click.group(
    invoke_without_command=True,
    epilog="\b\nExamples:\n"
    "  mockthingspace deliveries --status pending\n"
    "  mockthingspace deliveries --account 0242078689-00001 --follow\n"
    "  mockthingspace deliveries resend 12\n",
)
@click.pass_context
@asks_server
@account_option
@click.option("--event", help="only this event's, such as Fota.upgradeFinished")
@click.option(
    "--status",
    type=click.Choice(["pending", "delivered", "abandoned", "cancelled", "stale"]),
    help="only those that stand so",
)
@limit_option
@follow_option
def deliveries(
    context: click.Context,
    console: Console,
    limit: int | None,
    follow: bool,
    **filters: Any,
) -> None:
    """List the deliveries, oldest first, each with its attempts.

    With --follow, also those that come, each when its first attempt is over,
    and again when it has changed since.
    """
    if context.invoked_subcommand is not None:
        return
    if follow:
        _follow(console, limit, **filters)
    document = console.ask("GET", "/deliveries", None, limit=limit, **filters)
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


def _table() -> Table:
    return Table("ID", "EVENT", "ACCOUNT", "URL", "STATUS", "DUE", "ATTEMPTS")


def show_deliveries(
    console: Console, document: Mapping[str, Any], table: Table | None = None
) -> None:
    """Print deliveries, the pending ones with the seconds left to their due time."""
    from mockthingspace.client.models import instant

    lines: list[str] = []
    if not console.as_json:
        now = instant(console.ask("GET", "/clock")["now"])
        rows = (_row(delivery, now) for delivery in document["deliveries"])
        lines = (table or _table()).lines(rows)
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
    came = attempt["error"] or attempt["status_code"]
    warning = f", warning: {attempt['warning']}" if attempt["warning"] else ""
    return f"{came} ({attempt['duration_s'] * 1000:.0f} ms){warning}"


def _follow(
    console: Console, limit: int | None, status: str | None, **filters: Any
) -> NoReturn:
    """Print the deliveries that are there, then what is new or has changed.

    The timeline says that something has happened; what, is looked up.
    """
    account = filters["account"]
    heard = since = 0
    wait_s: int | None = None
    seen, table = dict[str, Any](), _table()
    while True:
        news = {"account": account, "since": heard, "wait_s": wait_s, "limit": 1}
        heard = console.ask("GET", "/timeline", None, **news)["meta"]["last_seq"]
        wait_s = WAIT_S
        there = console.ask("GET", "/deliveries", None, since=since, **filters)
        ready = [
            item
            for item in there["deliveries"]
            if (item["attempts"] if status is None else item["status"] == status)
        ]
        changed = [item for item in ready if seen.get(item["id"]) != item]
        if limit is not None:
            changed, limit = changed[-limit:], None
        if changed:
            show_deliveries(console, {"deliveries": changed}, table)
        since = _settled(there["deliveries"], since)
        seen = {item["id"]: item for item in ready if item["seq"] > since}


def _settled(found: list[dict[str, Any]], since: int) -> int:
    """Return the number up to which every delivery is over."""
    for item in found:
        if item["status"] == "pending":
            return since
        since = max(since, item["seq"])
    return since
