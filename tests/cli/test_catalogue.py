"""The commands that print the events, and how faithful the server is."""

import json

import pytest
from click.testing import CliRunner, Result

from mockthingspace.apis import APIS
from mockthingspace.apis.fidelity import KINDS as KINDS_THERE_ARE
from mockthingspace.apis.fidelity import entries, totals
from mockthingspace.cli.catalogue import KINDS
from mockthingspace.cli.main import cli
from mockthingspace.core.exceptions import MockThingSpaceError

EVENTS = sum(len(api.events) for api in APIS)
FINISHED = "Fota.upgradeFinished"


def _events(*args: str) -> Result:
    return CliRunner().invoke(cli, ["events", *args], catch_exceptions=False)


def fidelity(*args: str) -> Result:
    """Run the command; no server needs to run."""
    return CliRunner().invoke(cli, ["fidelity", *args])


def test_the_whole_register_is_printed_with_its_totals():
    """A line says the API, the kind, the evidence, the date, what, the source."""
    lines = fidelity().output.splitlines()
    told = [entry for entry in entries() if entry.kind != "message"]

    heads = ["FAMILY", "KIND", "EVIDENCE", "DATE", "WHAT", "SOURCE"]
    assert lines[0].split() == heads
    assert len(lines) - 3 == len(told)
    assert lines[1].startswith("fota-v1        operation  documented  2026-11-23  GET ")
    assert lines[-2].endswith("fields of messages; --kind message prints them)")
    count = totals(entries())
    assert lines[-1] == ", ".join(f"{count[evidence]} {evidence}" for evidence in count)


def test_nothing_is_unmarked():
    """The totals are all there is."""
    assert sum(totals(entries()).values()) == len(entries())


@pytest.mark.parametrize(
    ("args", "name", "value"),
    [
        (("--family", "location"), "family", "location"),
        (("--evidence", "observed"), "evidence", "observed"),
        (("--kind", "message"), "kind", "message"),
    ],
)
def test_the_register_can_be_narrowed(args, name, value):
    """What is printed is what was asked for, and so are the totals."""
    document = json.loads(fidelity(*args, "--json").output)

    expected = [entry for entry in entries() if getattr(entry, name) == value]
    assert [entry["name"] for entry in document["entries"]] == [
        item.name for item in expected
    ]
    assert {entry[name] for entry in document["entries"]} == {value}
    assert document["totals"] == totals(expected)


def test_fields_of_messages_are_printed_when_asked_for():
    """Then nothing is left out."""
    lines = fidelity("--kind", "message", "--family", "fota-v1").output.splitlines()

    assert "Fota.firmwareList accountName" in lines[1]
    assert not [line for line in lines if line.startswith("(and")]


def test_an_unknown_family_is_a_usage_error():
    """It names those there are, and exits with 2."""
    ran = fidelity("--family", "fota")

    assert ran.exit_code == 2
    assert "known: fota-v1, fota-v2" in ran.output


def test_the_kinds_that_can_be_asked_for_are_those_there_are():
    """The command does not load the register to say what it takes."""
    assert KINDS == KINDS_THERE_ARE


@pytest.mark.usefixtures("thingspace")
def test_events_are_listed_with_family_and_when():
    """A line says which event, of which API, and when ThingSpace sends it."""
    lines = _events().output.splitlines()

    assert lines[0].split() == ["EVENT", "FAMILY", "EVIDENCE", "SENT", "WHEN"]
    [line] = [line for line in lines if line.startswith(FINISHED)]
    assert line.split(maxsplit=3)[1:] == [
        "fota-v1",
        "assumed",
        "an upgrade has finished",
    ]
    assert line.index("assumed") == lines[0].index("EVIDENCE")
    assert len(lines) == 1 + EVENTS


@pytest.mark.usefixtures("thingspace")
@pytest.mark.parametrize(
    ("args", "count"), [(("--service", "NiddService"), 8), (("--family", "fota-v1"), 4)]
)
def test_events_can_be_listed_by_service_and_family(args, count):
    """Ninety are many to look through."""
    assert len(_events(*args).output.splitlines()) == 1 + count


@pytest.mark.usefixtures("thingspace")
def test_a_family_without_events_is_said_to_have_none():
    """An empty list is told in words."""
    assert _events("--family", "session").output == "no events\n"


@pytest.mark.usefixtures("thingspace")
def test_one_event_is_shown_with_its_fields():
    """A line says the path, the default as JSON, and how the field is known."""
    lines = _events(FINISHED).output.splitlines()

    assert [line.split() for line in lines[:2]] == [
        ["FIELD", "DEFAULT", "EVIDENCE"],
        ["accountName", '"{account}"', "documented"],
    ]
    assert ["upgradeProgress", "{}", "assumed"] in [line.split() for line in lines]


@pytest.mark.usefixtures("thingspace")
def test_an_unknown_event_has_no_fields_to_show():
    """The refusal names the events there are."""
    with pytest.raises(
        MockThingSpaceError, match=f"unknown event 'x'; nearest of {EVENTS}: "
    ):
        _events("x")
