"""The commands about planned misbehaviour: plan it, see it, clear it.

Thin clients of the admin API; ``cli`` puts them into its group.
"""

import json
from typing import Any

import click

from mockthingspace.cli.common import (
    Command,
    Console,
    Group,
    account_option,
    asks_server,
    family_option,
)

ON = click.Choice(["requests", "deliveries", "actions"])


@click.group(
    cls=Group,
    invoke_without_command=True,
    epilog="\b\nExamples:\n"
    "  mockthingspace faults\n"
    "  mockthingspace faults kinds\n"
    "  mockthingspace faults plan status --set status=503 --times 2\n"
    "  mockthingspace faults clear --all\n",
)
@asks_server
@account_option
@click.pass_context
def faults(context: click.Context, console: Console, account: str | None) -> None:
    """List the active faults, in the order they were planned."""
    if context.invoked_subcommand is None:
        document = console.ask("GET", "/faults", account=account)
        console.show(document, _lines(document["faults"]) or ["no faults"])


@faults.command(
    cls=Command,
    hint="A kind's own options are set with --set NAME=VALUE.",
    epilog="\b\nExamples:\n"
    "  mockthingspace faults plan reset --operation register\n"
    "  mockthingspace faults plan delay --set seconds=30 --times always\n"
    "  mockthingspace faults plan duplicate --account 0242078689-00001\n",
)
@asks_server
@click.argument("kind")
@click.option(
    "--on", type=ON, help="what it acts on, for a kind that takes both (delay)"
)
@account_option
@family_option
@click.option("--operation", help="only on this operation, such as register")
@click.option("--service", help="only on deliveries of this callback service")
@click.option("--event", help="only on deliveries of this event")
@click.option("--times", help="how many times, or 'always' (default: see kinds)")
@click.option("--probability", help="how likely, above 0, at most 1 (default: 1)")
@click.option("--seed", help="seed of the random draws (default: 0)")
@click.option(
    "--ttl-s",
    help="seconds of the server's clock until it expires (default: 300)",
)
@click.option(
    "--set",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="an option of the kind; VALUE is read as JSON, else as text",
)
def plan(console: Console, options: tuple[str, ...], **given: Any) -> None:
    """Plan a fault of a KIND, which acts until it is used up or expires."""
    body = {name: value for name, value in given.items() if value is not None}
    if body.get("times") == "always":
        body["times"] = None
    document = console.ask("POST", "/faults", dict(map(_option, options)) | body)
    console.show(document, _lines([document]))


@faults.command(
    epilog="\b\nExamples:\n"
    "  mockthingspace faults clear 12\n"
    "  mockthingspace faults clear --account 0242078689-00001\n"
)
@asks_server
@click.argument("identity", metavar="[ID]", required=False)
@account_option
@click.option("--all", "every", is_flag=True, help="the faults of all accounts")
def clear(
    console: Console, identity: str | None, account: str | None, every: bool
) -> None:
    """Clear the fault ID, all faults of an account, or all faults."""
    from urllib.parse import quote

    if [identity is not None, account is not None, every].count(True) != 1:
        raise click.UsageError("give exactly one of ID, --account and --all")
    if identity is not None:
        path = f"/faults/{quote(identity, safe='')}"
        document = console.ask("DELETE", path)
        console.show(document, [f"cleared {line}" for line in _lines([document])])
        return
    document = console.ask("DELETE", "/faults", account=account)
    console.show(document, [f"cleared {document['removed']}"])


@faults.command(epilog="\b\nExamples:\n  mockthingspace faults kinds\n")
@click.option("--on", type=ON, help="only the kinds that act on these")
def kinds(on: str | None) -> None:
    """List the kinds of faults: what each does, and its options."""
    from mockthingspace.backend.faults.kinds import FAULTS
    from mockthingspace.core.settings import default_text

    for kind in FAULTS:
        if on in (None, kind.on):
            also = f" (WireMock: {kind.wiremock})" if kind.wiremock else ""
            click.echo(f"{kind.name}, on {kind.on}: {kind.does}{also}")
            for name, (row, default) in kind.options.items():
                click.echo(
                    f"    {name}: {row.allowed} (default: {default_text(default)})"
                )


def _option(given: str) -> tuple[str, Any]:
    name, equals, text = given.partition("=")
    if not name or not equals:
        raise click.UsageError(f"--set takes NAME=VALUE, got {given!r}")
    try:
        return name, json.loads(text)
    except (ValueError, RecursionError):
        return name, text


def _lines(shown: list[dict[str, Any]]) -> list[str]:
    from mockthingspace.client.faults import recorded

    return [str(recorded(item)) for item in shown]
