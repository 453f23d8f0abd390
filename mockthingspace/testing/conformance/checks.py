"""The checks: what each does, why it matters in production, and how we know.

Evidence is of what ThingSpace does, not of what a listener should do about it.
"""

from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import uuid4

from mockthingspace.backend.faults.delivery_faults import with_kinds, with_members
from mockthingspace.core import sources
from mockthingspace.core.models import Evidence
from mockthingspace.spec.events import counted
from mockthingspace.testing.conformance.bodies import (
    Message,
    encoded,
    large,
    together,
    with_foreign_text,
    with_nulls,
    with_numbers,
    without_items,
)
from mockthingspace.testing.conformance.results import Check, CheckFailed, NotApplicable
from mockthingspace.testing.conformance.sender import (
    ACKNOWLEDGED,
    REFUSED,
    UNSIGNED,
    WITHSTOOD,
    Sender,
)

CROWD = 50
IN_TIME = 3
FOLLOWING = 4
HINT = "; are account, username, password and secret as the listener knows them?"
CREDENTIALS = ("username", "password")
FORGED = "0" * 64
ADDED = {"addedLater": {"since": "2030-01-01", "values": [1, True]}}
_CONNECTIVITY = f"{sources.CALLBACKS} (connectivity's; of the others it is assumed)"
_ANYONE = f"{sources.UNSAID}; a public URL is found by others than ThingSpace"
_CARRIED = (
    f"{sources.CALLBACKS}; {sources.FOTA_MESSAGES}; that others may send to the URL "
    "too is assumed"
)
_SIGNED = f"{sources.LOCATION_REGISTER} (how it is signed is assumed)"
_COUNTED = "(seen only with processed= or --processed-url)"

CHECKS: list[Check] = []
Run = Callable[[Sender], None]


def _check(
    does: str, matters: str, evidence: Evidence, source: str
) -> Callable[[Run], Run]:
    """Add a check, named for the function that does it; they are done in this order."""

    def add(run: Run) -> Run:
        name = run.__name__.strip("_").replace("_", "-")
        CHECKS.append(Check(name, does, matters, evidence, source, run))
        return run

    return add


@_check(
    "a message must be acknowledged with a 2xx",
    "Anything else, a redirect included, counts as not received: the message comes "
    "again, and after its last attempt it is archived, where only support gets it.",
    "documented",
    _CONNECTIVITY,
)
def _acknowledges(sender: Sender) -> None:
    try:
        sender.must(ACKNOWLEDGED, "a message", sender.subject.message())
    except CheckFailed as failed:
        hint = HINT if sender.posted[-1].outcome.status_code in (401, 403) else ""
        raise CheckFailed(f"{failed}{hint}") from failed


@_check(
    "three messages, one after another, must each be answered within the limit",
    "After 4 s without an answer the message is sent again while the first attempt "
    "still runs, even if that then answers 200. Acknowledge first, work later.",
    "observed",
    sources.MEASURED,
)
def _in_time(sender: Sender) -> None:
    sent = [
        sender.send(f"message {number} of {IN_TIME}", sender.subject.message())
        for number in range(1, IN_TIME + 1)
    ]
    sender.expect(ACKNOWLEDGED, *sent)
    sender.expect_in_time(*sent)


@_check(
    "a message of each kind the service sends must be acknowledged",
    "A kind that is refused is sent again to no purpose, and is lost; which kinds "
    "come is not the listener's choice.",
    "assumed",
    f"{sources.UNSAID} which kinds there are altogether; each event has its source",
)
def _every_event(sender: Sender) -> None:
    sent = [
        sender.send(event.name, sender.subject.message(event))
        for event in sender.subject.events
    ]
    sender.expect(ACKNOWLEDGED, *sent)


@_check(
    "a message that was acknowledged comes again: it must be acknowledged, and "
    f"processed once {_COUNTED}",
    "An acknowledgement that comes late or is lost draws a second attempt. A "
    "listener that refuses it gets it again; one that processes it bills twice.",
    "observed",
    sources.MEASURED,
)
def _duplicate(sender: Sender) -> None:
    first, again = _attempts(sender)
    with sender.processing(1):
        sent = sender.send("a message", first), sender.send("the same again", again)
        sender.expect(ACKNOWLEDGED, *sent)


@_check(
    "two attempts of one message end at the same moment: both must be "
    f"acknowledged, and the message processed once {_COUNTED}",
    "The second attempt arrives while the first is being handled, at times from "
    "another address: to look whether it is known and then store it is too late.",
    "observed",
    sources.MEASURED,
)
def _overlapping_retry(sender: Sender) -> None:
    first, again = _attempts(sender)
    pace = together(2, sender.limit_s)
    with sender.processing(1):
        sent = sender.at_once([("an attempt", first), ("its retry", again)], pace=pace)
        sender.expect(ACKNOWLEDGED, *sent)


