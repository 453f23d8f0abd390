"""The ``mockthingspace`` command: ``serve``, and thin clients of the admin API.

Only click and the settings are imported here; a command imports the rest when
it runs, so ``--help`` answers at once.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from mockthingspace import __version__
from mockthingspace.errors import AdminError, CannotBind, SettingsError
from mockthingspace.settings import SWITCH, from_environment, rows, spelled

if TYPE_CHECKING:
    from mockthingspace.client import AdminClient

REFUSED, USAGE, CANNOT_BIND, INTERRUPTED = 1, 2, 3, 130
DEFAULT_URL = "http://127.0.0.1:8440"
NOT_SETTINGS = {
    "MOCKTHINGSPACE_URL",
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
  mockthingspace snapshot > seed.json           everything, to start from again
  mockthingspace serve --seed seed.json
"""


class _ServeByDefault(click.Group):
    """A group whose command is ``serve`` where none is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``serve`` in front of options that are not the group's own."""
        if not args or (args[0].startswith("-") and args[0] not in _OWN):
            args = ["serve", *args]
        return super().parse_args(ctx, args)


_OWN = ("--help", "-h", "--version")


@click.group(
    cls=_ServeByDefault,
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """A local double of Verizon ThingSpace's callback APIs.

    Without a command it is 'serve'. The other commands ask the double that
    runs at --url.
    """


def _settings_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for every setting."""
    for row in reversed(rows()):
        kind, default = row.metadata["kind"], row.metadata["default"]
        flag = "--" + row.name.replace("_", "-")
        allowed = "" if kind is SWITCH else f" [{kind.allowed}]"
        option = click.option(
            f"{flag}/--no-{flag[2:]}" if kind is SWITCH else flag,
            row.name,
            default=None,
            metavar=None if kind is SWITCH else "VALUE",
            help=f"{row.metadata['does']}.{allowed} (default: {spelled(default)})",
        )
        command = option(command)
    return command


@cli.command(
    epilog="Every setting is also an environment variable: --journal-limit is "
    "MOCKTHINGSPACE_JOURNAL_LIMIT. A flag wins over the environment, the environment "
    "over the seed file, the seed file over the default.\n\n\b\nExamples:\n"
    "  mockthingspace serve\n"
    "  mockthingspace serve --port 0 --port-file port.txt --log-format json\n"
    "  mockthingspace serve --auth strict --credentials alice:secret\n"
)
@_settings_options
@click.option(
    "--port-file",
    metavar="FILE",
    envvar="MOCKTHINGSPACE_PORT_FILE",
    help="write the port to this file once it answers",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    envvar="MOCKTHINGSPACE_LOG_FORMAT",
    help="how each exchange is logged, on standard error",
)
def serve(port_file: str | None, log_format: str, **flags: Any) -> None:
    """Start the double and serve until Ctrl-C or SIGTERM."""
    from mockthingspace.serving import serve_until_stopped
    from mockthingspace.settings import Settings

    given = {name: value for name, value in flags.items() if value is not None}
    settings = Settings(**(from_environment(os.environ, NOT_SETTINGS) | given))
    interrupted = serve_until_stopped(settings, port_file, log_format)
    if interrupted:
        raise click.exceptions.Exit(INTERRUPTED)


def _client_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of every client of the admin API."""
    as_json = click.option(
        "--json", "as_json", is_flag=True, help="print the admin API's own document"
    )
    url = click.option(
        "--url",
        default=DEFAULT_URL,
        show_default=True,
        envvar="MOCKTHINGSPACE_URL",
        help="where the double runs (or set MOCKTHINGSPACE_URL)",
    )
    return url(as_json(command))


_account = click.option("--account", help="only this account's")


@cli.command()
@_client_options
def health(url: str, as_json: bool) -> None:
    """Say whether a double answers; exit 1 when none does."""
    document = _client(url).ask("GET", "/health")
    if "epoch" not in document:
        raise AdminError("not_a_double", f"what answers at {url} is no double", 0)
    _print(document, as_json, [_health_line(url, document)])


@cli.command()
@_client_options
@_account
@click.option("--family", help="only this family's, such as fota-v1")
@click.option("--service", help="only this callback service's, such as Fota")
def registrations(
    url: str,
    as_json: bool,
    account: str | None,
    family: str | None,
    service: str | None,
) -> None:
    """List the registrations."""
    document = _client(url).ask(
        "GET", "/registrations", account=account, family=family, service=service
    )
    lines = [
        f"{one['account']}  {one['family']}  {one['service']}  {one['url']}"
        + (f"  as {one['username']}" if one["username"] else "")
        for one in document["registrations"]
    ]
    _print(document, as_json, lines or ["no registrations"])


@cli.command()
@_client_options
@_account
@click.option("--family", help="only this family's, such as fota-v1")
@click.option("--operation", help="only this operation's, such as register")
@click.option("--status", type=int, help="only those answered with this status")
@click.option("--unmatched", is_flag=True, help="only those that nothing serves")
@click.option("--limit", type=click.IntRange(1), help="only the last so many")
def requests(url: str, as_json: bool, unmatched: bool, **filters: Any) -> None:
    """List the requests received, oldest first, and how they were answered."""
    from mockthingspace.rendering import line

    path = "/requests/unmatched" if unmatched else "/requests"
    document = _client(url).ask("GET", path, None, **filters)
    lines = [f"{one['arrived_at']}  {line(one)}" for one in document["requests"]]
    if document["meta"]["evicted"]:
        lines.insert(0, f"({document['meta']['evicted']} older ones were evicted)")
    _print(document, as_json, lines or ["no requests"])


@cli.command()
@_client_options
@_account
def reset(url: str, as_json: bool, account: str | None) -> None:
    """Make everything, or one account, as just started."""
    document = _client(url).ask("POST", "/reset", account=account)
    _print(
        document,
        as_json,
        [
            f"as just started; before, there were: registrations "
            f"{document['registrations']}, requests {document['requests']}, tokens "
            f"{document['tokens']}"
        ],
    )


@cli.command()
@_client_options
@click.option(
    "--restore",
    metavar="FILE",
    type=click.File(encoding="utf-8"),
    help="put this snapshot back instead ('-' reads standard input)",
)
def snapshot(url: str, as_json: bool, restore: Any) -> None:
    """Print everything as a seed document, or restore one."""
    client = _client(url)
    if restore is None:
        _print(client.ask("GET", "/snapshot"), True, [])
        return
    try:
        document = json.load(restore)
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"{restore.name} is not JSON: {error}") from error
    if not isinstance(document, Mapping):
        raise click.UsageError(f"{restore.name} must hold a JSON object")
    answer = client.ask("PUT", "/snapshot", document)
    _print(answer, as_json, [f"restored {answer['restored']} registrations"])


