"""The demo tells a true story, and says so where it is not."""

import socket
import sys
from typing import Any

import click
import pytest
from verizon.configuration import Configuration, Environment

from demo import __main__ as demo
from demo.story import STORY, Scene, Step, nowhere
from mockthingspace.cli import main as cli
from mockthingspace.cli.main import main
from mockthingspace.testing.listener import Listener
from mockthingspace.testing.mock_thingspace import MockThingSpace

CALLBACKS = "/api/fota/v1/callbacks/0252012345-00001"
HTTP = [
    "POST /api/ts/v1/oauth2/token -> 200",
    "POST /api/m2m/v1/session/login -> 200",
    "POST /api/fota/v1/callbacks/my%20account -> 400",
    f"POST {CALLBACKS} -> 200",
    f"GET {CALLBACKS} -> 200",
    f"DELETE {CALLBACKS}/name/Fota -> 200",
]
UNTRUE = Step(
    "An untrue step", "thingspace_oauth.fetch_token", lambda _: (), "a flying pig"
)
SCENES = [step for step in STORY if isinstance(step, Scene)]
CALLS = [step for step in STORY if isinstance(step, Step)]


def told(capsys: pytest.CaptureFixture[str]) -> str:
    """Tell the story to its good end and return what was printed."""
    demo.run()
    return capsys.readouterr().out


def labelled(text: str, label: str) -> list[str]:
    """Return the lines with a label, without it."""
    start = f"   {label:<4}  "
    return [
        line.removeprefix(start) for line in text.splitlines() if line.startswith(start)
    ]


def test_the_demo_tells_every_step(capsys: pytest.CaptureFixture[str]) -> None:
    """The demo prints each step's title, in order, and ends well."""
    lines = told(capsys).splitlines()

    titles = [f"{number}. {step.title}" for number, step in enumerate(STORY, 1)]
    assert [line for line in lines if line[:1].isdigit()] == titles


def test_a_step_shows_the_sdk_method_as_one_would_type_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is called can be read, and typed."""
    calls = labelled(told(capsys), "SDK")

    assert len(calls) == len(CALLS)
    assert calls[-1] == (
        "client.software_management_callbacks_v1.deregister_callback("
        "'0252012345-00001', 'Fota')"
    )


def test_a_step_shows_the_request_it_became(capsys: pytest.CaptureFixture[str]) -> None:
    """Each call is one request, shown with method, path and status."""
    assert labelled(told(capsys), "HTTP") == HTTP


def test_a_step_shows_what_came_back(capsys: pytest.CaptureFixture[str]) -> None:
    """The kind of what the SDK returned or raised is named."""
    assert labelled(told(capsys), "came") == [
        "OauthToken",
        "LogInResult",
        "FotaV1ResultException",
        "FotaV1CallbackRegistrationResult",
        "RegisteredCallbacks",
        "FotaV1SuccessResult",
    ]


def test_a_scene_shows_what_happens(capsys: pytest.CaptureFixture[str]) -> None:
    """What is sent, tried again and refused is told line by line."""
    expected = [line for scene in SCENES for line in scene.comes]

    assert labelled(told(capsys), "then") == expected


def test_the_story_has_the_whole_way_of_a_message() -> None:
    """Messages arrive, are tried again 300 s apart, abandoned, resent, refused."""
    lines = "\n".join(line for scene in SCENES for line in scene.comes)

    assert lines.count("POST /callback with type ") == 4
    assert "attempt 3, after 600 s -> 200\nthe message is delivered" in lines
    assert "attempt 4, after 900 s -> 503\nthe message is abandoned" in lines
    assert "has no registration with fota-v1 for Fota" in lines


def test_an_untrue_scene_ends_the_demo() -> None:
    """A scene that does not go as it should ends the demo, and is named."""
    untrue = Scene("An untrue scene", lambda *_: ["a pig"], ("a flying pig",))

    with pytest.raises(
        click.ClickException, match="'An untrue scene' should have given a flying pig"
    ):
        demo.run([untrue])


def test_a_message_that_does_go_somewhere_is_told() -> None:
    """The last scene would be untrue if there were a registration."""
    with MockThingSpace() as server, Listener() as listener:
        server.register("0252012345-00001", listener.url)

        assert nowhere(server, listener) == ["it was sent"]


def test_an_empty_list_is_shown_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the SDK gives an empty list, that is what came."""
    demo.run([*CALLS[:2], CALLS[4]._replace(comes="an empty list")])

    assert labelled(capsys.readouterr().out, "came")[-1] == "an empty list"


