"""What holds for all callback APIs alike, and what differs only in its source."""

from collections.abc import Callable, Mapping
from typing import Any

from mockthingspace.core import sources
from mockthingspace.core.models import Claim, Provenance, assumed
from mockthingspace.spec.schemas import form, json_object, object_or_array, plain_object

RULES_OF_CONNECTIVITY = assumed(
    f"documented for connectivity: {sources.CONNECTIVITY_REGISTER}"
)
ACKNOWLEDGED = assumed(f"documented for connectivity: {sources.CALLBACKS}")
MEASURED = assumed(f"observed for connectivity: {sources.MEASURED}")

ALIKE = (
    Claim(
        "HEAD is answered as GET is, without the body",
        "assumed",
        f"{sources.UNSAID}; HTTP's own rule",
    ),
    Claim(
        "an account with an encoded slash (a%2Fb) in the path is an unknown path: 404",
        "assumed",
        "the server's own limit: the slash is decoded before it is routed",
    ),
    Claim("a service name is held to its exact case", "assumed", sources.UNSAID),
    Claim(
        "unknown fields of a body and of a query are ignored; of a query's field given "
        "twice the first counts",
        "assumed",
        sources.UNSAID,
    ),
    Claim(
        "any Content-Type is accepted if the body parses",
        "assumed",
        f"{sources.SDK} sends */* to some families",
    ),
    Claim(
        "deregistering what is not registered is refused; deregister_missing=ok "
        "answers as if it had been",
        "assumed",
        sources.UNSAID,
    ),
    Claim(
        "an account that is not ten digits, a hyphen and five digits is refused",
        "assumed",
        f"{sources.SDK} shows the format; that others are refused is not said",
    ),
    Claim(
        "a delivery under way keeps the URL, the headers and the secret it began with, "
        "whatever is registered meanwhile",
        "assumed",
        sources.UNSAID,
    ),
    Claim(
        "a planned fault's status is answered with a fault of the gateway's",
        "assumed",
        "the codes of WSO2's gateway, which answers in front of every API: "
        f"{sources.CONNECTIVITY_ERRORS}",
    ),
    Claim(
        "a message of the user's own is sent as it is, at every attempt",
        "assumed",
        "the server's own choice",
    ),
)
NOTHING_LISTED = Claim(
    "an account with no registration is listed as []", "assumed", sources.UNSAID
)
SERVICES = Claim(
    "the services are the twenty-three of the longest list, which is no page's",
    "assumed",
    f"{sources.RUST}, which once had Extended for ExtendedEnhancedConnectivityService",
)
UNMATCHED = Claim(
    "an unknown path is told before a missing bearer token",
    "observed",
    sources.UNMATCHED,
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
        *ALIKE,
        UNMATCHED,
        *more,
        post,
        *_delivery(acknowledged, measured),
        *_DELIVERY,
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


_DELIVERY = (
    Claim("a redirect is not followed", "assumed", sources.UNSAID),
    Claim("a listener has 10 s to answer", "assumed", sources.UNSAID),
    Claim(
        "an answer that breaks off does not acknowledge, whatever its status",
        "assumed",
        sources.UNSAID,
    ),
    Claim(
        "a registration's messages go out one at a time, in order",
        "assumed",
        sources.UNSAID,
    ),
    Claim(
        "after the last attempt a message is kept and can be resent",
        "assumed",
        f"an archive of 30 days is documented for connectivity: {sources.CALLBACKS}",
    ),
    Claim(
        "a listener's certificate need not be good, unless registration_rules=enforced",
        "assumed",
        "the server's own choice; ThingSpace refuses self-signed ones: "
        f"{sources.FOTA_MESSAGES}",
    ),
)
REPLACES = replaces(assumed(sources.UNSAID))

_NIDD_ONLY = f"measured on NiddService only: {sources.MEASURED}"
HEADERS: Mapping[tuple[str, str], Claim] = {
    ("request", "Authorization"): Claim(
        "a bearer token; Basic credentials at the token endpoint",
        "documented",
        sources.SDK,
    ),
    ("request", "VZ-M2M-Token"): Claim("the session token", "documented", sources.SDK),
    ("reply", "Content-Type"): Claim(
        "application/json, with charset=UTF-8 where nothing is served; an empty body "
        "has none",
        "documented",
        f"{sources.SDK} (asks for it; the charset was seen: {sources.UNMATCHED}; that "
        "an empty body has none is assumed)",
    ),
    ("reply", "Content-Length"): Claim(
        "the size: no reply is chunked", "assumed", sources.UNSAID
    ),
    ("reply", "Date"): Claim(
        "the machine's, whatever the server's clock says",
        "assumed",
        f"{sources.UNSAID}; HTTP's own rule",
    ),
    ("reply", "Allow"): Claim(
        "with a 405, what is served there",
        "assumed",
        f"{sources.UNSAID}; HTTP's own rule",
    ),
    ("reply", "X-Mock-Reason"): Claim(
        "explains a refusal to the developer",
        "assumed",
        "the server's own; ThingSpace sends no such header",
    ),
    ("reply", "secret_header"): Claim(
        "the secret, as X-ThingSpace-Secret",
        "assumed",
        f"{sources.UNSAID}; the setting secret_header names it",
    ),
    ("message", "Content-Type"): Claim(
        "application/json, without charset",
        "assumed",
        f"{_NIDD_ONLY}; {sources.NIDD_LOG} took no other",
    ),
    ("message", "User-Agent"): Claim(
        "Verizon's callback service", "assumed", _NIDD_ONLY
    ),
    ("message", "Authorization"): Claim(
        "there is none, unless httpHeaders has one", "assumed", _NIDD_ONLY
    ),
    ("message", "Host"): Claim("the listener's", "assumed", "HTTP's own rule"),
    ("message", "Content-Length"): Claim(
        "the size: no message is chunked", "assumed", sources.UNSAID
    ),
    ("message", "Accept-Encoding"): Claim("identity", "assumed", sources.UNSAID),
    ("message", "signature_header"): Claim(
        "the signature, as X-ThingSpace-Signature",
        "assumed",
        f"{sources.UNSAID}; the setting signature_header names it",
    ),
}
