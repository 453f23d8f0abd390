"""The commands about messages: trigger them, see what came of them, move time.

Thin clients of the admin API; ``cli`` puts them into its group.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any, NoReturn, TextIO

import click

from mockthingspace.cli.common import (
    REFUSED,
    TIMED_OUT,
    WAIT_S,
    Command,
    Table,
    account_option,
    client,
    client_options,
    complain,
    moment,
    show,
)
from mockthingspace.core.exceptions import AdminError, not_json
from mockthingspace.core.setting_types import LONGEST_S

LONGEST_WAIT_S = 600


class _Trigger(Command):
    """A command whose overrides, as the admin API calls them, are ``--set``."""

    def meant(self, option: str, _: list[str]) -> str | None:
        """Say what is meant by an override, however it is spelled."""
        if not get_close_matches(option, ["--overrides"], 1, 0.8):
            return None
        return ". Another value for one field is --set: --set PATH=VALUE"


@click.command(
    cls=_Trigger,
    epilog="\b\nExamples:\n"
    "  mockthingspace trigger Fota.upgradeFinished --account 0242078689-00001\n"
    "  mockthingspace trigger Fota.firmwareList --account 0242078689-00001 \\\n"
    "      --set firmwareList.0.toVersion=7.1 --wait 5\n"
    "  mockthingspace trigger Fota.firmwareList --account 0242078689-00001 \\\n"
    "      --message message.json\n",
)
@client_options
@click.argument("event")
@click.option("--account", required=True, help="whose listener gets the message")
@click.option("--service", help="the callback service, where not the event's own")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="PATH=VALUE",
    help="another value for one field; text where the field is text, else JSON",
)
@click.option(
    "--message",
    metavar="FILE",
    type=click.File(encoding="utf-8"),
    help="a whole message of your own, as JSON ('-' reads standard input)",
)
@click.option(
    "--wait",
    "wait_s",
    metavar="SECONDS",
    type=click.FloatRange(0, LONGEST_WAIT_S),
    help="wait so long for the first attempt, to which a clock that stands moves; exit "
    "1 unless it was acknowledged, 4 if none was over in time",
)
def trigger(
    url: str,
    as_json: bool,
    *,
    event: str,
    account: str,
    service: str | None,
    overrides: tuple[str, ...],
    message: TextIO | None,
    wait_s: float | None,
) -> None:
    """Send an EVENT's message to the listener registered for it."""
    if overrides and message is not None:
        raise click.UsageError("--set changes an event's own message; --message is one")
    asking = client(url)
    body: dict[str, Any] = {"event": event, "account": account, "service": service}
    if overrides:
        defaults = _defaults(asking.ask("GET", "/events"), event)
        body["overrides"] = dict(_override(item, defaults) for item in overrides)
    if message is not None:
        body["message"] = _message(message)
    made = asking.ask("POST", "/deliveries", body)
    if wait_s is not None:
        made = _attempted(url, account, made["deliveries"], wait_s)
    _show_deliveries(url, made, as_json)
    statuses = {delivery["status"] for delivery in made["deliveries"]}
    if wait_s is not None and statuses != {"delivered"}:
        raise click.exceptions.Exit(REFUSED)