@_check(
    "a message never seen says it is the last of its attempts: it must be acknowledged",
    "While a listener was down, it missed the first attempts: the only one it gets "
    "has a count of its maximum.",
    "documented",
    _CONNECTIVITY,
)
def _last_attempt(sender: Sender) -> None:
    message = sender.subject.message()
    counter = sender.subject.event.counter
    if counter is None:
        raise NotApplicable(f"{sender.subject.event.name} counts no attempts")
    last = counted(encoded(message), counter, message["maxCallbackThreshold"])
    sender.must(ACKNOWLEDGED, "the last attempt", last)


@_check(
    "messages about one thing come in the wrong order: all must be acknowledged",
    "What is sent again comes minutes later, after what followed it: an end before "
    "its beginning. Keep the latest state, not the last to arrive.",
    "assumed",
    f"{sources.UNSAID}; reasoned from the retries of {sources.CALLBACKS}",
)
def _reordered(sender: Sender) -> None:
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


@_check(
    "a message has fields that no page names: it must be acknowledged",
    "No page promises that there will be no others, and the pages and the SDK "
    "disagree in some. A strict parser then loses every message at once.",
    "assumed",
    sources.UNSAID,
)
def _unknown_fields(sender: Sender) -> None:
    message = with_members(sender.subject.message(), ADDED)
    sender.must(ACKNOWLEDGED, "a message with fields nobody announced", message)


@_check(
    "every array in a message is empty: it must be acknowledged",
    "Elements that do not belong to a message's type are there but empty: what "
    "takes the first item without looking fails.",
    "documented",
    f"{sources.FOTA_MESSAGES} (of the others it is assumed)",
)
def _empty_arrays(sender: Sender) -> None:
    message = _changed(sender, without_items, "no array with items")
    sender.must(ACKNOWLEDGED, "a message with empty arrays", message)


@_check(
    "the empty elements of a message are null: it must be acknowledged",
    "How an element that does not belong is spelled is not said: {} or null.",
    "assumed",
    f"{sources.UNSAID}; that they are there but empty: {sources.FOTA_MESSAGES}",
)
def _null_elements(sender: Sender) -> None:
    message = _changed(sender, with_nulls, "no empty element")
    sender.must(ACKNOWLEDGED, "a message with null for what is empty", message)


@_check(
    "identifiers have their kind as IMEI, imei and Imei: all must be acknowledged",
    "The spelling of a kind changes from message to message: one that is compared "
    "to the letter finds no device.",
    "observed",
    f"{sources.MEASURED}; {sources.NIDD_READER} says it is in no fixed case",
)
def _kind_spelling(sender: Sender) -> None:
    message = sender.subject.message()
    if with_kinds(message, str.upper) == with_kinds(message, str.lower):
        raise NotApplicable(f"{sender.subject.event.name} has no kind of identifier")
    sent = [
        sender.send(
            f"a message with kinds such as {spell('imei')}",
            with_kinds(sender.subject.message(), spell),
        )
        for spell in (str.upper, str.lower, str.capitalize)
    ]
    sender.expect(ACKNOWLEDGED, *sent)


@_check(
    "identifiers of digits are JSON numbers: the message must be taken or refused, "
    "without an error",
    "Digits are easily written as a number; a listener that breaks on one answers "
    "500 to that message each time it comes.",
    "assumed",
    f"{sources.UNSAID}; {sources.NIDD_READER} expects it",
)
def _numeric_identifiers(sender: Sender) -> None:
    message = _changed(sender, with_numbers, "no identifier of digits")
    sender.must(WITHSTOOD, "a message with numbers", message)


@_check(
    "a message has text in UTF-8 that is not ASCII: it must be acknowledged",
    "Names and release notes are people's: what decodes as ASCII, or stores in a "
    "narrow column, fails for one customer and not for the others.",
    "assumed",
    f"{sources.UNSAID}; JSON's own rule (RFC 8259, 8.1)",
)
def _non_ascii(sender: Sender) -> None:
    body = with_foreign_text(sender.subject.message())
    sender.must(ACKNOWLEDGED, "a message in UTF-8", body)


@_check(
    "a message comes as text/plain: it must be taken or refused, without an error",
    "The type of most APIs' messages is not said. Taking what parses is safest; to "
    "refuse it with 415 is in order; to break is not.",
    "assumed",
    f"{sources.UNSAID}; application/json is what was measured: {sources.MEASURED}",
)
def _wrong_content_type(sender: Sender) -> None:
    headers = {"Content-Type": "text/plain"}
    message = sender.subject.message()
    sender.must(WITHSTOOD, "a message as text/plain", message, headers=headers)


@_check(
    "a body is no message, or empty: it must be taken or refused, without an error",
    "A public URL gets requests from others than ThingSpace: an error for each hides "
    "the errors that matter.",
    "assumed",
    _ANYONE,
)
def _not_json(sender: Sender) -> None:
    bodies = {
        "an empty body": b"",
        "a body that is not JSON": b"{'oops",
        "an array": b"[]",
        "null": b"null",
    }
    sent = [sender.send(what, body) for what, body in bodies.items()]
    sender.expect(WITHSTOOD, *sent)


