"""The checks: what each does, why it matters in production, and how we know.

Evidence is of what ThingSpace does, not of what a listener should do about it.
"""

from mockthingspace.core import sources
from mockthingspace.testing.conformance import delivery_checks, security_checks
from mockthingspace.testing.conformance.results import Check

_CONNECTIVITY = f"{sources.CALLBACKS} (connectivity's; of the others it is assumed)"
_ANYONE = f"{sources.UNSAID}; a public URL is found by others than ThingSpace"
_CARRIED = (
    f"{sources.CALLBACKS}; {sources.FOTA_MESSAGES}; that others may send to the URL "
    "too is assumed"
)
_SIGNED = f"{sources.LOCATION_REGISTER} (how it is signed is assumed)"
_COUNTED = "(seen only with processed= or --processed-url)"

CHECKS = (
    Check(
        "acknowledges",
        "a message must be acknowledged with a 2xx",
        "Anything else, a redirect included, counts as not received: the message comes "
        "again, and after its last attempt it is archived, where only support gets it.",
        "documented",
        _CONNECTIVITY,
        delivery_checks.acknowledges,
    ),
    Check(
        "in-time",
        "three messages, one after another, must each be answered within the limit",
        "After 4 s without an answer the message is sent again while the first attempt "
        "still runs, even if that then answers 200. Acknowledge first, work later.",
        "observed",
        sources.MEASURED,
        delivery_checks.in_time,
    ),
    Check(
        "every-event",
        "a message of each kind the service sends must be acknowledged",
        "A kind that is refused is sent again to no purpose, and is lost; which kinds "
        "come is not the listener's choice.",
        "assumed",
        f"{sources.UNSAID} which kinds there are altogether; each event has its source",
        delivery_checks.every_event,
    ),
    Check(
        "duplicate",
        "a message that was acknowledged comes again: it must be acknowledged, and "
        f"processed once {_COUNTED}",
        "An acknowledgement that comes late or is lost draws a second attempt. A "
        "listener that refuses it gets it again; one that processes it bills twice.",
        "observed",
        sources.MEASURED,
        delivery_checks.duplicate,
    ),
    Check(
        "overlapping-retry",
        "two attempts of one message end at the same moment: both must be "
        f"acknowledged, and the message processed once {_COUNTED}",
        "The second attempt arrives while the first is being handled, at times from "
        "another address: to look whether it is known and then store it is too late.",
        "observed",
        sources.MEASURED,
        delivery_checks.overlapping_retry,
    ),
    Check(
        "last-attempt",
        "a message never seen says it is the last of its attempts: it must be "
        "acknowledged",
        "While a listener was down, it missed the first attempts: the only one it gets "
        "has a count of its maximum.",
        "documented",
        _CONNECTIVITY,
        delivery_checks.last_attempt,
    ),
    Check(
        "reordered",
        "messages about one thing come in the wrong order: all must be acknowledged",
        "What is sent again comes minutes later, after what followed it: an end before "
        "its beginning. Keep the latest state, not the last to arrive.",
        "assumed",
        f"{sources.UNSAID}; reasoned from the retries of {sources.CALLBACKS}",
        delivery_checks.reordered,
    ),
    Check(
        "unknown-fields",
        "a message has fields that no page names: it must be acknowledged",
        "No page promises that there will be no others, and the pages and the SDK "
        "disagree in some. A strict parser then loses every message at once.",
        "assumed",
        sources.UNSAID,
        delivery_checks.unknown_fields,
    ),
    Check(
        "empty-arrays",
        "every array in a message is empty: it must be acknowledged",
        "Elements that do not belong to a message's type are there but empty: what "
        "takes the first item without looking fails.",
        "documented",
        f"{sources.FOTA_MESSAGES} (of the others it is assumed)",
        delivery_checks.empty_arrays,
    ),
    Check(
        "null-elements",
        "the empty elements of a message are null: it must be acknowledged",
        "How an element that does not belong is spelled is not said: {} or null.",
        "assumed",
        f"{sources.UNSAID}; that they are there but empty: {sources.FOTA_MESSAGES}",
        delivery_checks.null_elements,
    ),
    Check(
        "kind-spelling",
        "identifiers have their kind as IMEI, imei and Imei: all must be acknowledged",
        "The spelling of a kind changes from message to message: one that is compared "
        "to the letter finds no device.",
        "observed",
        f"{sources.MEASURED}; {sources.NIDD_READER} says it is in no fixed case",
        delivery_checks.kind_spelling,
    ),
    Check(
        "numeric-identifiers",
        "identifiers of digits are JSON numbers: the message must be taken or refused, "
        "without an error",
        "Digits are easily written as a number; a listener that breaks on one answers "
        "500 to that message each time it comes.",
        "assumed",
        f"{sources.UNSAID}; {sources.NIDD_READER} reckons with it",
        delivery_checks.numeric_identifiers,
    ),
    Check(
        "non-ascii",
        "a message has text in UTF-8 that is not ASCII: it must be acknowledged",
        "Names and release notes are people's: what decodes as ASCII, or stores in a "
        "narrow column, fails for one customer and not for the others.",
        "assumed",
        f"{sources.UNSAID}; JSON's own rule (RFC 8259, 8.1)",
        delivery_checks.non_ascii,
    ),
    Check(
        "charset",
        "the Content-Type is application/json; charset=utf-8: it must be acknowledged",
        "A header compared to the letter refuses every message when a proxy or a "
        "release adds the parameter.",
        "assumed",
        f"{sources.UNSAID}; HTTP's own rule; measured without: {sources.MEASURED}",
        delivery_checks.charset,
    ),
    Check(
        "wrong-content-type",
        "a message comes as text/plain: it must be taken or refused, without an error",
        "The type of most APIs' messages is not said. Taking what parses is safest; to "
        "refuse it with 415 is in order; to break is not.",
        "assumed",
        f"{sources.UNSAID}; application/json is what was measured: {sources.MEASURED}",
        delivery_checks.wrong_content_type,
    ),
    Check(
        "not-json",
        "bodies that are no message come, the empty one among them: each must be taken "
        "or refused, without an error",
        "Others than ThingSpace send to a public URL: an error for each of their "
        "requests hides those that matter.",
        "assumed",
        _ANYONE,
        delivery_checks.not_json,
    ),
    Check(
        "large-body",
        "a message of 64 KiB must be acknowledged",
        "A message that lists many devices is larger than any example: a limit of 8 or "
        "16 KiB, or a single read, refuses it each time.",
        "assumed",
        f"{sources.UNSAID} how large a message gets",
        delivery_checks.large_body,
    ),
    Check(
        "slow-sender",
        "a message comes in twelve pieces, 0.05 s apart: it must be acknowledged",
        "Across the internet a body does not come at once: a listener that takes the "
        "first packet for all of it fails on some days only.",
        "assumed",
        f"{sources.UNSAID}; TCP's own rule",
        delivery_checks.slow_sender,
    ),
    Check(
        "reset-half-way",
        "the connection ends in the middle of a message: the next one must be "
        f"acknowledged, and only it processed {_COUNTED}",
        "A connection that breaks must cost its own message only, which comes again. A "
        "worker that waits for the rest, or dies, costs those after it.",
        "assumed",
        f"{sources.UNSAID}; TCP's own rule",
        delivery_checks.reset_half_way,
    ),
    Check(
        "fifty-at-once",
        "50 messages at once must each be acknowledged within the limit, and each be "
        f"processed {_COUNTED}",
        "A request for many devices is answered with a message for each: what is not "
        "answered in time comes again, on top of the rest.",
        "assumed",
        f"one message a device is documented: {sources.CALLBACKS}; that they come at "
        "once is assumed",
        delivery_checks.fifty_at_once,
    ),
    Check(
        "missing-credentials",
        "a message without the registered credentials must be refused with a 4xx",
        "The URL is public, and the credentials in the message are all that tells "
        "ThingSpace from anybody else.",
        "documented",
        _CARRIED,
        security_checks.missing_credentials,
    ),
    Check(
        "wrong-password",
        "a message with a wrong password must be refused with a 4xx",
        "The same: whoever guesses the shape of a message could report upgrades, usage "
        "or data of devices.",
        "documented",
        _CARRIED,
        security_checks.wrong_password,
    ),
    Check(
        "stale-password",
        "a message with the password from before must be acknowledged",
        "After a registration with a new password the old one came for 13 min 55 s and "
        "9 min 27 s: a listener that refuses it loses those messages.",
        "observed",
        sources.MEASURED,
        security_checks.stale_password,
    ),
    Check(
        "wrong-account",
        "a message of another account must be refused with a 4xx",
        "Two environments that share a URL by mistake would work on one another's "
        "devices.",
        "assumed",
        _ANYONE,
        security_checks.wrong_account,
    ),
    Check(
        "missing-signature",
        "a message without a signature must be refused with a 4xx",
        "A listener that checks a signature only where there is one checks nothing.",
        "documented",
        _SIGNED,
        security_checks.missing_signature,
    ),
    Check(
        "wrong-signature",
        "a message with a wrong signature must be refused with a 4xx",
        "The signature is all that tells ThingSpace from anybody else.",
        "documented",
        _SIGNED,
        security_checks.wrong_signature,
    ),
    Check(
        "certificate",
        "where the URL is https, its certificate must be one that others trust",
        "ThingSpace refuses self-signed certificates: nothing would arrive at all.",
        "documented",
        sources.FOTA_MESSAGES,
        security_checks.certificate,
    ),
    Check(
        "still-answers",
        "a plain message after all of the others must be acknowledged",
        "What one message does to a listener shows in the next: a lock not released, a "
        "pool of connections used up.",
        "assumed",
        "the server's own",
        delivery_checks.still_answers,
    ),
)
