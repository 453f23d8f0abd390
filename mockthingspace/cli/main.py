"""The ``mockthingspace`` command: ``serve``, and thin clients of the admin API.

Only click and the settings are imported here; a command imports the rest when
it runs, so ``--help`` answers at once.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import click

from mockthingspace import __version__
from mockthingspace.cli import (
    actions,
    catalogue,
    check_listener,
    clock,
    deliveries,
    faults,
    timeline,
    trigger,
)
from mockthingspace.cli.common import (
    CANNOT_BIND,
    EXIT_CODES,
    INTERRUPTED,
    REFUSED,
    URL_VARIABLE,
    USAGE,
    Command,
    Console,
    Group,
    account_option,
    asks_server,
    complain,
    family_option,
    limit_option,
    moment,
    printable_lines,
    table,
)
from mockthingspace.core.exceptions import (
    AdminError,
    CannotBind,
    SettingsError,
    not_json,
)
from mockthingspace.core.setting_types import SWITCH
from mockthingspace.core.settings import default_text, from_environment, rows

NOT_SETTINGS = {
    URL_VARIABLE,
    "MOCKTHINGSPACE_PORT_FILE",
    "MOCKTHINGSPACE_LOG_FORMAT",
}
EXAMPLES = """
\b
Examples:
  mockthingspace                                serve on http://127.0.0.1:8440
  mockthingspace serve --port 0 --port-file p   a free port, written to the file p
  mockthingspace serve --auth strict            tokens with their real lifetimes
  mockthingspace registrations                  who is registered
  mockthingspace requests --unmatched           what nothing serves, and why
  mockthingspace events                         which messages can be sent
  mockthingspace deliveries                     what came of them
  mockthingspace faults plan reset              the next connection breaks
  mockthingspace timeline --follow              all that happens, in one order
  mockthingspace fidelity --evidence assumed    what no source says
  mockthingspace snapshot > seed.json           everything, to start from again
  mockthingspace serve --seed seed.json
"""
EXITS = "\n".join(f"  {code:<4} {summary}" for code, summary in EXIT_CODES.items())


UNNAMED = "no command was named, so this is 'serve'; see 'mockthingspace --help'"


class _ServeByDefault(Group):
    """A group whose command is ``serve`` where none is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``serve`` in front of options that are not the group's own."""
        if not args or (args[0].startswith("-") and args[0] not in _OWN):
            ctx.obj = UNNAMED
            args = ["serve", *args]
        return super().parse_args(ctx, args)


_OWN = ("--help", "-h", "--version")


