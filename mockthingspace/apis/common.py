"""What holds for all callback APIs alike, and what differs only in its source."""

from collections.abc import Callable, Mapping
from typing import Any

from mockthingspace.apis import documents
from mockthingspace.core import sources
from mockthingspace.core.models import Claim, Provenance, assumed
from mockthingspace.spec.schemas import form, json_object, object_or_array, plain_object

RULES_OF_CONNECTIVITY = assumed(
    f"documented for connectivity: {sources.CONNECTIVITY_REGISTER}"
)
ACKNOWLEDGED = assumed(f"documented for connectivity: {sources.CALLBACKS}")
MEASURED = assumed(f"observed for connectivity: {sources.MEASURED}")

HEADERS = documents.headers()
NOTHING_LISTED = Claim(
    "an account with no registration is listed as []", "assumed", sources.UNSAID
)
READERS: Mapping[Callable[..., Any], Claim | None] = {
    json_object: None,
    form: None,
    object_or_array: Claim(
        "a body may be an array of one object",
        "documented",
        sources.HYPER_PRECISE_REGISTER,
    ),
    plain_object: Claim(
        "an apostrophe, < or a backslash in a field of a body is refused",
        "documented",
        sources.CONNECTIVITY_ERRORS,
    ),
}


def empty_list(page: str) -> Claim:
    """State what a page lists where nothing is registered."""
    return Claim(
        "dialect=docs: an account with no registration is listed as an empty body",
        "documented",
        page,
    )


def callbacks(
    posted: Provenance,
    *more: Claim,
    acknowledged: Provenance = ACKNOWLEDGED,
    measured: Provenance = MEASURED,
) -> tuple[Claim, ...]:
    """Return what holds for a callback API: what is alike, more, and delivery.

    Args:
        posted: How we know how messages are sent.
        *more: What else the API does.
        acknowledged: How acknowledging and sending again is known.
        measured: How what was measured of them is known.
    """
    post = Claim("a message is an HTTP POST of JSON", *posted)
    return (
        *documents.claims("claims/callbacks.json"),
        *more,
        post,
        *_delivery(acknowledged, measured),
        *documents.claims("claims/delivery.json"),
    )


def replaces(known: Provenance) -> Claim:
    """State what a second registration for a service does, and how we know."""
    summary = "a second registration for a service replaces the whole first"
    source = f"{known.source} (that nothing is kept is assumed)"
    return Claim(summary, known.evidence, source)


def signing(known: Provenance) -> tuple[Claim, ...]:
    """State how messages are signed.

    Args:
        known: How we know that they are.
    """
    return (
        Claim(
            "the reply to a registration has the secret for signatures in a header",
            *known,
        ),
        Claim("messages are signed with HMAC-SHA256", *known),
        Claim("each registration gets a new secret", "assumed", sources.UNSAID),
        Claim(
            "what is signed is the raw body, and the signature is hexadecimal",
            "assumed",
            f"{sources.UNSAID}; the pages' section on it is not stored",
        ),
    )


def _delivery(acknowledged: Provenance, measured: Provenance) -> tuple[Claim, ...]:
    return (
        Claim("any 2xx acknowledges a message, nothing else does", *acknowledged),
        Claim("retries=documented: 3 more attempts, 300 s apart", *acknowledged),
        Claim(
            "retries=observed: one more attempt after 1.15 to 1.69 s; a second one "
            "that overlaps the first after 4 s without an answer",
            *measured,
        ),
        Claim(
            "deregistering cancels what was not sent yet",
            "assumed",
            f"measured for connectivity only that what comes up later is lost: "
            f"{sources.MEASURED}",
        ),
    )


REPLACES = replaces(assumed(sources.UNSAID))
