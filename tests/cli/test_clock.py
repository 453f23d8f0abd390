"""The commands about the clock."""

import re

import pytest
from click.testing import CliRunner, Result

from mockthingspace.cli.main import cli, main

from ..rows import each

ACCOUNT = "0242078689-00001"
FINISHED = "Fota.upgradeFinished"


def _invoke(*args: str, said: str | None = None) -> Result:
    return CliRunner().invoke(cli, [*args], input=said, catch_exceptions=False)


def _timeless(text: str) -> str:
    return re.sub(r"\d+ ms", "N ms", text)


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
