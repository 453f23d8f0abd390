"""The commands about actions: listing what was accepted, completing one."""

import json
from collections.abc import Iterator

import pytest
import requests
from click.testing import CliRunner, Result

from mockthingspace import MockThingSpace
from mockthingspace.cli.main import cli
from mockthingspace.core.exceptions import AdminError

from ..customer import ACCOUNT, IMEI, OTHER, devices

TIMEOUT_S = 10


@pytest.fixture
def thingspace(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockThingSpace]:
    """A running server that the command line finds, where the test ends actions."""
    with MockThingSpace(actions="manual") as running:
        monkeypatch.setenv("MOCKTHINGSPACE_URL", running.url)
        yield running


def _invoke(*args: str) -> Result:
    return CliRunner().invoke(cli, ["actions", *args], catch_exceptions=False)


def _suspend(
    thingspace: MockThingSpace, account: str = ACCOUNT, identity: str = IMEI
) -> str:
    url = f"{thingspace.url_for('connectivity')}/devices/actions/suspend"
    body = {"accountName": account, "devices": devices(identity)}
    reply = requests.post(url, json=body, timeout=TIMEOUT_S)
    request_id: str = reply.json()["requestId"]
    return request_id


def test_where_nothing_was_accepted_it_says_so(thingspace: MockThingSpace) -> None:
    """An empty screen could be anything."""
    assert _invoke().output == "no actions\n"


def test_each_action_is_a_line(thingspace: MockThingSpace) -> None:
    """Oldest first, as the handle has it."""
    _suspend(thingspace)
    _suspend(thingspace, OTHER)

    assert _invoke().output.splitlines() == [*map(str, thingspace.actions())]


def test_actions_are_picked(thingspace: MockThingSpace) -> None:
    """By account and by how they stand."""
    first, _ = _suspend(thingspace), _suspend(thingspace, OTHER)
    thingspace.complete(first)

    assert len(_invoke("--account", OTHER).output.splitlines()) == 1
    assert _invoke("--status", "success").output.startswith(first)
    assert "'pending', 'success', 'failure'" in _invoke("--status", "over").output


def test_the_document_is_the_admin_apis(thingspace: MockThingSpace) -> None:
    """``--json`` is for programs."""
    request_id = _suspend(thingspace)

    shown = json.loads(_invoke("--json").output)

    assert shown["actions"][0]["request_id"] == request_id


@pytest.mark.parametrize(
    ("args", "status"),
    [((), "success"), (("--outcome", "failure"), "failure")],
    ids=["as planned", "failure"],
)
def test_an_action_is_completed(
    thingspace: MockThingSpace, args: tuple[str, ...], status: str
) -> None:
    """The line says how it ended."""
    request_id = _suspend(thingspace)

    output = _invoke("complete", request_id, *args).output

    assert output == f"{request_id} suspend of {IMEI} for {ACCOUNT}: {status}\n"
    assert thingspace.actions()[0].status == status


def test_an_action_there_is_none_of_is_told(thingspace: MockThingSpace) -> None:
    """With those that are pending."""
    request_id = _suspend(thingspace)

    with pytest.raises(AdminError, match=f"no action a\\?b; pending: {request_id}"):
        _invoke("complete", "a?b")


def test_a_command_there_is_none_of_is_refused(thingspace: MockThingSpace) -> None:
    """Nothing is taken for a request id but what follows ``complete``."""
    assert "No such command 'finish'" in _invoke("finish").output


def test_an_identifier_does_nothing_to_the_terminal(
    thingspace: MockThingSpace,
) -> None:
    """What a client sends is printed as text."""
    _suspend(thingspace, identity="\x1b[31mred\n")

    assert "\x1b" not in _invoke().output
    assert len(_invoke().output.splitlines()) == 1
