"""The command that triggers a message, and may wait for what comes of it."""

import json
from collections.abc import Mapping
from typing import Any, TextIO

import click

from mockthingspace.cli.common import (
    REFUSED,
    TIMED_OUT,
    Command,
    Console,
    asks_server,
    complain,
)
from mockthingspace.cli.deliveries import show_deliveries
from mockthingspace.core.exceptions import AdminError, not_json

LONGEST_WAIT_S = 600


@click.command(
    cls=Command,
    hint="To change a field: --set PATH=VALUE.",
    epilog="\b\nExamples:\n"
    "  mockthingspace trigger Fota.upgradeFinished --account 0242078689-00001\n"
    "  mockthingspace trigger Fota.firmwareList --account 0242078689-00001 \\\n"
    "      --set firmwareList.0.toVersion=7.1 --wait 5\n"
    "  mockthingspace trigger Fota.firmwareList --account 0242078689-00001 \\\n"
    "      --message message.json\n",
)
@asks_server
@click.argument("event")
@click.option(
    "--account", required=True, help="the account whose listener gets the message"
)
@click.option(
    "--service", help="send to this callback service instead of the event's own"
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="PATH=VALUE",
    help="change one field; VALUE is text for a text field, else JSON",
)
@click.option(
    "--message",
    metavar="FILE",
    type=click.File(encoding="utf-8"),
    help="send your own message, a JSON file ('-' reads standard input)",
)
@click.option(
    "--wait",
    "wait_s",
    metavar="SECONDS",
    type=click.FloatRange(0, LONGEST_WAIT_S),
    help="wait up to this long for the first attempt, and move a manual clock to it; "
    "exit 1 unless it was acknowledged, 4 if it did not end in time",
)
def trigger(
    console: Console,
    *,
    overrides: tuple[str, ...],
    message: TextIO | None,
    wait_s: float | None,
    **whose: Any,
) -> None:
    """Send an EVENT's message to the listener registered for it."""
    if overrides and message is not None:
        raise click.UsageError("--set cannot be combined with --message")
    body = dict(whose)
    if overrides:
        defaults = _defaults(console.ask("GET", "/events"), body["event"])
        body["overrides"] = dict(_override(item, defaults) for item in overrides)
    if message is not None:
        body["message"] = _message(message)
    made = console.ask("POST", "/deliveries", body)
    if wait_s is not None:
        made = _attempted(console, body["account"], made["deliveries"], wait_s)
    show_deliveries(console, made)
    statuses = {delivery["status"] for delivery in made["deliveries"]}
    if wait_s is not None and statuses != {"delivered"}:
        raise click.exceptions.Exit(REFUSED)


def _attempted(
    console: Console, account: str, made: list[dict[str, Any]], wait_s: float
) -> Any:
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
        return console.ask("POST", "/deliveries/wait", wanted)
    except AdminError as error:
        if error.status != 408:
            raise
        complain(error)
        raise click.exceptions.Exit(TIMED_OUT) from error


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
        raise click.UsageError(f"--set takes PATH=VALUE, got {given!r}")
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
        raise click.UsageError(f"{given.name} holds null, not a message")
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
    raise ValueError(f"{text} is not a JSON number")
