"""The commands that trigger messages, show what came of them, and move time."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mockthingspace import MockThingSpace
from mockthingspace.cli import deliveries
from mockthingspace.cli.main import cli, main
from mockthingspace.client.transport import AdminClient
from mockthingspace.core.exceptions import AdminError
from mockthingspace.testing.listener import Listener

from ..rows import each

ACCOUNT = "0242078689-00001"
OTHER = "0242078689-00002"
FINISHED = "Fota.upgradeFinished"
NOBODY = "http://127.0.0.1:9/callback"
NOTHING: Iterator[Any] = iter(())
TRIGGER = ("trigger", FINISHED, "--account", ACCOUNT)


@pytest.fixture
def thingspace(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockThingSpace]:
    """A running server that the command line finds."""
    with MockThingSpace() as running:
        monkeypatch.setenv("MOCKTHINGSPACE_URL", running.url)
        yield running


@pytest.fixture
def listener(thingspace: MockThingSpace) -> Iterator[Listener]:
    """A listener that is registered for the account."""
    with Listener() as listening:
        thingspace.register(ACCOUNT, listening.url)
        yield listening


@pytest.fixture
def follow(
    thingspace: MockThingSpace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, str]]:
    """Follow the deliveries; what is given happens before each wait, then Ctrl-C."""

    def follow(*args: str, meanwhile: Iterator[Any] = NOTHING) -> tuple[int, str]:
        class Scripted(AdminClient):
            def ask(self, method: str, path: str, body: Any = None, **query: Any):
                if query.get("wait_s") is not None:
                    for act in meanwhile:
                        act()
                        break
                    else:
                        raise KeyboardInterrupt
                return super().ask(method, path, body, **query)

        monkeypatch.setattr("mockthingspace.client.transport.AdminClient", Scripted)
        with pytest.raises(SystemExit) as caught:
            main(["deliveries", "--follow", *args])
        return int(caught.value.code or 0), capsys.readouterr().out

    return follow


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
        (("--message", "-"), "NaN", "NaN is no JSON number"),
        (("--message", "-"), "null", "holds null"),
        (("--message", "-", "--set", "type=x"), "{}", "--message is one"),
        (("--message", "/no/such/file"), "", "/no/such/file"),
        (("--set", "type"), "", "PATH=VALUE; came 'type'"),
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

    assert "unknown event 'Fota.gone'; there are Fota.firmwareList" in said


@pytest.mark.usefixtures("thingspace")
def test_events_are_listed_with_family_and_when():
    """A line says which event, of which API, and when ThingSpace sends it."""
    lines = _invoke("events").output.splitlines()

    assert lines[0].split() == ["EVENT", "FAMILY", "EVIDENCE", "SENT", "WHEN"]
    [line] = [line for line in lines if line.startswith(FINISHED)]
    assert line.split(maxsplit=3)[1:] == [
        "fota-v1",
        "assumed",
        "an upgrade has finished",
    ]
    assert line.index("assumed") == lines[0].index("EVIDENCE")
    assert len(lines) == 98


@pytest.mark.usefixtures("thingspace")
@pytest.mark.parametrize(
    ("args", "count"), [(("--service", "NiddService"), 8), (("--family", "fota-v1"), 4)]
)
def test_events_can_be_listed_by_service_and_family(args, count):
    """Ninety are many to look through."""
    assert len(_invoke("events", *args).output.splitlines()) == 1 + count


@pytest.mark.usefixtures("thingspace")
def test_a_family_without_events_is_said_to_have_none():
    """An empty list is told in words."""
    assert _invoke("events", "--family", "session").output == "no events\n"


@pytest.mark.usefixtures("thingspace")
def test_one_event_is_shown_with_its_fields():
    """A line says the path, the default as JSON, and how the field is known."""
    lines = _invoke("events", FINISHED).output.splitlines()

    assert [line.split() for line in lines[:2]] == [
        ["FIELD", "DEFAULT", "EVIDENCE"],
        ["accountName", '"{account}"', "documented"],
    ]
    assert ["upgradeProgress", "{}", "assumed"] in [line.split() for line in lines]


@pytest.mark.usefixtures("thingspace")
def test_an_unknown_event_has_no_fields_to_show():
    """The refusal names the events there are."""
    assert "unknown event 'x'; nearest of 97: " in _refusal("events", "x")


@pytest.mark.parametrize(
    ("args", "key"),
    [
        (TRIGGER, "deliveries"),
        (("events",), "events"),
        (("events", FINISHED), "fields"),
        (("deliveries",), "meta"),
        (("clock",), "mode"),
        (("clock", "advance", "1"), "fired"),
        (("clock", "manual"), "mode"),
        (("clock", "real"), "now"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else None,
)
@pytest.mark.usefixtures("listener")
def test_every_command_prints_the_admin_apis_document_as_json(args, key):
    """``--json`` prints what the admin API answered."""
    assert key in json.loads(_invoke(*args, "--json").output)


def test_following_prints_json_where_asked(thingspace, listener, follow):
    """``--json`` prints one document for what was there, and one for what comes."""
    thingspace.trigger(FINISHED, ACCOUNT)
    thingspace.wait_for_delivery(ACCOUNT)

    _, out = follow("--json")

    assert len(json.loads(out)["deliveries"]) == 1


@pytest.mark.usefixtures("thingspace")
def test_no_deliveries_are_told_in_words():
    """An empty list says so."""
    assert _invoke("deliveries").output == "no deliveries\n"


def test_a_delivery_is_listed_with_its_attempts_and_what_is_due(thingspace, listener):
    """Each has a line: which it is, how it stands, each attempt, to the millisecond."""
    listener.reply(503)
    thingspace.trigger(FINISHED, ACCOUNT)
    made = thingspace.wait_for_delivery(ACCOUNT, attempts=1)
    due = f"{made.due_at:%Y-%m-%dT%H:%M:%S.%f}"[:-3]
    [attempt] = made.attempts
    came = f"{attempt.started_at:%H:%M:%S.%f}"[:-3]

    head, row = _timeless(_invoke("deliveries").output).splitlines()

    heads = ["ID", "EVENT", "ACCOUNT", "URL", "STATUS", "DUE", "ATTEMPTS"]
    cells = (made.id, FINISHED, ACCOUNT, listener.url, "pending")
    cells = (*cells, f"{due}Z (in 300 s)", f"{came} 503 (N ms)")
    assert re.split("  +", head) == heads
    assert re.split("  +", row) == [*cells]
    assert [row.index(cell) for cell in cells] == [head.index(name) for name in heads]


def test_a_listener_that_is_not_there_is_told_in_words(thingspace):
    """What failed stands where the status would."""
    thingspace.register(ACCOUNT, NOBODY)

    _, row = _timeless(_invoke(*TRIGGER, "--wait", "30").output).splitlines()

    assert row.endswith(
        " connection refused: is a listener at http://127.0.0.1:9? (N ms)"
    )


def test_a_setting_is_named_as_its_flag(thingspace):
    """The reader is at a terminal."""
    thingspace.register(ACCOUNT, "http://8.8.8.8/")

    shown = _invoke(*TRIGGER, "--wait", "5").output

    assert "8.8.8.8 is a public address; serve --allow-public-listeners would" in shown


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        ((), 3),
        (("--account", OTHER), 0),
        (("--event", FINISHED), 2),
        (("--status", "delivered"), 3),
        (("--status", "pending"), 0),
        (("--limit", "1"), 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
@pytest.mark.usefixtures("listener")
def test_deliveries_are_filtered(thingspace, filters, shown):
    """Each filter leaves out what does not match."""
    for event in (FINISHED, FINISHED, "Fota.firmwareList"):
        thingspace.trigger(event, ACCOUNT)
    thingspace.wait_for_delivery(ACCOUNT, count=3)

    assert _invoke("deliveries", *filters).output.count("Fota.") == shown


def test_a_delivery_is_sent_again(thingspace, listener):
    """``resend`` makes a new delivery of the same message, and prints it."""
    [made] = thingspace.trigger(FINISHED, ACCOUNT)

    result = _invoke("deliveries", "resend", made.id)

    first, second = listener.wait_for(2)
    assert second.json == first.json
    assert ACCOUNT in result.output
    assert f"\n{made.id} " not in result.output


@pytest.mark.parametrize("identity", ["99", "a/b"])
@pytest.mark.usefixtures("thingspace")
def test_a_delivery_that_is_not_there_is_not_sent_again(identity):
    """The refusal names the number; whatever stands there is one path segment."""
    with pytest.raises(AdminError) as caught:
        _invoke("deliveries", "resend", identity)

    assert caught.value.status == 404


def test_following_prints_what_was_there_and_what_comes(thingspace, listener, follow):
    """Each delivery is printed once, however the wait ends; Ctrl-C is code 130."""
    thingspace.trigger(FINISHED, ACCOUNT)
    thingspace.wait_for_delivery(ACCOUNT)

    def another() -> None:
        thingspace.trigger("Fota.firmwareList", ACCOUNT)
        thingspace.wait_for_delivery(ACCOUNT, event="Fota.firmwareList")

    code, out = follow(meanwhile=iter([another]))

    shown = re.findall(r"Fota\.\w+", out)
    assert (code, shown) == (130, [FINISHED, "Fota.firmwareList"])
    assert out.count("EVENT") == 1


def test_following_prints_what_has_changed_again(thingspace, listener, follow):
    """A delivery that was tried again is seen at once."""
    listener.reply(503)
    thingspace.trigger(FINISHED, ACCOUNT)
    thingspace.wait_for_delivery(ACCOUNT, attempts=1)
    meanwhile = iter([lambda: thingspace.advance(seconds=300)])

    _, out = follow(meanwhile=meanwhile)

    assert re.findall(r" (\d+) \(", out) == ["503", "503", "200"]


def test_following_moves_no_time(thingspace, listener, follow, monkeypatch):
    """Who only looks leaves a clock that stands where it is."""
    monkeypatch.setattr(deliveries, "WAIT_S", 0)
    listener.reply(503)
    thingspace.trigger(FINISHED, ACCOUNT)
    thingspace.wait_for_delivery(ACCOUNT, attempts=1)
    before = thingspace.now

    follow(meanwhile=iter([bool]))

    assert thingspace.now == before


def test_following_begins_with_the_last_so_many(thingspace, listener, follow):
    """``--limit`` is about what was there already."""
    for _ in range(3):
        thingspace.trigger(FINISHED, ACCOUNT)
    last = thingspace.wait_for_delivery(ACCOUNT, count=3)

    _, out = follow("--limit", "1")

    assert re.findall(r"^\d+", out, re.MULTILINE) == [last.id]


def test_following_one_state_prints_what_comes_to_stand_so(
    thingspace, listener, follow
):
    """A delivery made before another one, and over after it, is not missed."""
    thingspace.register(OTHER, listener.url)
    listener.reply(503)
    [first] = thingspace.trigger(FINISHED, ACCOUNT)
    thingspace.wait_for_delivery(ACCOUNT, attempts=1)
    [second] = thingspace.trigger(FINISHED, OTHER)
    thingspace.wait_for_delivery(OTHER)
    meanwhile = iter([lambda: thingspace.advance(seconds=300)])

    _, out = follow("--status", "delivered", meanwhile=meanwhile)

    assert re.findall(r"^\d+", out, re.MULTILINE) == [second.id, first.id]


def test_following_ends_when_the_server_does(thingspace, follow):
    """What is no time-out ends the command with code 1."""

    def refuse() -> None:
        raise AdminError("no_server", "no server answers", 0)

    assert follow(meanwhile=iter([refuse])) == (1, "")


def test_the_clock_is_shown(thingspace):
    """One line says whether it runs, and the time."""
    shown = f"manual  {thingspace.now:%Y-%m-%dT%H:%M:%S.%f}Z"
    assert _invoke("clock").output.startswith(shown)


def test_the_clock_says_when_it_is_not_this_machines(thingspace):
    """The handle says the same."""
    thingspace.advance(7200)

    said = r"s ahead of this machine's clock\)$"
    assert re.search(said, _invoke("clock").output.strip())
    assert re.search(said, str(thingspace.clock))


@pytest.mark.usefixtures("thingspace")
def test_the_clock_can_be_let_run_and_stopped():
    """``clock real`` and ``clock manual`` say how it is then."""
    assert _invoke("clock", "real").output.startswith("real  2")
    assert _invoke("clock", "manual").output.startswith("manual  2")


def test_advancing_prints_what_fell_due(thingspace, listener):
    """A line an attempt, and the time it is then."""
    listener.reply(503, times=4)
    [made] = thingspace.trigger(FINISHED, ACCOUNT)
    thingspace.wait_for_delivery(ACCOUNT, attempts=1)

    lines = _timeless(_invoke("clock", "advance", "600").output).splitlines()

    assert lines[:-1] == [
        f"delivery {made.id}  attempt {number}  503 (N ms)" for number in (2, 3)
    ]
    assert lines[-1].startswith("manual  2")


@pytest.mark.usefixtures("thingspace")
def test_advancing_over_nothing_says_so():
    """Where nothing falls due, a line says that."""
    assert _invoke("clock", "advance", "1").output.startswith("nothing fell due\n")


@each("seconds", ["-1", "nan", "1e9", "soon"])
@pytest.mark.usefixtures("thingspace")
def test_time_that_cannot_pass_is_a_usage_error(seconds):
    """Seconds are a number from 0 up, and not too many."""
    assert _invoke("clock", "advance", "--", seconds).exit_code == 2


@pytest.mark.usefixtures("thingspace")
def test_a_clock_that_runs_is_not_advanced(capsys):
    """The refusal says what to type to stop it."""
    _invoke("clock", "real")

    with pytest.raises(SystemExit):
        main(["clock", "advance", "1"])
    assert capsys.readouterr().err == (
        "mockthingspace: the clock is real and runs by itself; "
        "'mockthingspace clock manual' stops it\n"
    )


@pytest.mark.parametrize("command", ["trigger", "deliveries", "clock"])
def test_the_help_of_each_command_has_examples(command):
    """Help ends with lines that can be typed as they stand."""
    shown = _invoke(command, "--help").output

    assert f"    mockthingspace {command}" in shown.partition("Examples:\n")[2]
