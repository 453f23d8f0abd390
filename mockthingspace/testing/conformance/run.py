"""``check_listener``: all checks of one listener, and the report of them."""

from collections.abc import Callable, Collection, Iterator
from functools import partial
from http.client import HTTPException
from typing import Any
from urllib.request import ProxyHandler, build_opener

from mockthingspace.backend.delivery.transport import WebhookTransport
from mockthingspace.core.background_loop import BackgroundLoop
from mockthingspace.core.exceptions import SettingsError, suggest
from mockthingspace.core.matching.failure_reports import blocked
from mockthingspace.core.monotonic import monotonic
from mockthingspace.core.redaction import without_secrets
from mockthingspace.core.urls import locate
from mockthingspace.testing.conformance.checks import CHECKS
from mockthingspace.testing.conformance.results import (
    STOPPED,
    Check,
    CheckFailed,
    NotApplicable,
    Report,
    Result,
    Verdict,
)
from mockthingspace.testing.conformance.sender import Sender
from mockthingspace.testing.conformance.subject import subject

__tracebackhide__ = True  # in every frame of this module, for pytest
LIMIT_S = 4.0  # after which a second attempt was observed to overlap the first
PATIENCE_S = 2.0  # waited beyond the limit, to say how long it took
COUNT_S = 10.0
LONGEST_COUNT = 100
HERE = "http://127.0.0.1"  # where an application is, which gets no socket
FIRST = CHECKS[0].name


def check_listener(
    target: Any,
    service: str = "Fota",
    *,
    family: str | None = None,
    event: str | None = None,
    account: str | None = None,
    username: str | None = None,
    password: str | None = None,
    previous_password: str | None = None,
    secret: str | None = None,
    signature_header: str = "X-ThingSpace-Signature",
    timeout_s: float = LIMIT_S,
    only: Collection[str] | None = None,
    processed: Callable[[], int] | None = None,
    allow_public_listeners: bool = False,
    path: str = "/",
    check: bool = True,
) -> Report:
    """Send a listener what ThingSpace may send, and hold it to what it must do.

    Checks that need what was not given, such as a password, are skipped; so are
    all others where a plain message is not acknowledged.

    Args:
        target: Its URL, or a WSGI or ASGI application (Flask, FastAPI), which gets
            the messages without a socket.
        service: The callback service it listens for.
        family: Whose; None for the first that has the service.
        event: What is sent to it; None for one of the service's.
        account: The account it is registered for.
        username: The user name it was registered with.
        password: The password it was registered with.
        previous_password: What that was before.
        secret: What messages are signed with (location, diagnostics).
        signature_header: What the signature is sent in.
        timeout_s: Seconds it has to answer.
        only: The names of the checks to do; None for all.
        processed: Returns how many messages it has processed, or taken on to
            process, so far; without it, nobody sees whether one that came twice
            was processed twice.
        allow_public_listeners: Whether public addresses may be reached.
        path: Where an application listens.
        check: Whether a failure raises.

    Raises:
        AssertionError: A check failed; the message is the report.
        SettingsError: There is no such service, event or check, or no such place.

    Example:
        >>> def test_our_listener():
        ...     check_listener(app, "Fota", path="/callbacks/fota")
    """
    wanted = _checks(only)
    about = subject(
        service,
        family=family,
        event=event,
        account=account,
        username=username,
        password=password,
        secret=secret,
        previous_password=previous_password,
        signature_header=signature_header,
    )
    here = not isinstance(target, str)
    url = f"{HERE}/{path.lstrip('/')}" if here else _url(target)
    applications = {HERE: target} if here else {}
    transport = WebhookTransport(
        timeout_s + PATIENCE_S, allow_public_listeners, applications, keep_alive=False
    )
    loop = BackgroundLoop("mockthingspace-checks")
    sender = partial(
        Sender, loop, transport, url, about, limit_s=timeout_s, processed=processed
    )
    try:
        results = tuple(_results(wanted, sender))
    finally:
        loop.close(transport.close)
    names = about.family.name, about.event.name
    report = Report(without_secrets(url), *names, results)
    if check and not report.passed:
        instead = "" if here else blocked("check_listener")
        raise AssertionError(report.text() + instead)
    return report


def counted_at(url: str) -> Callable[[], int]:
    """Return a function that asks a URL how many messages were processed so far.

    Raises:
        SettingsError: Now, or when it is called: the answer is no number.
    """
    url, opener = _url(url), build_opener(ProxyHandler({}))

    def processed() -> int:
        try:
            with opener.open(url, timeout=COUNT_S) as reply:
                return int(reply.read(LONGEST_COUNT))
        except (OSError, HTTPException, ValueError) as error:
            raise SettingsError(
                f"{without_secrets(url)!r} must answer 200 and a number, such as 3: "
                f"how many messages were processed so far ({error})"
            ) from error

    processed()
    return processed


def _checks(only: Collection[str] | None) -> list[Check]:
    known = {check.name: check for check in CHECKS}
    for name in only or ():
        if name not in known:
            raise SettingsError(f"unknown check {name!r}; {suggest(name, known)}")
    return [check for check in CHECKS if not only or check.name in only]


def _results(wanted: list[Check], sender: Callable[[], Sender]) -> Iterator[Result]:
    """Do the checks in order; without an acknowledgement no more than the first."""
    stopped = False
    for item in wanted:
        result = Result(item, "skipped", STOPPED) if stopped else _done(item, sender())
        stopped |= (item.name, result.verdict) == (FIRST, "failed")
        yield result


def _done(item: Check, sender: Sender) -> Result:
    verdict: Verdict = "passed"
    reason = ""
    begun = monotonic()
    try:
        item.run(sender)
    except CheckFailed as failed:
        verdict, reason = "failed", str(failed)
    except NotApplicable as other:
        verdict, reason = "skipped", str(other)
    posted, duration_s = tuple(sender.posted), monotonic() - begun
    return Result(item, verdict, reason, posted, duration_s, sender.uncounted)


def _url(text: str) -> str:
    full = text if "://" in text else f"http://{text}"
    try:
        locate(full)
    except ValueError as error:
        raise SettingsError(
            f"{without_secrets(text)!r} is not the URL of a listener; give one "
            "such as http://127.0.0.1:9000/callback"
        ) from error
    return full
