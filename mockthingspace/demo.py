"""The demo: a story told through Verizon's published SDK, unmodified.

It needs no credentials and no network: a double on a free port of this machine
answers. Every step is checked, so the demo ends well only if its story is true.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from operator import attrgetter
from typing import Any, NamedTuple

import click
import requests
from verizon import configuration, verizon_client  # type: ignore[import-untyped]
from verizon.http.auth import thingspace_oauth, vz_m2m_token  # type: ignore[import-untyped]
from verizon.models import fota_v1_callback_registration_request as register  # type: ignore[import-untyped]
from verizon.models import log_in_request

from mockthingspace.handle import MockThingSpace

PRODUCTION = "https://thingspace.verizon.com"
ACCOUNT = "0252012345-00001"
KEY = thingspace_oauth.ThingspaceOauthCredentials("any key", "any secret")
LOGIN = log_in_request.LogInRequest("any name", "any password")
FIRST, SECOND = (
    register.FotaV1CallbackRegistrationRequest("Fota", f"http://localhost:{port}/fota")
    for port in (9001, 9002)
)
LOG_IN = "session_management.start_connectivity_management_session"
LIST = "software_management_callbacks_v1.list_registered_callbacks"
REGISTER = "software_management_callbacks_v1.register_callback"
DEREGISTER = "software_management_callbacks_v1.deregister_callback"

TOKEN = "OauthToken|access_token: *|token_type: Bearer|expires_in: 3600|expiry: *"
REGISTERED = (
    f"FotaV1CallbackRegistrationResult|account_name: {ACCOUNT}|service_name: Fota"
)
LISTED = f"RegisteredCallbacks|aname: {ACCOUNT}|name: Fota|url: "
REFUSED = (
    "FotaV1ResultException|error_code: INVALID_PARAMETER|"
    "error_message: Invalid account name format|X-Mock-Reason: account: *"
)


class Step(NamedTuple):
    """One step of the story: a method of the SDK's client, and what comes of it.

    ``comes`` is the kind and the values of what must come, * being any value;
    ``proof`` makes credentials of it, to go on with.
    """

    title: str
    method: str
    arguments: tuple[Any, ...]
    comes: str
    proof: Callable[[Any], dict[str, Any]] = lambda _: {}


def bearer(token: Any) -> dict[str, Any]:
    """Make credentials of a bearer token."""
    return {"thingspace_oauth_credentials": KEY.clone_with(oauth_token=token)}


def session(login: Any) -> dict[str, Any]:
    """Make credentials of a session token."""
    token = vz_m2m_token.VZM2mTokenCredentials(login.session_token)
    return {"vz_m2m_token_credentials": token}


STORY = (
    Step(
        "Get a token: any key will do",
        "thingspace_oauth.fetch_token",
        (),
        TOKEN,
        bearer,
    ),
    Step(
        "Log in: anybody may", LOG_IN, (LOGIN,), "LogInResult|session_token: *", session
    ),
    Step("Register a listener", REGISTER, (ACCOUNT, FIRST), REGISTERED),
    Step("It is in the list", LIST, (ACCOUNT,), LISTED + FIRST.url),
    Step("Another replaces it", REGISTER, (ACCOUNT, SECOND), REGISTERED),
    Step("The list has the new one alone", LIST, (ACCOUNT,), LISTED + SECOND.url),
    Step(
        "Deregister", DEREGISTER, (ACCOUNT, "Fota"), "FotaV1SuccessResult|success: True"
    ),
    Step("The list is empty", LIST, (ACCOUNT,), "an empty list"),
    Step("Be refused, and told why", REGISTER, ("my account", FIRST), REFUSED),
)


def run(story: Iterable[Step] = STORY) -> None:
    """Tell the story, step by step.

    Raises:
        click.ClickException: A step did not give what the story says.
    """
    with (
        MockThingSpace(auth="strict") as double,
        requests.Session() as http,
        _pointed_at(double.url),
    ):
        http.trust_env = False  # a proxy has no business with a local double
        click.echo(f"Verizon's published SDK, unmodified, talks to {double.url},")
        click.echo("a double that accepts only tokens it issued itself (auth=strict).")
        client = verizon_client.VerizonClient(
            http_client_instance=http, thingspace_oauth_credentials=KEY
        )
        for number, step in enumerate(story, 1):
            click.secho(f"\n{number}. {step.title}", bold=True)
            config = client.config.clone_with(**step.proof(_take(step, client, double)))
            client = verizon_client.VerizonClient(config=config)
        exchanges = double.requests()
    refused = sum(one.status >= 400 for one in exchanges)
    click.echo(
        f"\nThe double's journal has {len(exchanges)} requests: "
        f"{len(exchanges) - refused} granted, {refused} refused.\n"
        "Go on: 'make run' starts a double for your own program; README.md says how\n"
        "to point the SDK at it, and how to use it as a pytest fixture."
    )


def _take(step: Step, client: Any, double: MockThingSpace) -> Any:
    """Take a step, show it, check it, and return what the SDK gave."""
    arguments = ", ".join(_spelled(one) for one in step.arguments)
    _show("SDK", f"client.{step.method}({arguments})", "cyan")
    before = len(double.requests())
    try:
        result = attrgetter(step.method)(client)(*step.arguments)
        body = getattr(result, "body", result)
        came = _lines(body)
    except Exception as error:  # noqa: BLE001 (whatever it raises is what came)
        body, came = None, _refusal(error)
    for one in double.requests()[before:]:
        colour = "green" if one.status < 400 else "yellow"
        _show("HTTP", f"{one.method} {one.url} -> {one.status}", colour)
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
    for one in body if isinstance(body, list) else [body]:
        lines.append(type(one).__name__)
        lines += [f"{name}: {value}" for name, value in vars(one).items()]
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


@contextmanager
def _pointed_at(url: str) -> Iterator[None]:
    """Replace the SDK's production host, in the SDK's own table of hosts."""
    environments = configuration.Configuration.environments
    production = configuration.Environment.PRODUCTION
    before = environments[production]
    environments[production] = {
        server: base.replace(PRODUCTION, url) for server, base in before.items()
    }
    try:
        yield
    finally:
        environments[production] = before