def test_the_refusal_is_shown_with_its_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The typed exception comes with its code, its message and X-Mock-Reason."""
    lines = [line.strip() for line in told(capsys).splitlines()]

    assert "error_code: INVALID_PARAMETER" in lines
    assert "error_message: Invalid account name format" in lines
    [reason] = [line for line in lines if line.startswith("X-Mock-Reason")]
    assert "(got: 'my account')" in reason


def test_the_demo_ends_with_the_journal_and_how_to_go_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The last words are the journal's summary, and where to go from here."""
    end = told(capsys)[-350:]

    assert "6 requests: 5 granted, 1 refused" in end
    assert "7 deliveries, in 12 attempts" in end
    assert "make run" in end
    assert "README" in end


def test_the_demo_is_plain_when_piped(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing but text goes into a pipe."""
    assert "\x1b" not in told(capsys)


def test_an_untrue_step_ends_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    """A step that does not give what it should ends the demo, and is named."""
    with pytest.raises(
        click.ClickException, match="'An untrue step' should have given"
    ):
        demo.run([UNTRUE, *STORY])

    assert labelled(capsys.readouterr().out, "HTTP") == [HTTP[0]]


def test_the_command_tells_the_story(capfd: pytest.CaptureFixture[str]) -> None:
    """In a checkout, ``mockthingspace demo`` runs it to its good end."""
    with pytest.raises(SystemExit) as end:
        main(["demo"])

    assert end.value.code == 0
    assert "7 deliveries, in 12 attempts" in capfd.readouterr().out


def test_the_command_ends_as_the_demo_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo that is ended by an untrue step is exit code 1."""
    monkeypatch.setattr(sys, "executable", "false")

    with pytest.raises(SystemExit) as end:
        main(["demo"])

    assert end.value.code == 1


def test_what_the_sdk_raises_by_itself_ends_the_demo(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An exception without a reply behind it is shown like any other."""
    with pytest.raises(click.ClickException):
        demo.run(CALLS[3:4])

    text = capsys.readouterr().out
    assert labelled(text, "came") == ["AuthValidationException"]
    assert "vz_m2m_token is undefined" in text


@pytest.mark.parametrize("story", [STORY[:1], (UNTRUE,)], ids=["told", "ended"])
def test_the_sdk_is_left_as_it_was(story: tuple[Step | Scene, ...]) -> None:
    """The SDK's table of hosts is put back, however the story ends."""
    before = dict(Configuration.environments[Environment.PRODUCTION])

    try:
        demo.run(story)
    except click.ClickException:
        assert story == (UNTRUE,)

    assert Configuration.environments[Environment.PRODUCTION] == before


def test_the_demo_stays_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but loopback is connected to, whatever proxy the environment has."""
    asked = []
    connect = socket.socket.connect

    def listen_in(self: socket.socket, address: Any) -> None:
        asked.append(address[0])
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", listen_in)
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:3128")
    monkeypatch.setenv("HTTPS_PROXY", "http://192.0.2.1:3128")

    demo.run()

    assert set(asked) == {"127.0.0.1"}


@pytest.mark.parametrize("lacked", ["verizon", "checkout"])
def test_without_checkout_or_sdk_the_command_says_what_to_do(
    lacked: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where something is not there, the error says where the demo is."""
    if lacked == "verizon":
        monkeypatch.setitem(sys.modules, "verizon", None)
    else:
        monkeypatch.setattr(cli, "__file__", "/site-packages/mockthingspace/cli/x.py")

    with pytest.raises(SystemExit) as end:
        main(["demo"])

    assert end.value.code == 1
    assert "make demo" in capsys.readouterr().err