@click.group(
    cls=_ServeByDefault,
    epilog=f"{EXAMPLES}\n\b\nExit codes:\n{EXITS}",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """A local simulator of Verizon ThingSpace's callback APIs.

    Without a command it runs 'serve'. The other commands talk to the server at
    --url.
    """


def _settings_options(command: Callable[..., None]) -> Callable[..., None]:
    for row in reversed(rows()):
        kind, default = row.metadata["kind"], row.metadata["default"]
        flag = "--" + row.name.replace("_", "-")
        allowed = "" if kind is SWITCH else f" [{kind.allowed}]"
        option = click.option(
            f"{flag}/--no-{flag[2:]}" if kind is SWITCH else flag,
            row.name,
            default=None,
            metavar=None if kind is SWITCH else "VALUE",
            help=f"{row.metadata['does']}.{allowed} (default: {default_text(default)})",
        )
        command = option(command)
    return command


@cli.command(
    cls=Command,
    epilog="Every setting is also an environment variable: --journal-limit is "
    "MOCKTHINGSPACE_JOURNAL_LIMIT. A flag wins over the environment, the environment "
    "over the seed file, the seed file over the default.\n\n\b\nExamples:\n"
    "  mockthingspace serve\n"
    "  mockthingspace serve --port 0 --port-file port.txt --log-format json\n"
    "  mockthingspace serve --auth strict --credentials alice:secret\n",
)
@_settings_options
@click.option(
    "--port-file",
    metavar="FILE",
    envvar="MOCKTHINGSPACE_PORT_FILE",
    help="write the port to this file once the server answers; removed at the end",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    envvar="MOCKTHINGSPACE_LOG_FORMAT",
    help="the format of the ready line and of the log (on standard error)",
)
def serve(port_file: str | None, log_format: str, **flags: Any) -> None:
    """Start the server and serve until Ctrl-C or SIGTERM."""
    from mockthingspace.cli.serving import serve_until_stopped
    from mockthingspace.core.settings import Settings

    given = {name: value for name, value in flags.items() if value is not None}
    settings = Settings(**(from_environment(os.environ, NOT_SETTINGS) | given))
    unnamed = click.get_current_context().obj
    interrupted = serve_until_stopped(settings, port_file, log_format, unnamed)
    if interrupted:
        raise click.exceptions.Exit(INTERRUPTED)


@cli.command()
@asks_server
def health(console: Console) -> None:
    """Check that a server answers; exit 1 if none does."""
    document = console.ask("GET", "/health")
    if "epoch" not in document:
        raise console.admin.not_a_server(200)
    line = (
        f"{document['status']}: mockthingspace {document['version']} at {console.url}, "
        f"up {document['uptime_s']:.0f} s"
    )
    console.show(document, [line])


@cli.command()
@asks_server
@account_option
@family_option
@click.option("--service", help="only of this callback service, such as Fota")
def registrations(console: Console, **filters: Any) -> None:
    """List the registrations, without secrets ('snapshot' has them)."""
    from mockthingspace.core.serializers import without_credentials

    document = console.ask("GET", "/registrations", None, **filters)
    shown = [*map(without_credentials, document["registrations"])]
    document["registrations"] = shown
    rows = (
        (
            registration["account"],
            registration["family"],
            registration["service"],
            registration["url"],
            registration["username"] or "-",
            moment(registration["registered_at"]),
        )
        for registration in shown
    )
    heads = ("ACCOUNT", "FAMILY", "SERVICE", "URL", "USER NAME", "REGISTERED")
    console.show(document, table(heads, rows) or ["no registrations"])


@cli.command()
@asks_server
@account_option
@family_option
@click.option("--operation", help="only of this operation, such as register")
@click.option("--status", type=int, help="only those answered with this HTTP status")
@click.option("--unmatched", is_flag=True, help="only those to unknown endpoints")
@limit_option
def requests(console: Console, unmatched: bool, **filters: Any) -> None:
    """List the requests received, oldest first, and how they were answered."""
    from mockthingspace.core.serializers import line

    path = "/requests/unmatched" if unmatched else "/requests"
    document = console.ask("GET", path, None, **filters)
    lines = [
        f"{exchange['arrived_at']}  {line(exchange)}"
        for exchange in document["requests"]
    ]
    if document["meta"]["evicted"]:
        lines.insert(0, f"({document['meta']['evicted']} older ones were evicted)")
    console.show(document, lines or ["no requests"])


@cli.command()
@asks_server
@account_option
def reset(console: Console, account: str | None) -> None:
    """Reset everything, or one account, to the state at the start."""
    document = console.ask("POST", "/reset", account=account)
    line = (
        f"reset; removed registrations: {document['registrations']}, "
        f"requests: {document['requests']}, tokens: {document['tokens']}"
    )
    console.show(document, [line])


@cli.command()
@asks_server
@click.option(
    "--restore",
    metavar="FILE",
    type=click.File(encoding="utf-8"),
    help="restore this snapshot instead ('-' reads standard input)",
)
def snapshot(console: Console, restore: Any) -> None:
    """Print the server's state as a seed document, or restore one."""
    if restore is None:
        console.as_json = True
        console.show(console.ask("GET", "/snapshot"), [])
        return
    try:
        document = json.load(restore)
    except (ValueError, RecursionError) as error:
        raise click.UsageError(not_json(restore.name, error)) from error
    if not isinstance(document, Mapping):
        raise click.UsageError(f"{restore.name} must hold a JSON object")
    answer = console.ask("PUT", "/snapshot", document)
    console.show(answer, [f"restored {answer['restored']} registrations"])


@cli.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=9001,
    show_default=True,
    help="the port to listen on; 0 picks a free one",
)
@click.option(
    "--reply",
    "status_code",
    type=click.IntRange(200, 599),
    default=200,
    show_default=True,
    help="the HTTP status to answer with",
)
@click.option(
    "--times",
    type=click.IntRange(1),
    help="answer only so many messages like this, later ones with 200 at once "
    "(default: all)",
)
@click.option(
    "--delay-s",
    type=click.FloatRange(0, 3600),
    default=0,
    show_default=True,
    help="seconds before each of those answers",
)
def listen(port: int, status_code: int, times: int | None, delay_s: float) -> None:
    """Start a listener and print what arrives, until Ctrl-C or SIGTERM."""
    from mockthingspace.cli.listening import listen_until_stopped

    if listen_until_stopped(port, status_code, times, delay_s):
        raise click.exceptions.Exit(INTERRUPTED)


@cli.command()
def demo() -> None:
    """Show the server at work through Verizon's SDK, without credentials."""
    import subprocess
    from importlib.util import find_spec

    checkout = Path(__file__).parents[2]
    if not (checkout / "demo" / "story.py").is_file() or find_spec("verizon") is None:
        raise click.ClickException(
            "the demo is in a checkout of mockthingspace and needs Verizon's published "
            "SDK; there, 'make demo' installs that and starts it"
        )
    ended = subprocess.run([sys.executable, "-m", "demo"], cwd=checkout, check=False)
    raise click.exceptions.Exit(ended.returncode)


def _code(error: Exception) -> int:
    """Return the exit code for an error; 400 says that what was typed cannot be."""
    if isinstance(error, CannotBind):
        return CANNOT_BIND
    unusable = not isinstance(error, AdminError) or error.status == 400
    return USAGE if unusable else REFUSED


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit with the documented code."""
    with suppress(AttributeError):  # what stands in for standard output may have none
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = cli.main(args, prog_name="mockthingspace", standalone_mode=False)
    except click.ClickException as error:
        said = StringIO()
        error.show(said)
        click.echo(printable_lines(said.getvalue()), nl=False, err=True)
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except (SettingsError, CannotBind, AdminError) as error:
        complain(error)
        code = _code(error)
    except OSError as error:  # what should have been written could not be
        complain(error)
        code = REFUSED
    sys.exit(code)


for _command in (
    trigger.trigger,
    deliveries.deliveries,
    clock.clock,
    actions.actions,
    catalogue.events,
    catalogue.fidelity,
    check_listener.check_listener,
    faults.faults,
    timeline.timeline,
):
    cli.add_command(_command)
