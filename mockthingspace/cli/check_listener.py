"""The command that turns the server round: it sends, and judges what comes back."""

from pathlib import Path
from typing import Any

import click

from mockthingspace.cli.common import REFUSED, Command, at_a_terminal

LIMIT_S = 4.0


@click.command(
    "check-listener",
    cls=Command,
    epilog="\b\nExamples:\n"
    "  mockthingspace check-listener http://127.0.0.1:9000/callback --service Fota\n"
    "  mockthingspace check-listener http://127.0.0.1:9000/nidd --service NiddService "
    "\\\n    --username me --password secret --previous-password older\n"
    "  mockthingspace check-listener http://127.0.0.1:9000/cb --only duplicate "
    "--verbose\n"
    "  mockthingspace check-listener http://127.0.0.1:9000/cb \\\n"
    "    --processed-url http://127.0.0.1:9000/processed\n"
    "  mockthingspace check-listener http://127.0.0.1:9000/cb --format junit "
    "--output report.xml\n"
    "  mockthingspace check-listener --list\n",
)
@click.argument("url", required=False)
@click.option(
    "--service",
    default="Fota",
    show_default=True,
    help="the callback service it listens for",
)
@click.option(
    "--family",
    help="the service's family, such as fota-v2 (default: the first that has it)",
)
@click.option("--event", help="the event that is sent, such as Fota.upgradeFinished")
@click.option("--account", help="the account it is registered for")
@click.option("--username", help="the user name it was registered with")
@click.option("--password", help="the password it was registered with")
@click.option("--previous-password", help="the password it was registered with before")
@click.option("--secret", help="the secret that signs messages (location, diagnostics)")
@click.option(
    "--signature-header",
    default="X-ThingSpace-Signature",
    show_default=True,
    help="the header that carries the signature",
)
@click.option(
    "--timeout-s",
    type=click.FloatRange(0, 600, min_open=True),
    default=LIMIT_S,
    show_default=True,
    help="seconds the listener has to answer",
)
@click.option(
    "--processed-url",
    metavar="URL",
    help="answers with the number of messages your code has processed so far",
)
@click.option(
    "--only", metavar="NAME", multiple=True, help="run only this check; repeatable"
)
@click.option(
    "--allow-public-listeners",
    is_flag=True,
    help="allow a listener at a public address",
)
@click.option(
    "--format",
    "written_as",
    type=click.Choice(["text", "junit"]),
    default="text",
    show_default=True,
    help="the format of the report",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="write the report to this file, and print only its summary",
)
@click.option(
    "--verbose", is_flag=True, help="describe passed checks too (format text)"
)
@click.option(
    "--list", "listing", is_flag=True, help="list the checks without running them"
)
def check_listener(
    url: str | None,
    *,
    processed_url: str | None,
    only: tuple[str, ...],
    written_as: str,
    output: Path | None,
    verbose: bool,
    listing: bool,
    **about: Any,
) -> None:
    """Test the listener at URL: send it what ThingSpace may send, and judge.

    Exits with 1 when a check fails. Checks that need what is not given, such as
    a password, are skipped.
    """
    if listing:
        _list()
        return
    if url is None:
        raise click.UsageError("Missing argument 'URL'.")
    from mockthingspace.testing.conformance.reports import junit
    from mockthingspace.testing.conformance.run import check_listener as checked
    from mockthingspace.testing.conformance.run import counted_at

    processed = counted_at(processed_url) if processed_url else None
    report = checked(url, only=only, processed=processed, check=False, **about)
    text = junit(report) if written_as == "junit" else report.text(verbose)
    text = at_a_terminal(text, "--allow-public-listeners")
    if output is not None:
        output.write_text(f"{text}\n", "utf-8")
    click.echo(text if output is None else report.summary)
    if not report.passed:
        raise click.exceptions.Exit(REFUSED)


def _list() -> None:
    from mockthingspace.testing.conformance.checks import CHECKS

    width = max(len(check.name) for check in CHECKS)
    for check in CHECKS:
        click.echo(f"{check.name:{width}}  {check.evidence:10}  {check.does}")
