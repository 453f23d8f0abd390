"""The demo's story, as values: what is done, and what must come of it.

A step calls the SDK; a scene is played by the server and a listener. ``run``
takes them one by one and checks them.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from verizon.http.auth import thingspace_oauth, vz_m2m_token  # type: ignore[import-untyped]
from verizon.models import fota_v1_callback_registration_request as register  # type: ignore[import-untyped]
from verizon.models import log_in_request

from mockthingspace.client.models import RecordedAttempt
from mockthingspace.core.exceptions import AdminError
from mockthingspace.testing.listener import Listener
from mockthingspace.testing.mock_thingspace import MockThingSpace

ACCOUNT = "0252012345-00001"
EVENTS = (
    "Fota.firmwareList",
    "Fota.upgradeScheduled",
    "Fota.upgradeProgress",
    "Fota.upgradeFinished",
)
LAST = EVENTS[-1]
KEY = thingspace_oauth.ThingspaceOauthCredentials("any key", "any secret")
LOGIN = log_in_request.LogInRequest("any name", "any password")
LOG_IN = "session_management.start_connectivity_management_session"
CALLBACKS = "software_management_callbacks_v1"
LIST = f"{CALLBACKS}.list_registered_callbacks"
REGISTER = f"{CALLBACKS}.register_callback"
DEREGISTER = f"{CALLBACKS}.deregister_callback"


class Step(NamedTuple):
    """One step of the story: a method of the SDK's client, and what comes of it.

    ``arguments`` makes the method's of the listener's URL. ``comes`` is the kind
    and the values of what must come, * being any value; ``proof`` makes
    credentials of it, to go on with.
    """

    title: str
    method: str
    arguments: Callable[[str], tuple[Any, ...]]
    comes: str
    proof: Callable[[Any], dict[str, Any]] = lambda _: {}


class Scene(NamedTuple):
    """One step of the story that the server and the listener play.

    ``play`` does it and gives lines that tell what happens; ``comes`` is what
    these must be.
    """

    title: str
    play: Callable[[MockThingSpace, Listener], Iterable[str]]
    comes: tuple[str, ...]


def bearer(token: Any) -> dict[str, Any]:
    """Make credentials of a bearer token."""
    return {"thingspace_oauth_credentials": KEY.clone_with(oauth_token=token)}


def session(login: Any) -> dict[str, Any]:
    """Make credentials of a session token."""
    token = vz_m2m_token.VZM2mTokenCredentials(login.session_token)
    return {"vz_m2m_token_credentials": token}


def registration(url: str) -> tuple[Any, ...]:
    """Make the arguments that register a listener."""
    return ACCOUNT, register.FotaV1CallbackRegistrationRequest("Fota", url)


def arrive(thingspace: MockThingSpace, listener: Listener) -> Iterator[str]:
    """Send the four messages, and tell each as it arrives."""
    for event in EVENTS:
        before = len(listener.messages)
        thingspace.trigger(event, ACCOUNT)
        message = listener.wait_for(before + 1)[-1]
        document = message.json
        yield (
            f"POST {message.path} with type {document['type']} for "
            f"{document['accountName']} -> {message.status_code}"
        )
    thingspace.wait_until_idle()


def fail_twice(thingspace: MockThingSpace, listener: Listener) -> list[str]:
    """Have the listener refuse a message twice, and let the pauses pass."""
    listener.reply(503, times=2)
    return _after(thingspace, minutes=10)


def give_up(thingspace: MockThingSpace, listener: Listener) -> list[str]:
    """Have the listener refuse every attempt, and let the whole schedule pass."""
    listener.reply(503, times=4)
    return _after(thingspace, minutes=15)


def resend(thingspace: MockThingSpace, _: Listener) -> list[str]:
    """Send the abandoned message again."""
    [abandoned] = thingspace.deliveries(ACCOUNT, status="abandoned")
    made = thingspace.resend(abandoned.id)
    over = thingspace.wait_for_delivery(ACCOUNT, since=made.seq - 1)
    told = [_attempt(attempt, over.attempts) for attempt in over.attempts]
    return [*told, f"the message is {over.status}"]


def nowhere(thingspace: MockThingSpace, listener: Listener) -> list[str]:
    """Send the last message although nobody listens, and tell what is said."""
    before = len(listener.messages)
    try:
        thingspace.trigger(LAST, ACCOUNT)
    except AdminError as error:
        said, _, _ = str(error).partition("; to register")
        return [f"refused: {said}", f"{len(listener.messages) - before} came"]
    return ["it was sent"]


def _after(thingspace: MockThingSpace, minutes: float) -> list[str]:
    """Send the last message, let time pass, and tell the attempts."""
    [made] = thingspace.trigger(LAST, ACCOUNT)
    since = made.seq - 1
    thingspace.wait_for_delivery(ACCOUNT, attempts=1, since=since)
    thingspace.advance(minutes=minutes)
    [over] = thingspace.deliveries(ACCOUNT, since=since)
    told = [_attempt(attempt, over.attempts) for attempt in over.attempts]
    return [*told, f"the message is {over.status}"]


def _attempt(attempt: RecordedAttempt, every: tuple[RecordedAttempt, ...]) -> str:
    after_s = (attempt.started_at - every[0].started_at).total_seconds()
    return f"attempt {attempt.number}, after {after_s:.0f} s -> {attempt.status_code}"


TOKEN = "OauthToken|access_token: *|token_type: Bearer|expires_in: 3600|expiry: *"
REGISTERED = (
    f"FotaV1CallbackRegistrationResult|account_name: {ACCOUNT}|service_name: Fota"
)
LISTED = f"RegisteredCallbacks|aname: {ACCOUNT}|name: Fota|url: http://127.0.0.1:*"
REFUSED = (
    "FotaV1ResultException|error_code: INVALID_PARAMETER|"
    "error_message: Invalid account name format|X-Mock-Reason: account: *"
)
NOWHERE = (
    f"refused: account {ACCOUNT} has no registration with fota-v1 for Fota; "
    "registered: nothing"
)


STORY: tuple[Step | Scene, ...] = (
    Step(
        "Get a token: any key will do",
        "thingspace_oauth.fetch_token",
        lambda _: (),
        TOKEN,
        bearer,
    ),
    Step(
        "Log in: anybody may",
        LOG_IN,
        lambda _: (LOGIN,),
        "LogInResult|session_token: *",
        session,
    ),
    Step(
        "Be refused, and told why",
        REGISTER,
        lambda url: ("my account", registration(url)[1]),
        REFUSED,
    ),
    Step("Register a listener", REGISTER, registration, REGISTERED),
    Scene(
        "The four messages arrive as they are sent",
        arrive,
        tuple(
            f"POST /callback with type {event[5:]} for {ACCOUNT} -> 200"
            for event in EVENTS
        ),
    ),
    Scene(
        "The listener fails twice; the retries, 300 s apart, pass at once",
        fail_twice,
        (
            "attempt 1, after 0 s -> 503",
            "attempt 2, after 300 s -> 503",
            "attempt 3, after 600 s -> 200",
            "the message is delivered",
        ),
    ),
    Step("It is still in the list", LIST, lambda _: (ACCOUNT,), LISTED),
    Scene(
        "It fails all four times: the message is abandoned",
        give_up,
        (
            "attempt 1, after 0 s -> 503",
            "attempt 2, after 300 s -> 503",
            "attempt 3, after 600 s -> 503",
            "attempt 4, after 900 s -> 503",
            "the message is abandoned",
        ),
    ),
    Scene(
        "Send the abandoned message again",
        resend,
        ("attempt 1, after 0 s -> 200", "the message is delivered"),
    ),
    Step(
        "Deregister",
        DEREGISTER,
        lambda _: (ACCOUNT, "Fota"),
        "FotaV1SuccessResult|success: True",
    ),
    Scene("A last message goes nowhere", nowhere, (NOWHERE, "0 came")),
)
