"""What the commands that ask a running server share: options, asking, printing."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from mockthingspace.core.redaction import printable
from mockthingspace.core.settings import renamed

if TYPE_CHECKING:
    from mockthingspace.client.transport import AdminClient

OK, REFUSED, USAGE, CANNOT_BIND, TIMED_OUT, INTERRUPTED = 0, 1, 2, 3, 4, 130
EXIT_CODES = {
    OK: "success; serve and listen: ended by SIGTERM",
    REFUSED: "refused, no server answers, or a check failed; trigger --wait: "
    "not acknowledged",
    USAGE: "an unknown command or option, or a value or file that cannot be used",
    CANNOT_BIND: "the port is not available",
    TIMED_OUT: "trigger --wait: no attempt ended in time",
    INTERRUPTED: "ended by Ctrl-C",
}
DEFAULT_URL = "http://127.0.0.1:8440"
URL_VARIABLE = "MOCKTHINGSPACE_URL"
STOPS = 'PUT /__admin/clock {"mode": "manual"} or the setting clock=manual'
TYPED_STOP = "'mockthingspace clock manual'"
ADVANCES = re.compile(r"advance\(seconds=([^)]+)\)")


account_option = click.option("--account", help="only of this account")
family_option = click.option("--family", help="only of this family, such as fota-v1")
limit_option = click.option(
    "--limit", type=click.IntRange(1), help="only the last N", metavar="N"
)


class Console:
    """Asks the server at a URL what a command wants to know, and prints the answer."""

    def __init__(self, url: str, as_json: bool) -> None:
        self.url = url
        self.as_json = as_json

    @cached_property
    def admin(self) -> "AdminClient":
        """The client of the server's admin API; its errors say who chose the URL."""
        from mockthingspace.client.transport import AdminClient, remote, with_scheme

        source = click.get_current_context().get_parameter_source("url")
        chosen = source is ParameterSource.ENVIRONMENT
        origin = f" (from {URL_VARIABLE})" if chosen else ""
        full = with_scheme(self.url, origin)
        return AdminClient(remote(full, origin), f"at {full}{origin}")

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Send a request below ``/__admin`` and return the reply's document."""
        return self.admin.ask(method, path, body, **query)

    def show(self, document: Mapping[str, Any], lines: list[str]) -> None:
        """Print a document, as it is or as lines for a person."""
        if self.as_json:
            click.echo(json.dumps(document, indent=2))
        else:
            click.echo("\n".join(printable(at_a_terminal(line)) for line in lines))


def asks_server(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of every client of the admin API, as a console."""

    @click.option(
        "--url",
        default=DEFAULT_URL,
        show_default=True,
        envvar=URL_VARIABLE,
        help=f"where the server runs (or set {URL_VARIABLE})",
    )
    @click.option(
        "--json", "as_json", is_flag=True, help="print the admin API's JSON document"
    )
    @wraps(command)
    def run(*args: Any, url: str, as_json: bool, **given: Any) -> None:
        command(*args, Console(url, as_json), **given)

    return run


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Return rows as lines in columns, below a head; none for no rows."""
    shown = [tuple(map(printable, row)) for row in rows]
    if not shown:
        return []
    lines = [heads, *shown]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]


class Command(click.Command):
    """A command that says what was meant by an option it does not have.

    Args:
        hint: What the error says where the option is not an old name of another.
    """

    def __init__(self, *args: Any, hint: str = "", **more: Any) -> None:
        super().__init__(*args, **more)
        self.hint = hint

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Add what was meant to the error."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            option = error.option_name
            old = option.lstrip("-").removeprefix("no-").replace("-", "_")
            now = renamed(old, {param.name for param in self.params}, as_flag=True)
            if not now and not self.hint:
                raise
            said = f"{error.format_message()} {self.hint}"
            if now:
                said = f"No such option: {option}; {now}."
            raise click.UsageError(said, ctx) from error


class Group(click.Group):
    """Commands; the old name of one is told the new one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or say what it is called now."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            now = renamed(args[0], self.commands)
            if not now:
                raise
            said = f"No such command '{args[0]}'; {now}."
            raise click.UsageError(said, ctx) from error


def moment(instant: str) -> str:
    """Return an instant, as the admin API spells it, to the millisecond."""
    return f"{instant[:23]}Z"


def complain(error: Exception) -> None:
    """Print what went wrong, in as many lines as it says."""
    told = at_a_terminal(f"mockthingspace: {error}")
    click.echo(printable_lines(told), err=True)


def at_a_terminal(text: str, flag: str = "serve --allow-public-listeners") -> str:
    """Return a text that names flags and commands, not settings, methods and calls."""
    text = text.replace("allow_public_listeners=true", flag).replace(STOPS, TYPED_STOP)
    return ADVANCES.sub(r"'mockthingspace clock advance \1'", text)


def printable_lines(text: str) -> str:
    """Return a text in which a terminal obeys nothing but the ends of lines."""
    return "\n".join(map(printable, text.split("\n")))