@click.group(
    invoke_without_command=True,
    epilog="\b\nExamples:\n"
    "  mockthingspace deliveries --status pending\n"
    "  mockthingspace deliveries --account 0242078689-00001 --follow\n"
    "  mockthingspace deliveries resend 12\n",
)
@client_options
@account_option
@click.option("--event", help="only this event's, such as Fota.upgradeFinished")
@click.option(
    "--status",
    type=click.Choice(["pending", "delivered", "abandoned", "cancelled", "stale"]),
    help="only those that stand so",
)
@click.option("--limit", type=click.IntRange(1), help="only the last so many")
@click.option("--follow", is_flag=True, help="go on until Ctrl-C")
@click.pass_context
def deliveries(
    context: click.Context,
    /,
    url: str,
    as_json: bool,
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
        _follow(url, as_json, limit, **filters)
    document = client(url).ask("GET", "/deliveries", None, limit=limit, **filters)
    if as_json or document["deliveries"]:
        _show_deliveries(url, document, as_json)
    else:
        click.echo("no deliveries")


@deliveries.command(epilog="\b\nExamples:\n  mockthingspace deliveries resend 12\n")
@client_options
@click.argument("identity", metavar="ID")
def resend(url: str, as_json: bool, identity: str) -> None:
    """Send the message of the delivery ID again, in a new delivery."""
    from urllib.parse import quote

    path = f"/deliveries/{quote(identity, safe='')}/resend"
    _show_deliveries(url, client(url).ask("POST", path), as_json)


@click.group(
    invoke_without_command=True,
    epilog="\b\nExamples:\n"
    "  mockthingspace clock\n"
    "  mockthingspace clock manual\n"
    "  mockthingspace clock advance 300\n",
)
@client_options
@click.pass_context
def clock(context: click.Context, /, url: str, as_json: bool) -> None:
    """Say whether the server's clock runs or stands, and its time."""
    if context.invoked_subcommand is None:
        _show_clock(client(url).ask("GET", "/clock"), as_json)


@clock.command(epilog="\b\nExamples:\n  mockthingspace clock advance 300\n")
@client_options
@click.argument("seconds", type=float)
def advance(url: str, as_json: bool, seconds: float) -> None:
    """Let SECONDS pass on a clock that stands, and say what fell due."""
    if not 0 <= seconds <= LONGEST_S:
        raise click.UsageError(f"SECONDS must be from 0 to {LONGEST_S}")
    document = client(url).ask("POST", "/clock/advance", {"seconds": seconds})
    fired = [
        f"delivery {attempt['delivery']}  attempt {attempt['number']}  "
        f"{_outcome(attempt)}"
        for attempt in document["fired"]
    ]
    _show_clock(document, as_json, fired or ["nothing fell due"])


@clock.command(epilog="\b\nExamples:\n  mockthingspace clock manual\n")
@client_options
def manual(url: str, as_json: bool) -> None:
    """Stop the clock; 'clock advance' moves it."""
    _show_clock(client(url).ask("PUT", "/clock", {"mode": "manual"}), as_json)


@clock.command(epilog="\b\nExamples:\n  mockthingspace clock real\n")
@client_options
def real(url: str, as_json: bool) -> None:
    """Let the clock run."""
    _show_clock(client(url).ask("PUT", "/clock", {"mode": "real"}), as_json)


def _show_clock(
    document: Mapping[str, Any], as_json: bool, above: list[str] | None = None
) -> None:
    from mockthingspace.client import models

    show(document, as_json, [*(above or []), str(models.clock(document))])


def _table() -> Table:
    return Table("ID", "EVENT", "ACCOUNT", "URL", "STATUS", "DUE", "ATTEMPTS")


def _show_deliveries(
    url: str, document: Mapping[str, Any], as_json: bool, table: Table | None = None
) -> None:
    """Print deliveries, the pending ones with the seconds left to their due time."""
    from mockthingspace.client.models import instant

    lines: list[str] = []
    if not as_json:
        now = instant(client(url).ask("GET", "/clock")["now"])
        rows = (_row(delivery, now) for delivery in document["deliveries"])
        lines = (table or _table()).lines(rows)
    show(document, as_json, lines)


def _row(delivery: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    from mockthingspace.client.models import instant

    due, attempts = moment(delivery["due_at"]), delivery["attempts"]
    left_s = (instant(delivery["due_at"]) - now).total_seconds()
    if delivery["status"] == "pending" and left_s > 0:
        due += f" (in {left_s:.0f} s)"
    names = ("id", "event", "account", "url", "status")
    made = [
        f"{attempt['started_at'][11:23]} {_outcome(attempt)}" for attempt in attempts
    ]
    return (*(delivery[name] or "-" for name in names), due, "; ".join(made) or "-")


def _outcome(attempt: Mapping[str, Any]) -> str:
    came = attempt["error"] or attempt["status_code"]
    warning = f", warning: {attempt['warning']}" if attempt["warning"] else ""
    return f"{came} ({attempt['duration_s'] * 1000:.0f} ms){warning}"


def _attempted(
    url: str, account: str, made: list[dict[str, Any]], wait_s: float
) -> dict[str, Any]:
    """Wait until each delivery has had an attempt; return them as they are then."""
    wanted = {
        "account": account,
        "event": made[0]["event"],
        "attempts": 1,
        "count": len(made),
        "since": made[0]["seq"] - 1,
        "timeout_s": wait_s,
    }
    try:
        return client(url).ask("POST", "/deliveries/wait", wanted)
    except AdminError as error:
        if error.status != 408:
            raise
        complain(error)
        raise click.exceptions.Exit(TIMED_OUT) from error


def _follow(
    url: str, as_json: bool, limit: int | None, status: str | None, **filters: Any
) -> NoReturn:
    """Print the deliveries that are there, then what is new or has changed.

    The wait ends when there is one more to show than there was. What it cannot
    wait for, such as another attempt, is seen when its time is up.
    """
    asking = client(url)
    wanted = {**filters, "status": status, "timeout_s": WAIT_S, "advance": False}
    wanted["attempts"] = 1 if status is None else None
    since, seen, table = 0, dict[str, Any](), _table()
    while True:
        document = asking.ask("GET", "/deliveries", None, since=since, **filters)
        found = document["deliveries"]
        ready = [
            item
            for item in found
            if (item["attempts"] if status is None else item["status"] == status)
        ]
        news = [item for item in ready if seen.get(item["id"]) != item]
        if limit is not None:
            news, limit = news[-limit:], None
        if news:
            _show_deliveries(url, {"deliveries": news}, as_json, table)
        since = _settled(found, since)
        seen = {item["id"]: item for item in ready if item["seq"] > since}
        wait = {**wanted, "since": since, "count": len(seen) + 1}
        try:
            asking.ask("POST", "/deliveries/wait", wait)
        except AdminError as error:
            if error.status != 408:
                raise


def _settled(found: list[dict[str, Any]], since: int) -> int:
    """Return the number up to which every delivery is over."""
    for item in found:
        if item["status"] == "pending":
            return since
        since = max(since, item["seq"])
    return since


def _defaults(document: Mapping[str, Any], event: str) -> dict[str, Any]:
    """Return the fields of an event: what stands at each path by default."""
    return {
        field["path"]: field["default"]
        for item in document["events"]
        if item["event"] == event
        for field in item["fields"]
    }


def _override(given: str, defaults: Mapping[str, Any]) -> tuple[str, Any]:
    """Read ``path=value`` as the field there wants it.

    The items of an array are alike, so the first one says what another has.
    What is unknown goes as it is: the admin API names the nearest field.
    """
    path, equals, text = given.partition("=")
    if not equals:
        raise click.UsageError(f"--set takes PATH=VALUE; came {given!r}")
    first = ".".join("0" if step.isdigit() else step for step in path.split("."))
    default = defaults.get(path, defaults.get(first))
    if isinstance(default, str):
        return path, text
    try:
        return path, _json(text)
    except ValueError as error:
        if default is None:
            return path, text
        raise click.UsageError(f"--set {path}: not JSON: {text!r}") from error


def _message(given: TextIO) -> Any:
    try:
        message = _json(given.read())
    except ValueError as error:
        raise click.UsageError(not_json(given.name, error)) from error
    if message is None:
        raise click.UsageError(f"{given.name} holds null, which is no message")
    return message


def _json(text: str) -> Any:
    """Read JSON, and only what is JSON.

    Raises:
        ValueError: It is none.
    """
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON number")
