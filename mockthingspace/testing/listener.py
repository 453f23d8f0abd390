"""``Listener``: a local HTTP server that messages are sent to, for tests and demos.

It records what it receives and answers as scripted. It knows nothing of the
server: its instants are the machine's, and whoever POSTs to it is recorded.
"""

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from threading import Condition
from typing import Any

from mockthingspace.core.addresses import cannot_bind, url_of
from mockthingspace.core.exceptions import MockThingSpaceError
from mockthingspace.core.redaction import body_without_secrets, without_secrets
from mockthingspace.core.serializers import counted
from mockthingspace.testing.http_server import Headers, HttpServer, Step

__tracebackhide__ = True  # in every frame of this module, for pytest
PATH = "/callback"
LATER = (
    "what is due later comes when the server's clock gets there: "
    "thingspace.wait_for_delivery(...) or thingspace.advance(...); where nothing was "
    "sent, the timeline in this test's report says why, such as a service without a "
    "registration"
)


@dataclass(frozen=True)
class ReceivedMessage:
    """One request a listener received.

    ``path`` includes the query; ``status_code`` is what it is answered with,
    None where it is not answered.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    arrived_at: datetime
    status_code: int | None

    def __repr__(self) -> str:
        """Return it without passwords and tokens, as a failing test's report has it."""
        path, body = without_secrets(self.path), body_without_secrets(self.body)
        status = self.status_code
        return f"ReceivedMessage({self.method} {path!r} {body!r} -> {status})"

    @property
    def json(self) -> Any:
        """The body, read as JSON; ValueError where it is none."""
        return json.loads(self.body)


class Listener:
    """A listener on a port of this machine, as a context manager.

    Without a script it answers 200 with an empty body. The steps of a script are
    used up in order: ``listener.reply(503, times=2).then(200, delay_s=1)``.

    Args:
        host: The address to bind.
        port: The port to bind; 0 picks a free one.
        on_message: Called with each message as it arrives, before it is answered;
            it must be quick and must not raise.

    Example:
        >>> with Listener() as listener:
        ...     thingspace.register(account, listener.url)
        ...     thingspace.trigger("Fota.upgradeFinished", account)
        ...     [message] = listener.wait_for(1)
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        on_message: Callable[[ReceivedMessage], object] | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self._on_message = on_message
        self._arrived = Condition()
        self._messages: list[ReceivedMessage] = []
        self._script: deque[Step] = deque()
        self._server: HttpServer | None = None

    def start(self) -> "Listener":
        """Bind and begin to answer.

        Raises:
            CannotBind: The address cannot be had.
            MockThingSpaceError: It is running already.
        """
        if self._server is not None:
            raise MockThingSpaceError(f"this listener is already running at {self.url}")
        try:
            self._server = HttpServer(self.host, self.port, self._receive)
        except (OSError, OverflowError) as error:
            instead = "--port, or in code with port="
            raise cannot_bind(self.host, self.port, error, instead) from error
        return self

    def stop(self) -> None:
        """End what is being answered and free the port; twice does no harm."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __enter__(self) -> "Listener":
        """Start it, unless it runs."""
        return self if self._server is not None else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        where = "not running" if self._server is None else self.url
        received = counted(len(self._messages), "message", "messages")
        return f"<Listener {where}, {received}>"

    @property
    def url(self) -> str:
        """Where to register it; any other path is received as well."""
        if self._server is None:
            raise MockThingSpaceError("this listener is not running; start() it first")
        return url_of(self.host, self._server.server_address[1]) + PATH

    @property
    def messages(self) -> list[ReceivedMessage]:
        """What was received, oldest first."""
        with self._arrived:
            return [*self._messages]

    def wait_for(self, n: int, timeout_s: float = 5) -> list[ReceivedMessage]:
        """Block until so many messages have come, and return the first so many.

        It moves no clock: ``MockThingSpace.wait_for_delivery`` brings what is due.

        Raises:
            AssertionError: Fewer came in that time; the message shows which.
        """
        with self._arrived:
            if self._arrived.wait_for(lambda: len(self._messages) >= n, timeout_s):
                return self._messages[:n]
            received = [f"  {_line(item)}" for item in self._messages]
        wanted = counted(n, "message", "messages")
        head = f"expected {wanted} in {timeout_s:g} s, got {len(received)}"
        raise AssertionError("\n".join([head, *received, LATER]))

    def reply(
        self,
        status_code: int,
        *,
        times: int | None = 1,
        delay_s: float = 0,
        body: bytes | str = b"",
        headers: Mapping[str, str] | None = None,
    ) -> "Listener":
        """Answer the next messages so, after what is scripted already.

        Args:
            status_code: From 200 to 599.
            times: How many messages; None for all that come.
            delay_s: Seconds before each answer.
            body: The answer's body.
            headers: The answer's headers, beside ``Content-Length``.
        """
        if status_code not in range(200, 600):
            raise ValueError(
                f"status_code must be from 200 to 599, got {status_code!r}"
            )
        if delay_s < 0:
            raise ValueError(f"delay_s must be 0 or more seconds, got {delay_s}")
        content = body.encode() if isinstance(body, str) else body
        return self._then(Step(times, status_code, delay_s, content, headers))

    then = reply

    def close(self, times: int | None = 1) -> "Listener":
        """Close the connection of the next messages without an answer."""
        return self._then(Step(times, None))

    def hang(self, times: int | None = 1) -> "Listener":
        """Leave the next messages without an answer until it is stopped.

        Whatever the server's clock, each costs the server's ``attempt_timeout_s``
        of real time, 10 s unless it is set to less.
        """
        return self._then(Step(times, None, None))

    def clear(self) -> None:
        """Forget the messages and what is left of the script."""
        with self._arrived:
            self._messages.clear()
            self._script.clear()

    def _then(self, step: Step) -> "Listener":
        if step.left is not None and step.left < 1:
            raise ValueError(f"times must be 1 or more, or None, got {step.left}")
        with self._arrived:
            self._script.append(step)
        return self

    def _receive(self, method: str, path: str, headers: Headers, body: bytes) -> Step:
        now = datetime.now(timezone.utc)
        with self._arrived:
            step = self._script[0] if self._script else Step(None)
            if step.left is not None:
                step.left -= 1
                if not step.left:
                    self._script.popleft()
            status = step.status_code
            message = ReceivedMessage(method, path, headers, body, now, status)
            self._messages.append(message)
            if self._on_message is not None:
                self._on_message(message)
            self._arrived.notify_all()
        return step


def _line(message: ReceivedMessage) -> str:
    answer = "no answer" if message.status_code is None else message.status_code
    size = len(message.body)
    return (
        f"{message.arrived_at:%H:%M:%S.%f} {message.method} {message.path} "
        f"{size} B -> {answer}"
    )
