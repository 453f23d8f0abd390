"""The port in a file, for the scripts that start a server."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from mockthingspace.core.exceptions import SettingsError


@contextmanager
def port_in(name: str | None, port: int) -> Iterator[None]:
    """Keep a port in a file, if one is named; when left, remove it if it is still ours.

    The file is there with the whole port or not at all. One that is there is replaced.

    Raises:
        SettingsError: It cannot be written.
    """
    if name is None:
        yield
        return
    path, content = Path(name), f"{port}\n"
    try:
        _replace(path, content)
    except (OSError, ValueError) as error:
        raise SettingsError(f"cannot write the port file {path}: {error}") from error
    try:
        yield
    finally:
        with suppress(OSError):  # it was removed, by who read it
            if path.read_text("ascii", "replace") == content:
                path.unlink()


def _replace(path: Path, content: str) -> None:
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise OSError("it exists and is not a regular file; choose another path")
    draft = path.with_name(f".{path.name}.{token_hex(8)}")
    try:
        with draft.open("x", encoding="ascii") as opened:
            opened.write(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
