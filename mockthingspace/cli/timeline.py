"""The command that shows all that happened, in one order.

A thin client of the admin API; ``cli`` puts it into its group.
"""

from typing import Any

import click

from mockthingspace.cli.common import (
    Console,
    account_option,
    asks_server,
    limit_option,
)

WAIT_S = 5  # how long one request of --follow waits for news
FORMATS = click.Choice(["text", "json", "mermaid"])


@click.command(
    epilog="\b\nA line has the number, the instant of the server's clock, a sign and "
    "words:\n"
    "  -->  a request, where it arrived     ***  a trigger\n"
    "  <--  its reply                       !!!  a fault planned, acting or cleared\n"
    "  <-x  its refusal, and why            ~~~  the clock\n"
    "  ...  a delivery, and its status      ###  a reset\n"
    "  +++  an action accepted or ended\n"
    "  ==>  an attempt, where answered; its instant is when it began\n"
    "A request and its reply have the same number.\n\n\b\nExamples:\n"
    "  mockthingspace timeline --account 0242078689-00001\n"
    "  mockthingspace timeline --follow\n"
    "  mockthingspace timeline --format mermaid > timeline.mmd\n"
)
@asks_server
@account_option
@click.option(
    "--format",
    "wanted",
    type=FORMATS,
    help="the output format; json is the same as --json (default: text)",
)
@click.option(
    "--since", type=click.IntRange(0), help="only entries with a higher number"
)
@limit_option
@click.option(
    "--follow", is_flag=True, help="print new entries as they come, until Ctrl-C"
)
def timeline(
    console: Console, wanted: str | None, follow: bool, **filters: Any
) -> None:
    """Show requests, deliveries, faults, clock and resets in one order."""
    from mockthingspace.backend.timeline import lines
    from mockthingspace.client.timeline import entries, in_format

    if console.as_json and wanted not in (None, "json"):
        raise click.UsageError(f"--json contradicts --format {wanted}")
    if follow and wanted == "mermaid":
        raise click.UsageError("--follow cannot draw a diagram, only print lines")
    console.as_json |= wanted == "json"
    document = console.ask("GET", "/timeline", None, **filters)
    if document["timeline"] or not follow:
        text = "" if console.as_json else in_format(document, wanted or "text")
        console.show(document, text.split("\n"))
    day, filters["limit"] = None, None
    while follow:
        seen = entries(document)
        day = seen[-1].at if seen else day
        filters["since"] = document["meta"]["last_seq"]
        document = console.ask("GET", "/timeline", None, **filters, wait_s=WAIT_S)
        said = lines(entries(document), day)
        for entry, line in zip(document["timeline"], said, strict=True):
            console.show(entry, [line])
