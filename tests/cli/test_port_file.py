"""The port file: whole or not there, one server's, and gone with it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mockthingspace.cli import port_file
from mockthingspace.cli.port_file import port_in
from mockthingspace.core.exceptions import SettingsError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is."""
    return tmp_path / "port.txt"


@pytest.fixture(params=["locks", "no locks"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A system with locks on files, and one without."""
    if request.param == "no locks":
        monkeypatch.setattr(port_file, "_fcntl", None)
    return request.param


def test_it_holds_the_port_and_nothing_else_is_left(path: Path, system: str) -> None:
    """The port stands in it while it is kept; its folder is as before afterwards."""
    with port_in(str(path), 8440):
        kept = path.read_text(), os.listdir(path.parent)
    assert kept == ("8440\n", ["port.txt"])
    assert os.listdir(path.parent) == []


def test_another_server_that_runs_keeps_its_file(path: Path) -> None:
    """A second one is refused, and told whose it is; the first one's stays."""
    with port_in(str(path), 8440):
        with (
            pytest.raises(SettingsError, match="server that runs on port '8440'; stop"),
            port_in(str(path), 8441),
        ):
            pass
        assert (path.read_text(), os.listdir(path.parent)) == ("8440\n", ["port.txt"])


@pytest.mark.parametrize("left", ["8439\n", "", "no port at all"])
def test_the_file_of_a_server_that_is_dead_is_replaced(
    path: Path, system: str, left: str
) -> None:
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
    path: Path, system: str, make: Callable[[Path], object]
) -> None:
    """Nothing is written into it, and it is neither replaced nor removed."""
    make(path)
    before = path.lstat()
    with (
        pytest.raises(SettingsError, match="something else than a file is there"),
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


def test_only_its_own_file_is_removed(path: Path, system: str) -> None:
    """Where the file was removed meanwhile, and another server's is there, it stays."""
    with port_in(str(path), 8440):
        path.unlink()
        path.write_text("8441\n")
    assert path.read_text() == "8441\n"


def test_a_file_that_has_gone_is_no_error(path: Path, system: str) -> None:
    """Whoever read it may have removed it."""
    with port_in(str(path), 8440):
        path.unlink()
    assert os.listdir(path.parent) == []


def test_no_name_is_no_file() -> None:
    """It is written where it is asked for."""
    with port_in(None, 8440):
        pass


@contextmanager
def between(monkeypatch: pytest.MonkeyPatch, act: Any) -> Iterator[None]:
    """Do something just before an existing file is locked, once."""
    locked, left = port_file._locked, [act]

    def watched(path: Path) -> int | None:
        if left and not path.name.startswith("."):
            left.pop()()
        return locked(path)

    monkeypatch.setattr(port_file, "_locked", watched)
    yield
    assert left == []


def test_a_stale_file_is_not_taken_by_two(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second looks again at what the first put there meanwhile."""
    path.write_text("8439\n")
    first = port_in(str(path), 8440)
    with (
        between(monkeypatch, first.__enter__),
        pytest.raises(SettingsError, match="runs on port '8440'"),
        port_in(str(path), 8441),
    ):
        pass
    assert path.read_text() == "8440\n"
    first.__exit__(None, None, None)


def test_a_file_that_goes_while_it_is_looked_at_is_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server that had it may stop in that moment."""
    path.write_text("8439\n")
    with between(monkeypatch, path.unlink), port_in(str(path), 8440):
        assert path.read_text() == "8440\n"


def test_a_file_that_others_write_again_and_again_is_given_up(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not try for ever."""
    path.write_text("8439\n")
    monkeypatch.setattr(os.path, "samestat", lambda *_: False)
    with (
        pytest.raises(SettingsError, match="others write it again and again"),
        port_in(str(path), 8440),
    ):
        pass
    assert os.listdir(path.parent) == ["port.txt"]


def test_a_file_system_without_links_and_locks_will_do(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There the last server wins, as it must."""

    def refuses(*_: Any) -> None:
        raise PermissionError("not supported")

    monkeypatch.setattr(os, "link", refuses)
    monkeypatch.setattr(port_file._fcntl, "flock", refuses)
    with port_in(str(path), 8440):
        assert path.read_text() == "8440\n"
    assert not path.exists()
