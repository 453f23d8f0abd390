"""The port file: whole or not there, and gone with its server."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mockthingspace.cli import port_file
from mockthingspace.cli.port_file import port_in
from mockthingspace.core.exceptions import SettingsError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is."""
    return tmp_path / "port.txt"


def test_it_holds_the_port_and_nothing_else_is_left(path: Path) -> None:
    """The port stands in it while it is kept; its folder is as before afterwards."""
    with port_in(str(path), 8440):
        kept = path.read_text(), os.listdir(path.parent)
    assert kept == ("8440\n", ["port.txt"])
    assert os.listdir(path.parent) == []


@pytest.mark.parametrize("left", ["8439\n", "", "no port at all"])
def test_the_file_of_a_server_that_is_dead_is_replaced(path: Path, left: str) -> None:
    """Nobody has to remove what a killed one left, or what ``mktemp`` made."""
    path.write_text(left)
    with port_in(str(path), 8440):
        assert path.read_text() == "8440\n"
    assert not path.exists()


SPECIAL: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "a link to a device": lambda path: path.symlink_to(os.devnull),
}


@pytest.mark.parametrize("make", SPECIAL.values(), ids=list(SPECIAL))
def test_what_is_no_file_stays_as_it_is(
    path: Path, make: Callable[[Path], object]
) -> None:
    """Nothing is written into it, and it is neither replaced nor removed."""
    make(path)
    before = path.lstat()
    with (
        pytest.raises(SettingsError, match="it exists and is not a regular file"),
        port_in(str(path), 8440),
    ):
        pass
    assert (path.lstat(), os.listdir(path.parent)) == (before, ["port.txt"])


def test_nobody_can_have_it_written_somewhere_else(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link in place of the draft is not followed, if its name should be guessed."""
    target = path.with_name("target")
    target.write_text("kept")
    monkeypatch.setattr(port_file, "token_hex", lambda _: "guessed")
    path.with_name(".port.txt.guessed").symlink_to(target)
    with (
        pytest.raises(SettingsError, match="File exists"),
        port_in(str(path), 8440),
    ):
        pass
    assert target.read_text() == "kept"


def test_only_its_own_file_is_removed(path: Path) -> None:
    """Where the file was removed meanwhile, and another server's is there, it stays."""
    with port_in(str(path), 8440):
        path.unlink()
        path.write_text("8441\n")
    assert path.read_text() == "8441\n"


def test_a_file_that_has_gone_is_no_error(path: Path) -> None:
    """Whoever read it may have removed it."""
    with port_in(str(path), 8440):
        path.unlink()
    assert os.listdir(path.parent) == []


def test_no_name_is_no_file() -> None:
    """It is written where it is asked for."""
    with port_in(None, 8440):
        pass