@_check(
    "a message of 64 KiB must be acknowledged",
    "A message that lists many devices is larger than any example: a limit of 8 or "
    "16 KiB, or a single read, refuses it each time.",
    "assumed",
    f"{sources.UNSAID} how large a message gets",
)
def _large_body(sender: Sender) -> None:
    body = large(sender.subject.message())
    sender.must(ACKNOWLEDGED, "a message of 64 KiB", body)


@_check(
    "50 messages at once must each be acknowledged within the limit, and each be "
    f"processed {_COUNTED}",
    "A request for many devices is answered with a message for each: what is not "
    "answered in time comes again, on top of the rest.",
    "assumed",
    f"one message a device is documented: {sources.CALLBACKS}; that they come at "
    "once is assumed",
)
def _fifty_at_once(sender: Sender) -> None:
    sendings = [
        (f"message {number} of {CROWD}", encoded(sender.subject.message()))
        for number in range(1, CROWD + 1)
    ]
    with sender.processing(CROWD):
        sent = sender.at_once(sendings)
        sender.expect(ACKNOWLEDGED, *sent)
        sender.expect_in_time(*sent)


@_check(
    "a message without the registered credentials must be refused with a 4xx",
    "The URL is public, and the credentials in the message are all that tells "
    "ThingSpace from anybody else.",
    "documented",
    _CARRIED,
)
def _missing_credentials(sender: Sender) -> None:
    _credentials(sender)
    message = {
        key: value
        for key, value in sender.subject.message().items()
        if key not in CREDENTIALS
    }
    _refused(sender, "a message without credentials", message)


@_check(
    "a message with a wrong password must be refused with a 4xx",
    "The same: whoever guesses the shape of a message could report upgrades, usage "
    "or data of devices.",
    "documented",
    _CARRIED,
)
def _wrong_password(sender: Sender) -> None:
    password = f"not-{_credentials(sender)}"
    message = sender.subject.message(password=password)
    _refused(sender, "a message with a wrong password", message)


@_check(
    "a message with the password from before must be acknowledged",
    "After a registration with a new password the old one came for 13 min 55 s and "
    "9 min 27 s: a listener that refuses it loses those messages.",
    "observed",
    sources.MEASURED,
)
def _stale_password(sender: Sender) -> None:
    if sender.subject.previous_password is None:
        raise NotApplicable("no previous password was given (--previous-password)")
    message = sender.subject.message(password=sender.subject.previous_password)
    sender.must(ACKNOWLEDGED, "a message with the password from before", message)


@_check(
    "a message of another account must be refused with a 4xx",
    "Two environments that share a URL by mistake would work on one another's devices.",
    "assumed",
    _ANYONE,
)
def _wrong_account(sender: Sender) -> None:
    if not sender.subject.account_given:
        raise NotApplicable("no account was given (--account)")
    account = sender.subject.registration.account
    if account not in encoded(sender.subject.message()).decode():
        raise NotApplicable(f"{sender.subject.event.name} names no account")
    other = account[:-1] + ("2" if account.endswith("1") else "1")
    message = sender.subject.message(account=other)
    _refused(sender, f"a message of {other}", message)


@_check(
    "a message without a signature must be refused with a 4xx",
    "A listener that checks a signature only where there is one checks nothing.",
    "documented",
    _SIGNED,
)
def _missing_signature(sender: Sender) -> None:
    _signed(sender, "a message without signature", UNSIGNED)


@_check(
    "a message with a wrong signature must be refused with a 4xx",
    "The signature is all that tells ThingSpace from anybody else.",
    "documented",
    _SIGNED,
)
def _wrong_signature(sender: Sender) -> None:
    _signed(sender, "a message with a wrong signature", FORGED)


@_check(
    "where the URL is https, its certificate must be one that others trust",
    "ThingSpace refuses self-signed certificates: nothing would arrive at all.",
    "documented",
    sources.FOTA_MESSAGES,
)
def _certificate(sender: Sender) -> None:
    if urlsplit(sender.url).scheme != "https":
        raise NotApplicable("the URL is not https")
    message = sender.subject.message()
    sender.must(ACKNOWLEDGED, "a message, to be trusted", message, verify=True)


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


def _credentials(sender: Sender) -> str:
    event = sender.subject.event
    if "password" not in event.template():
        raise NotApplicable(f"{event.name} carries no credentials")
    password = sender.subject.registration.password
    if password is None:
        raise NotApplicable("no password was given (--password)")
    return password


def _signed(sender: Sender, what: str, signature: str) -> None:
    if not sender.subject.family.signed:
        raise NotApplicable(f"{sender.subject.family.name} does not sign messages")
    if sender.subject.registration.secret is None:
        raise NotApplicable("no secret was given (--secret)")
    with sender.processing(0):
        message = sender.subject.message()
        sender.must(REFUSED, what, message, signature=signature)


def _refused(sender: Sender, what: str, message: Message) -> None:
    with sender.processing(0):
        sender.must(REFUSED, what, message)
