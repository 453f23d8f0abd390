"""The commands about faults: plan, list, clear, and which kinds there are."""

import json

import pytest
from click.testing import CliRunner, Result

from mockthingspace import MockThingSpace
from mockthingspace.backend.faults.kinds import FAULTS
from mockthingspace.cli.main import cli
from mockthingspace.client.faults import RecordedFault
from mockthingspace.core.exceptions import AdminError

from ..rows import each

ACCOUNT = "0242078689-00001"
OTHER = "0242078689-00002"


def _invoke(*args: str) -> Result:
    return CliRunner().invoke(cli, ["faults", *args], catch_exceptions=False)


def _said(*args: str) -> str:
    ran = _invoke(*args)
    assert ran.exit_code == 0, ran.output
    return ran.stdout.strip()


def _one(thingspace: MockThingSpace) -> RecordedFault:
    [planned] = thingspace.faults()
    return planned


def test_without_faults_there_are_none(thingspace: MockThingSpace) -> None:
    """Listing is what happens without a command."""
    assert _said() == "no faults"
    assert json.loads(_said("--json")) == {
        "faults": [],
        "meta": {"total": 0, "held": 0},
    }


def test_a_fault_is_planned_listed_and_healed(thingspace: MockThingSpace) -> None:
    """Each says the fault in one line, which is the handle's."""
    line = _said(
        *("plan", "status", "--account", ACCOUNT, "--operation", "list"),
        *("--times", "2", "--probability", "0.5", "--seed", "7", "--ttl-s", "60.5"),
        *("--set", "status=429", "--set", "retry_after_s=5"),
    )
    made = _one(thingspace)
    assert str(made) == line == _said() == _said("--account", ACCOUNT)
    assert line.startswith(
        f"1 status on requests account={ACCOUNT} operation=list status=429 "
        "retry_after_s=5: acted 0, 2 times, likely 0.5, expires at "
    )
    assert (made.times, made.probability, made.seed, made.ttl_s) == (2, 0.5, 7, 60.5)
    assert _said("--account", OTHER) == "no faults"
    assert _said("clear", "1") == f"cleared {line}"
    assert _said() == "no faults"


def test_the_document_is_the_admin_apis(thingspace: MockThingSpace) -> None:
    """With --json, of each command."""
    made = json.loads(_said("plan", "drop", "--event", "Fota.firmwareList", "--json"))
    assert (made["kind"], made["event"]) == ("drop", "Fota.firmwareList")
    assert json.loads(_said("--json"))["faults"] == [made]
    assert json.loads(_said("clear", made["id"], "--json")) == made
    assert json.loads(_said("clear", "--all", "--json")) == {"removed": 0}


def test_what_is_no_json_is_text(thingspace: MockThingSpace) -> None:
    """A word needs no quotes; a number is one."""
    _said("plan", "refuse", "--set", "refusal=invalid-url", "--family", "fota-v1")
    assert _one(thingspace).options == {"refusal": "invalid-url"}
    _said("clear", "--all")
    _said("plan", "slow", "--set", "chunks=2")
    assert _one(thingspace).options["chunks"] == 2


def test_a_fault_may_last(thingspace: MockThingSpace) -> None:
    """However often it acts."""
    line = _said("plan", "delay", "--on", "deliveries", "--times", "always")
    assert _one(thingspace).times is None
    assert ": acted 0, always, expires at " in line
    _said("plan", "duplicate", "--service", "Fota")
    assert [fault.service for fault in thingspace.faults(kind="duplicate")] == ["Fota"]


def test_an_accounts_faults_are_cleared(thingspace: MockThingSpace) -> None:
    """And nobody else's; all of them where that is said."""
    for whose in (ACCOUNT, ACCOUNT, OTHER):
        _said("plan", "reset", "--account", whose)
    _said("plan", "reset")
    assert _said("clear", "--account", ACCOUNT) == "cleared 2"
    assert _said("clear", "--all") == "cleared 2"


@each(
    "args",
    [
        ("clear",),
        ("clear", "1", "--all"),
        ("clear", "--account", ACCOUNT, "--all"),
        ("plan", "reset", "--set", "a"),
        ("plan", "reset", "--set", "=1"),
        ("plan", "reset", "--on", "nothing"),
        ("plan",),
        ("kinds", "--on", "nothing"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_a_usage_error(args: tuple[str, ...]) -> None:
    """Before any server is asked."""
    assert _invoke(*args).exit_code == 2


@each(
    ("typed", "meant"),
    [
        ("status --status 503", "--set NAME=VALUE"),
        ("status --staus 503", "--staus"),
    ],
)
def test_what_a_kind_takes_given_as_an_option_is_told_how(
    typed: str, meant: str
) -> None:
    """Whoever types ``--status 503`` learns of ``--set``."""
    ran = _invoke("plan", *typed.split())
    assert (ran.exit_code, meant in ran.output) == (2, True)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("plan", "rest"), "did you mean 'reset'?"),
        (("plan", "status", "--set", "status=ok"), "allowed: a status from 400 to 599"),
        (("plan", "reset", "--times", "often"), "times: 'often' cannot be used"),
        (("clear", "5"), "there is no fault 5"),
        (("clear", "5/?"), "the admin API has no DELETE /__admin/faults/5/"),
    ],
    ids=lambda item: " ".join(item) if isinstance(item, tuple) else "",
)
def test_a_refusal_says_what_can_be(
    thingspace: MockThingSpace, args: tuple[str, ...], words: str
) -> None:
    """In the admin API's words."""
    with pytest.raises(AdminError) as caught:
        _invoke(*args)
    assert words in str(caught.value)


def test_every_kind_is_told() -> None:
    """With what it does and takes, without a server; those on one thing alone too."""
    every = _said("kinds").splitlines()
    heads = [line for line in every if not line.startswith(" ")]
    assert len(heads) == len(FAULTS)
    assert "    status: a status from 400 to 599 (default: 503)" in every
    assert any(line.endswith(" (WireMock: EMPTY_RESPONSE)") for line in heads)
    some = _said("kinds", "--on", "deliveries")
    assert "drop, on deliveries: the message is never sent" in some
    assert "on requests" not in some
