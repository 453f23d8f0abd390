"""What checks of messages and connections do: functions of a ``Sender``."""

from collections.abc import Callable
from uuid import uuid4

from mockthingspace.spec.events import counted
from mockthingspace.testing.conformance.bodies import (
    PAUSE_S,
    PIECES,
    Message,
    encoded,
    large,
    slowly,
    spelled,
    together,
    with_foreign_text,
    with_nulls,
    with_numbers,
    with_unknown_fields,
    without_items,
)
from mockthingspace.testing.conformance.results import CheckFailed, NotApplicable
from mockthingspace.testing.conformance.sender import ACKNOWLEDGED, WITHSTOOD, Sender

CROWD = 50
IN_TIME = 3
FOLLOWING = 4
HINT = "; are account, username, password and secret as the listener knows them?"


def acknowledges(sender: Sender) -> None:
    """Send a plain message."""
    sent = sender.send("a message", sender.subject.message())
    try:
        sender.expect(ACKNOWLEDGED, sent)
    except CheckFailed as failed:
        hint = HINT if sent.outcome.status_code in (401, 403) else ""
        raise CheckFailed(f"{failed}{hint}") from failed


def in_time(sender: Sender) -> None:
    """Send a few, one after another."""
    sent = [
        sender.send(f"message {number} of {IN_TIME}", sender.subject.message())
        for number in range(1, IN_TIME + 1)
    ]
    sender.expect(ACKNOWLEDGED, *sent)
    sender.expect_in_time(*sent)


def every_event(sender: Sender) -> None:
    """Send one message of each kind the service has."""
    sent = [
        sender.send(event.name, sender.subject.message(event))
        for event in sender.subject.events
    ]
    sender.expect(ACKNOWLEDGED, *sent)


def duplicate(sender: Sender) -> None:
    """Send a message again that was acknowledged."""
    first, again = _attempts(sender)
    with sender.processing(1):
        sent = sender.send("a message", first), sender.send("the same again", again)
        sender.expect(ACKNOWLEDGED, *sent)


def overlapping_retry(sender: Sender) -> None:
    """Send a message twice, the last byte of both at the same time."""
    first, again = _attempts(sender)
    pace = together(2, sender.limit_s)
    with sender.processing(1):
        sent = sender.at_once([("an attempt", first), ("its retry", again)], pace)
        sender.expect(ACKNOWLEDGED, *sent)


def last_attempt(sender: Sender) -> None:
    """Send a message that says it is the last of its attempts."""
    message = sender.subject.message()
    counter = sender.subject.event.counter
    if counter is None:
        raise NotApplicable(f"{sender.subject.event.name} counts no attempts")
    last = counted(encoded(message), counter, message["maxCallbackThreshold"])
    sender.expect(ACKNOWLEDGED, sender.send("the last attempt", last))


def reordered(sender: Sender) -> None:
    """Send what tells of one thing in the wrong order."""
    if sender.subject.event.counter is not None:
        first, later = _attempts(sender)
        sent = [sender.send("a retry", later), sender.send("what it retries", first)]
    else:
        events = sender.subject.related[:FOLLOWING]
        if len(events) == 1:
            raise NotApplicable(f"nothing comes before {events[0].name}, or after it")
        identity = str(uuid4())
        sent = [
            sender.send(event.name, sender.subject.message(event, identity))
            for event in reversed(events)
        ]
    sender.expect(ACKNOWLEDGED, *sent)


def unknown_fields(sender: Sender) -> None:
    """Add fields that no page names."""
    message = with_unknown_fields(sender.subject.message())
    sent = sender.send("a message with fields nobody announced", message)
    sender.expect(ACKNOWLEDGED, sent)


def empty_arrays(sender: Sender) -> None:
    """Empty every array."""
    message = _changed(sender, without_items, "no array with items")
    sent = sender.send("a message with empty arrays", message)
    sender.expect(ACKNOWLEDGED, sent)


