"""The command that triggers a message."""

import re
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mockthingspace.cli.main import cli, main
from mockthingspace.client.transport import AdminClient
from mockthingspace.core.exceptions import AdminError

from ..rows import each

ACCOUNT = "0242078689-00001"
FINISHED = "Fota.upgradeFinished"
TRIGGER = ("trigger", FINISHED, "--account", ACCOUNT)


def _invoke(*args: str, said: str | None = None) -> Result:
    return CliRunner().invoke(cli, [*args], input=said, catch_exceptions=False)


def _timeless(text: str) -> str:
    return re.sub(r"\d+ ms", "N ms", text)


def _refusal(*args: str) -> str:
    """Return what the command is refused with."""
    with pytest.raises(AdminError) as caught:
        _invoke(*args)
    return str(caught.value)


def test_trigger_prints_the_delivery_it_made(thingspace, listener):
    """A delivery that was only just made is pending, and has its number."""
    result = _invoke(*TRIGGER)

    assert result.exit_code == 0
    _, row = result.output.splitlines()
    assert re.match(rf"\d+ +{FINISHED} +{ACCOUNT} +{listener.url} +\w+ ", row)
    assert listener.wait_for(1)[0].json["type"] == "upgradeFinished"


def test_trigger_can_wait_for_the_first_attempt(listener):
    """``--wait`` prints the delivery as its first attempt left it."""
    _, row = _timeless(_invoke(*TRIGGER, "--wait", "30").output).splitlines()

    assert re.search(r" delivered +\S+Z +\S+ 200 \(N ms\)$", row)


def test_trigger_that_waits_in_vain_is_exit_code_4(listener):
    """No attempt in the time given is a time-out, and what is pending is told."""
    listener.hang()

    result = _invoke(*TRIGGER, "--wait", "0.02")

    assert result.exit_code == 4
    assert "waited 0.02 s for 1 deliver" in result.output


def test_trigger_that_is_not_acknowledged_is_exit_code_1(listener):
    """A script sees without reading that the message was not taken."""
    listener.reply(503)

    result = _invoke(*TRIGGER, "--wait", "30")

    assert (result.exit_code, "503" in result.output) == (1, True)


def test_trigger_that_cannot_wait_is_refused(thingspace, listener, monkeypatch):
    """What is no time-out is passed on: the server may end during the wait."""

    class Ended(AdminClient):
        def ask(self, method: str, path: str, body: Any = None, **query: Any):
            if path == "/deliveries/wait":
                raise AdminError("no_server", "no server answers", 0)
            return super().ask(method, path, body, **query)

    monkeypatch.setattr("mockthingspace.client.transport.AdminClient", Ended)

    assert _refusal(*TRIGGER, "--wait", "1") == "no server answers"


def test_trigger_takes_text_as_it_stands_where_the_field_is_text(listener):
    """A number given for a field of text is its digits."""
    _invoke(*TRIGGER, "--set", "upgradeFinished.upgradeId=12")

    assert listener.wait_for(1)[0].json["upgradeFinished"]["upgradeId"] == "12"


def test_trigger_takes_the_further_items_of_an_array_as_the_first(listener):
    """An item that is added has text where the first one has."""
    path = "firmwareList.1.toVersion"
    _invoke("trigger", "Fota.firmwareList", "--account", ACCOUNT, "--set", f"{path}=7")

    assert listener.wait_for(1)[0].json["firmwareList"][1]["toVersion"] == "7"


def test_trigger_takes_json_where_the_field_is_not_text(listener):
    """A whole object can be put in the place of one."""
    given = '{"upgradeId": 1}'
    _invoke(*TRIGGER, "--set", f"upgradeProgress={given}")

    assert listener.wait_for(1)[0].json["upgradeProgress"] == {"upgradeId": 1}


@pytest.mark.parametrize("value", ["seven", "NaN", "[" * 100_000], ids=lambda v: v[:5])
def test_what_is_no_json_is_a_usage_error_where_the_field_is_not_text(listener, value):
    """The path and the value are named."""
    result = _invoke(*TRIGGER, "--set", f"upgradeProgress={value}")

    assert result.exit_code == 2
    assert "--set upgradeProgress: not JSON" in result.output


def test_an_unknown_path_is_refused_with_the_nearest(listener):
    """The admin API says which field may have been meant."""
    said = _refusal(*TRIGGER, "--set", "upgradeFinished.upgradeID=x")

    assert "did you mean 'upgradeFinished.upgradeId'?" in said


@pytest.mark.parametrize("source", ["file", "-"])
def test_trigger_sends_a_message_of_the_users_own(listener, tmp_path, source):
    """``--message`` reads a file, or standard input for '-'."""
    file = tmp_path / "message.json"
    file.write_text('{"own": true}')

    _invoke(
        *TRIGGER,
        "--message",
        str(file) if source == "file" else "-",
        said='{"own": true}',
    )

    assert listener.wait_for(1)[0].json == {"own": True}


@each(
    ("args", "said", "named"),
    [
        (("--message", "-"), "{", "is not JSON"),
        (("--message", "-"), "NaN", "NaN is not a JSON number"),
        (("--message", "-"), "null", "holds null"),
        (
            ("--message", "-", "--set", "type=x"),
            "{}",
            "--set cannot be combined with --message",
        ),
        (("--message", "/no/such/file"), "", "/no/such/file"),
        (("--set", "type"), "", "PATH=VALUE, got 'type'"),
        (("--wait", "601"), "", "601"),
    ],
    ids=["no JSON", "NaN", "null", "both", "no file", "no value", "too long"],
)
@pytest.mark.usefixtures("thingspace")
def test_what_trigger_cannot_use_is_a_usage_error(args, said, named):
    """What cannot be used is named, and nothing is sent."""
    result = _invoke(*TRIGGER, *args, said=said)

    assert result.exit_code == 2
    assert named in result.output


@pytest.mark.usefixtures("thingspace")
def test_trigger_without_a_registration_is_refused(capsys):
    """The sentence says that nothing is registered; the exit code is 1."""
    with pytest.raises(SystemExit) as caught:
        main([*TRIGGER])

    assert caught.value.code == 1
    said = capsys.readouterr().err
    assert f"account {ACCOUNT} has no registration with fota-v1 for Fota" in said


@pytest.mark.usefixtures("thingspace")
def test_an_unknown_event_is_refused_with_those_there_are():
    """The error is the admin API's, whatever fields were to be set."""
    said = _refusal("trigger", "Fota.gone", "--account", ACCOUNT, "--set", "a=b")

    assert "unknown event 'Fota.gone'; known: Fota.firmwareList" in said
