"""The commands that show what came of messages."""

import json
import re

import pytest
from click.testing import CliRunner, Result

from mockthingspace.cli.main import cli
from mockthingspace.core.exceptions import AdminError

ACCOUNT = "0242078689-00001"
OTHER = "0242078689-00002"
FINISHED = "Fota.upgradeFinished"
NOBODY = "http://127.0.0.1:9/callback"
TRIGGER = ("trigger", FINISHED, "--account", ACCOUNT)


def _invoke(*args: str, said: str | None = None) -> Result:
    return CliRunner().invoke(cli, [*args], input=said, catch_exceptions=False)


def _timeless(text: str) -> str:
    return re.sub(r"\d+ ms", "N ms", text)


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


@pytest.mark.parametrize("command", ["trigger", "deliveries", "clock"])
def test_the_help_of_each_command_has_examples(command):
    """Help ends with lines that can be typed as they stand."""
    shown = _invoke(command, "--help").output

    assert f"    mockthingspace {command}" in shown.partition("Examples:\n")[2]
