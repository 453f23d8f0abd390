"""The file that tells a server's port for as long as the server runs.

A reader sees nothing, or all of it. The server holds a lock on it, which the system
takes back however the server ends: so the file of one that was killed is not taken for
that of one that runs. Windows has no such locks; there the last server wins.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from secrets import token_hex
from stat import S_ISREG
from typing import Any

from mockthingspace.core.exceptions import SettingsError

TRIES = 100
_fcntl: Any = import_module("fcntl") if os.name == "posix" else None


@contextmanager
def port_in(name: str | None, port: int) -> Iterator[None]:
    """Keep a port in a file, if one is named; when left, remove it if it is still ours.

    Raises:
        SettingsError: It cannot be written, or another server that runs has it.
    """
    if name is None:
        yield
        return
    path, content = Path(name), f"{port}\n"
    with ExitStack() as held:
        try:
            _refuse_special(path)
            draft = path.with_name(f".{path.name}.{token_hex(8)}")
            try:
                with draft.open("x", encoding="ascii") as opened:
                    opened.write(content)
                held.callback(_unlock, _locked(draft))
                _place(draft, path)
            finally:
                draft.unlink(missing_ok=True)
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"cannot write the port file {path}: {error}"
            ) from error
        try:
            yield
        finally:
            with suppress(OSError):  # it was removed, by who read it
                if path.read_text("ascii", "replace") == content:
                    path.unlink()


def _refuse_special(path: Path) -> None:
    """Refuse what is there and no file: replacing a device would be the end of it."""
    with suppress(FileNotFoundError):
        if not S_ISREG(path.lstat().st_mode):
            raise OSError("something else than a file is there; name another")


def _place(draft: Path, path: Path) -> None:
    """Put a draft in its place, unless a server that runs has a file there."""
    for _ in range(TRIES):
        try:
            os.link(draft, path)
            return
        except FileExistsError:
            pass
        except OSError:  # the file system has no links
            draft.replace(path)
            return
        with suppress(FileNotFoundError):
            there = path.stat()
            lock = _locked(path)
            try:
                if os.path.samestat(there, path.stat()):
                    draft.replace(path)
                    return
            finally:
                _unlock(lock)
    raise OSError("others write it again and again")


def _locked(path: Path) -> int | None:
    """Lock a file, and return the descriptor that holds the lock.

    Raises:
        BlockingIOError: Another server that runs holds it.
    """
    if _fcntl is None:
        return None
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        _fcntl.flock(descriptor, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
    except BlockingIOError:
        port = os.read(descriptor, 8).decode("ascii", "replace").strip()
        os.close(descriptor)
        raise BlockingIOError(
            f"it is of the server that runs on port {port!r}; stop that one, or name "
            "another file"
        ) from None
    except OSError:  # the file system has no locks
        pass
    return descriptor


def _unlock(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)
