"""Serving from a terminal: the ready line, the log, and stopping on a signal."""

import gc
import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from typing import Any

from mockthingspace import __version__
from mockthingspace.cli.output import NonBlockingWriter
from mockthingspace.cli.port_file import port_in
from mockthingspace.cli.signals import stop_signals
from mockthingspace.core.addresses import is_loopback
from mockthingspace.core.clock import of_day
from mockthingspace.core.redaction import printable
from mockthingspace.core.settings import Settings
from mockthingspace.testing.mock_thingspace import MockThingSpace

_log = logging.getLogger("mockthingspace")


class JsonFormatter(logging.Formatter):
    """One JSON object a line; an exchange or an entry in full, secrets hidden."""

    def format(self, record: logging.LogRecord) -> str:
        """Spell one record."""
        at = datetime.fromtimestamp(record.created, timezone.utc)
        document: dict[str, object] = {
            "at": at.isoformat(),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        if record.exc_info:
            document["traceback"] = self.formatException(record.exc_info)
        if (clock := _clock(record)) is not None:
            document["clock"] = clock.isoformat()
        for name in ("exchange", "entry"):
            if shown := getattr(record, name, None):
                document[name] = shown()
        return json.dumps(document)


def _clock(record: logging.LogRecord) -> datetime | None:
    """Return the instant of the server's clock, where it is not this machine's."""
    clock: datetime | None = getattr(record, "clock", None)
    same = clock is None or abs(clock.timestamp() - record.created) < 1
    return None if same else clock


class TextFormatter(logging.Formatter):
    """A line for a person, in which nothing is left that a terminal would obey.

    Its time is this machine's, in UTC as the timeline's; where the server's clock has
    another, that is told too.
    """

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("%(asctime)s.%(msecs)03d  %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's)
        """Spell the message, on one line."""
        record.message = printable(record.message)
        if (clock := _clock(record)) is not None:
            record.message += f"  (the server's clock: {of_day(clock)})"
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """Spell a traceback."""
        return "\n".join(map(printable, super().formatException(ei).split("\n")))


def serve_until_stopped(
    settings: Settings,
    port_file: str | None,
    log_format: str,
    hint: str | None = None,
) -> bool:
    """Serve until Ctrl-C or SIGTERM; say whether it was Ctrl-C.

    Prints one ready line on standard output once it answers, last. A hint is logged
    before all else.

    Raises:
        CannotBind: The address cannot be had.
        OSError: Standard output cannot be written.
        SettingsError: The port file cannot be written.
    """

    def failed(error: OSError) -> None:
        stop.because_of(OSError(f"cannot write to standard output: {error}"))

    with stop_signals() as stop, _logging_to_stderr(log_format):
        if hint is not None:
            _log.info("%s", hint)
        own = {"port": settings.port, "clock": settings.clock}
        with MockThingSpace(settings.but(**own)) as server:
            if not is_loopback(settings.host.lower()):
                _log.warning(
                    "warning: %s is not a loopback address; anyone who can "
                    "reach it can read every registered password",
                    settings.host,
                )
            port = int(server.url.rpartition(":")[2])
            with port_in(port_file, port):
                ready = _ready(server.url, log_format)
                with (
                    closing(NonBlockingWriter(sys.stdout, str, failed, ready)),
                    _program_uncollected(),
                ):
                    interrupted = stop.wait()
        _log.info("stopped")
        return interrupted


@contextmanager
def _program_uncollected() -> Iterator[None]:
    """Keep the garbage collector off what the program itself is made of.

    To look through it again took 50 ms each time, in which nobody was answered.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class _ToOutlet(logging.Handler):
    """Formats a record in the thread that logs, and leaves the writing to an outlet."""

    def __init__(self, outlet: NonBlockingWriter) -> None:
        super().__init__()
        self._outlet = outlet

    def emit(self, record: logging.LogRecord) -> None:
        """Have a record written."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 (who logs must not fail)
            line = self.format(_record(logging.ERROR, "cannot log %r", record.msg))
        self._outlet.say(line)


def _record(level: int, message: str, item: object) -> logging.LogRecord:
    """Return a record of the log's own, about something."""
    error = sys.exc_info() if level == logging.ERROR else None
    return logging.LogRecord(_log.name, level, "", 0, message, (item,), error)


@contextmanager
def _logging_to_stderr(log_format: str) -> Iterator[None]:
    """Log to standard error, also what libraries warn of; never wait for its reader."""
    formatter = JsonFormatter() if log_format == "json" else TextFormatter()

    def lost(number: int) -> str:
        said = "lines not logged, because nobody read the log: %d"
        return formatter.format(_record(logging.WARNING, said, number))

    outlet = NonBlockingWriter(sys.stderr, lost)
    handler = _ToOutlet(outlet)
    handler.setFormatter(formatter)
    before = _log.handlers, _log.level, _log.propagate, logging.lastResort
    _log.handlers, _log.propagate, logging.lastResort = [handler], False, handler
    _log.setLevel(logging.INFO)
    try:
        yield
    finally:
        _log.handlers, _, _log.propagate, logging.lastResort = before
        _log.setLevel(before[1])
        outlet.close()


def _ready(url: str, log_format: str) -> str:
    facts = {"url": url, "admin": f"{url}/__admin", "pid": os.getpid()}
    if log_format == "json":
        return json.dumps({"ready": True, "version": __version__, **facts})
    rest = " ".join(f"{name}={value}" for name, value in facts.items())
    return f"mockthingspace {__version__} ready {rest}"
