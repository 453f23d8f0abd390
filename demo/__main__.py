"""The demo: a story told through Verizon's published SDK, unmodified.

It needs no credentials and no network: a server and a listener on free ports of
this machine do. Every step is checked, so the demo ends well only if its story,
which ``demo_story`` has, is true.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from operator import attrgetter
from typing import Any

import click
import requests
from verizon import verizon_client  # type: ignore[import-untyped]

from demo.story import KEY, STORY, Scene, Step
from mockthingspace.testing.listener import Listener
from mockthingspace.testing.mock_thingspace import MockThingSpace
from mockthingspace.testing.sdk import point_sdk


def run(story: Iterable[Step | Scene] = STORY) -> None:
    """Tell the story, step by step.

    Raises:
        click.ClickException: A step did not give what the story says.
    """
    with (
        MockThingSpace(auth="strict", clock="manual") as server,
        Listener() as listener,
        requests.Session() as http,
        point_sdk(server.url),
    ):
        http.trust_env = False  # a proxy has no business with a local server
        click.echo(f"Verizon's published SDK, unmodified, talks to {server.url},")
        click.echo(
            "a server that accepts only tokens it issued itself (auth=strict), and"
        )
        click.echo("whose clock stands until it is moved (clock=manual).")
        client = verizon_client.VerizonClient(
            http_client_instance=http, thingspace_oauth_credentials=KEY
        )
        for number, step in enumerate(story, 1):
            click.secho(f"\n{number}. {step.title}", bold=True)
            if isinstance(step, Scene):
                _play(step, server, listener)
                continue
            body = _take(step, client, server, listener.url)
            config = client.config.clone_with(**step.proof(body))
            client = verizon_client.VerizonClient(config=config)
        deliveries = server.deliveries()
        exchanges = server.requests()
    refused = sum(exchange.status >= 400 for exchange in exchanges)
    click.echo(
        f"\nThe server's journal has {len(exchanges)} requests: "
        f"{len(exchanges) - refused} granted, {refused} refused;\n"
        f"and it made {len(deliveries)} deliveries, in "
        f"{sum(len(delivery.attempts) for delivery in deliveries)} attempts.\n"
        "Go on: 'make run' starts a server for your own program; README.md and\n"
        "docs/ say how to point the SDK at it, and how to use it as a pytest fixture."
    )


def _play(scene: Scene, server: MockThingSpace, listener: Listener) -> None:
    """Play a scene, show what happened, and check it."""
    came = []
    for line in scene.play(server, listener):
        came.append(line)
        failed = line.endswith("503") or line.startswith("refused")
        _show("then", line, "yellow" if failed else "green")
    if tuple(came) != scene.comes:
        expected = "; ".join(scene.comes)
        raise click.ClickException(f"{scene.title!r} should have given {expected}")


def _take(step: Step, client: Any, server: MockThingSpace, url: str) -> Any:
    """Take a step, show it, check it, and return what the SDK gave."""
    given = step.arguments(url)
    arguments = ", ".join(_spelled(exchange) for exchange in given)
    _show("SDK", f"client.{step.method}({arguments})", "cyan")
    before = len(server.requests())
    try:
        result = attrgetter(step.method)(client)(*given)
        body = getattr(result, "body", result)
        came = _lines(body)
    except Exception as error:  # noqa: BLE001 (whatever it raises is what came)
        body, came = None, _refusal(error)
    for exchange in server.requests()[before:]:
        colour = "green" if exchange.status < 400 else "yellow"
        _show("HTTP", f"{exchange.method} {exchange.url} -> {exchange.status}", colour)
    _show("came", "\n           ".join(came))
    if not fnmatchcase("|".join(came), step.comes):
        raise click.ClickException(f"{step.title!r} should have given {step.comes}")
    return body


def _show(label: str, text: str, colour: str | None = None) -> None:
    click.echo(
        f"   {click.style(f'{label:<4}', dim=True)}  {click.style(text, colour)}"
    )


def _spelled(argument: Any) -> str:
    if isinstance(argument, str):
        return repr(argument)
    values = ", ".join(f"{name}={value!r}" for name, value in vars(argument).items())
    return f"{type(argument).__name__}({values})"


def _lines(body: Any) -> list[str]:
    """Spell what came as lines: the kind of each object, and its values."""
    lines = []
    for item in body if isinstance(body, list) else [body]:
        lines.append(type(item).__name__)
        lines += [f"{name}: {value}" for name, value in vars(item).items()]
    return lines or ["an empty list"]


def _refusal(error: Exception) -> list[str]:
    """Spell an exception as lines: its kind, and what a developer reads of it."""
    headers = getattr(getattr(error, "response", None), "headers", {})
    return [
        type(error).__name__,
        f"error_code: {getattr(error, 'error_code', None)}",
        f"error_message: {getattr(error, 'error_message', error)}",
        f"X-Mock-Reason: {headers.get('X-Mock-Reason')}",
    ]


if __name__ == "__main__":
    click.Command("demo", callback=run).main()