def null_elements(sender: Sender) -> None:
    """Put null where an element is empty."""
    message = _changed(sender, with_nulls, "no empty element")
    sent = sender.send("a message with null for what is empty", message)
    sender.expect(ACKNOWLEDGED, sent)


def kind_spelling(sender: Sender) -> None:
    """Spell the kinds of identifiers in several ways."""
    message = sender.subject.message()
    if spelled(message, str.upper) == spelled(message, str.lower):
        raise NotApplicable(f"{sender.subject.event.name} has no kind of identifier")
    sent = [
        sender.send(
            f"a message with kinds such as {spell('imei')}",
            spelled(sender.subject.message(), spell),
        )
        for spell in (str.upper, str.lower, str.capitalize)
    ]
    sender.expect(ACKNOWLEDGED, *sent)


def numeric_identifiers(sender: Sender) -> None:
    """Put numbers where identifiers of digits are."""
    message = _changed(sender, with_numbers, "no identifier of digits")
    sender.expect(WITHSTOOD, sender.send("a message with numbers", message))


def non_ascii(sender: Sender) -> None:
    """Send text that is not ASCII, unescaped."""
    body = with_foreign_text(sender.subject.message())
    sender.expect(ACKNOWLEDGED, sender.send("a message in UTF-8", body))


def charset(sender: Sender) -> None:
    """Name the character set in the Content-Type."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    message = sender.subject.message()
    sent = sender.send("a message with a charset", message, headers=headers)
    sender.expect(ACKNOWLEDGED, sent)


def wrong_content_type(sender: Sender) -> None:
    """Call a message plain text."""
    headers = {"Content-Type": "text/plain"}
    message = sender.subject.message()
    sent = sender.send("a message as text/plain", message, headers=headers)
    sender.expect(WITHSTOOD, sent)


def not_json(sender: Sender) -> None:
    """Send what is no message at all."""
    bodies = {"nothing": b"", "no JSON": b"{'oops", "an array": b"[]", "null": b"null"}
    sent = [sender.send(what, body) for what, body in bodies.items()]
    sender.expect(WITHSTOOD, *sent)


def large_body(sender: Sender) -> None:
    """Send 64 KiB."""
    body = large(sender.subject.message())
    sender.expect(ACKNOWLEDGED, sender.send("a message of 64 KiB", body))


def slow_sender(sender: Sender) -> None:
    """Send a message bit by bit."""
    what = f"a message in {PIECES} pieces over {PIECES * PAUSE_S:g} s"
    sent = sender.send(what, sender.subject.message(), pace=slowly)
    sender.expect(ACKNOWLEDGED, sent)


def reset_half_way(sender: Sender) -> None:
    """Break off in the middle of a message, and send another."""
    with sender.processing(1):
        sender.cut("the first half of a message", sender.subject.message())
        sent = sender.send("a whole one after it", sender.subject.message())
        sender.expect(ACKNOWLEDGED, sent)


def fifty_at_once(sender: Sender) -> None:
    """Send many at the same time."""
    sendings = [
        (f"message {number} of {CROWD}", encoded(sender.subject.message()))
        for number in range(1, CROWD + 1)
    ]
    with sender.processing(CROWD):
        sent = sender.at_once(sendings)
        sender.expect(ACKNOWLEDGED, *sent)
        sender.expect_in_time(*sent)


def still_answers(sender: Sender) -> None:
    """Send a plain message after all of the others."""
    sent = sender.send("a message after all of the others", sender.subject.message())
    sender.expect(ACKNOWLEDGED, sent)


def _attempts(sender: Sender) -> tuple[bytes, bytes]:
    """Return a message as its first and as its second attempt send it."""
    body = encoded(sender.subject.message())
    return body, counted(body, sender.subject.event.counter, 2)


def _changed(sender: Sender, change: Callable[[Message], Message], no: str) -> Message:
    """Return a message changed; ``no`` says what it lacks where nothing changes."""
    before = sender.subject.message()
    message = change(before)
    if message == before:
        raise NotApplicable(f"{sender.subject.event.name} has {no}")
    return message
