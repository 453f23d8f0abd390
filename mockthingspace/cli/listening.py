"""Listening from a terminal: what arrives is printed until stopped by a signal."""

import json
import os
import sys
from threading import Event
from typing import Any

from mockthingspace import __version__
from mockthingspace.cli.output import NonBlockingWriter
from mockthingspace.cli.signals import stop_signals
from mockthingspace.core.redaction import (
    body_without_secrets,
    printable,
    without_secrets,
)
from mockthingspace.testing.listener import Listener, ReceivedMessage


def listen_until_stopped(
    port: int, status_code: int, times: int | None, delay_s: float
) -> bool:
    """Print messages until Ctrl-C or SIGTERM; say whether it was Ctrl-C.

    Prints one ready line first.

    ``times`` is how many are answered so, and with the delay; None is all.

    Raises:
        CannotBind: The port cannot be had.
        OSError: Standard output cannot be written.
    """
    announced = Event()

    def show(message: ReceivedMessage) -> None:
        announced.wait()
        outlet.say("\n".join(message_lines(message)))

    with stop_signals() as stop:
        with Listener(port=port, on_message=show) as listener:
            listener.reply(status_code, times=times, delay_s=delay_s)
            claims = f"url={listener.url} pid={os.getpid()}"
            ready = f"mockthingspace {__version__} listening {claims}"
            outlet = NonBlockingWriter(sys.stdout, _lost, stop.because_of, ready)
            announced.set()
            interrupted = stop.wait()
        outlet.close()
        return interrupted


def message_lines(message: ReceivedMessage) -> list[str]:
    """Return the lines that show a message, passwords hidden."""
    text = body_without_secrets(message.body)
    try:
        document: Any = json.loads(text.lstrip("\ufeff"))
        body = json.dumps(document, indent=2).splitlines()
    except (ValueError, RecursionError):
        document = None
        body = [printable(line) for line in text.splitlines()]
    about = document if isinstance(document, dict) else {}
    status = message.status_code
    parts = [
        f"{message.arrived_at.astimezone():%H:%M:%S.%f}"[:-3],
        printable(f"{message.method} {without_secrets(message.path)}"),
        *(
            printable(str(about[key]))
            for key in ("accountName", "type")
            if key in about
        ),
        f"{len(message.body)} bytes",
        f"-> {'no answer' if status is None else status}",
    ]
    return ["  ".join(parts), *body]


def _lost(number: int) -> str:
    return f"messages not shown, because nobody read this: {number}"
