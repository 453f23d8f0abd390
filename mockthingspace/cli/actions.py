"""The commands about actions: see what was accepted, complete one.

Thin clients of the admin API; ``cli`` puts them into its group.
"""

from typing import Any

import click

from mockthingspace.cli.common import (
    Console,
    Group,
    account_option,
    asks_server,
    limit_option,
)

OUTCOME = click.Choice(["success", "failure"])
STATUS = click.Choice(["pending", "success", "failure", "cancelled"])


@click.group(
    cls=Group,
    invoke_without_command=True,
    epilog="\b\nExamples:\n"
    "  mockthingspace actions\n"
    "  mockthingspace actions --status pending\n"
    "  mockthingspace actions complete 1bc19205-a8c7-45c1-891f-2ce25220d276 "
    "--outcome failure\n",
)
@asks_server
@account_option
@click.option("--status", type=STATUS, help="only those with this status")
@limit_option
@click.pass_context
def actions(context: click.Context, /, console: Console, **filters: Any) -> None:
    """List the actions that were accepted, oldest first."""
    if context.invoked_subcommand is None:
        document = console.ask("GET", "/actions", **filters)
        console.show(document, _lines(document["actions"]) or ["no actions"])


@actions.command(
    epilog="\b\nExamples:\n"
    "  mockthingspace actions complete 1bc19205-a8c7-45c1-891f-2ce25220d276\n",
)
@asks_server
@click.argument("request_id")
@click.option(
    "--outcome", type=OUTCOME, help="how it ends (default: as planned faults say)"
)
def complete(console: Console, request_id: str, outcome: str | None) -> None:
    """End the pending action REQUEST_ID: its messages are sent."""
    from mockthingspace.client.actions import completion

    document = console.ask("POST", *completion(request_id, outcome))
    console.show(document, _lines([document]))


def _lines(shown: list[dict[str, Any]]) -> list[str]:
    from mockthingspace.client.actions import recorded

    return [str(recorded(item)) for item in shown]