@cli.command()
def demo() -> None:
    """Show it at work through Verizon's published SDK; no credentials, no network."""
    try:
        from mockthingspace.demo import run
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"the demo needs Verizon's published SDK ({error}); to get it: "
            "pip install 'mockthingspace[demo]', or in a checkout: make demo"
        ) from error
    run()


def _client(url: str) -> "AdminClient":
    from mockthingspace.client import AdminClient, remote, with_scheme

    return AdminClient(remote(with_scheme(url)))


def _print(document: Mapping[str, Any], as_json: bool, lines: list[str]) -> None:
    click.echo(json.dumps(document, indent=2) if as_json else "\n".join(lines))


def _health_line(url: str, document: Mapping[str, Any]) -> str:
    return (
        f"{document['status']}: mockthingspace {document['version']} at {url}, "
        f"up {document['uptime_s']:.0f} s"
    )


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit with the documented code."""
    try:
        code = cli.main(args, prog_name="mockthingspace", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except (SettingsError, CannotBind, AdminError) as error:
        click.echo(f"mockthingspace: {error}", err=True)
        code = _CODES[type(error)]
    except OSError as error:  # what should have been written could not be
        click.echo(f"mockthingspace: {error}", err=True)
        code = REFUSED
    sys.exit(code)


_CODES = {SettingsError: USAGE, CannotBind: CANNOT_BIND, AdminError: REFUSED}
