"""Messages of two APIs are signed, so that a listener can tell who sent them."""

import hmac
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from mockthingspace import Listener, MockThingSpace, verify
from mockthingspace.core.exceptions import AdminError
from mockthingspace.core.signatures import new_secret, sign

from ..rows import each

ACCOUNT = "0242078689-00001"
ORIGIN = "https://listener.example"
URL = f"{ORIGIN}/cb"
HEADER = "X-ThingSpace-Signature"
BODY, SECRET = b'{"a": "\xc3\xbc"}', "s3cret"
SIGNED = {
    "location": ("DeviceLocation", "DeviceLocation.position"),
    "diagnostics": ("Diagnostics", "Diagnostics.observation"),
}
UNSIGNED = {
    "fota-v1": ("Fota", "Fota.firmwareList"),
    "fota-v2": ("Fota", "FotaV2.campaignScheduled"),
    "fota-v3": ("Fota", "FotaV3.campaignScheduled"),
    "connectivity": ("CarrierService", "CarrierService.activate"),
    "hyper-precise": ("BullseyeReporting", "BullseyeReporting.aggregateReport"),
}


def test_a_secret_is_64_hexadecimal_digits_and_another_each_time() -> None:
    """Nobody guesses it, and any header can hold it."""
    made = [new_secret() for _ in range(50)]
    assert (len(set(made)), {len(bytes.fromhex(secret)) for secret in made}) == (
        50,
        {32},
    )


@each("secret", [SECRET, "", "schlüssel", "x" * 1000])
@each("body", [BODY, b"", b"\xff\0"], ids=["JSON", "empty", "bytes"])
def test_a_signature_is_hmac_sha256_in_hexadecimal(body: bytes, secret: str) -> None:
    """Of the body to the byte, by the secret's UTF-8 bytes."""
    expected = hmac.new(secret.encode(), body, "sha256").hexdigest()
    assert sign(body, secret) == expected
    assert verify(body, expected, secret)


def test_a_signature_known_from_elsewhere_is_ours() -> None:
    """RFC 4231's second case."""
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert sign(b"what do ya want for nothing?", "Jefe") == expected


GOOD = sign(BODY, SECRET)


@each("signature", [GOOD, GOOD.upper(), f" {GOOD}\t"], ids=["as is", "upper", "spaces"])
def test_a_good_signature_may_be_spelled_otherwise(signature: str) -> None:
    """Case and white space around are the sender's own."""
    assert verify(BODY, signature, SECRET)


@each(
    ("body", "signature", "secret"),
    [
        (BODY + b" ", GOOD, SECRET),
        (b'{"a":"\xc3\xbc"}', GOOD, SECRET),
        (b"", GOOD, SECRET),
        (BODY, GOOD, "s3cre7"),
        (BODY, GOOD, ""),
        (BODY, None, SECRET),
        (BODY, "", SECRET),
        (BODY, GOOD[:-1], SECRET),
        (BODY, f"{GOOD}0", SECRET),
        (BODY, f"sha256={GOOD}", SECRET),
        (BODY, "ü" * 64, SECRET),
        (BODY, "\ud800\0", SECRET),
        (BODY, "x" * 100_000, SECRET),
    ],
    ids=[
        *("longer body", "respelled body", "no body", "other secret", "no secret"),
        *("no header", "empty", "short", "long", "prefixed"),
        *("not ASCII", "half a surrogate", "endless"),
    ],
)
def test_anything_else_is_no_signature(
    body: bytes, signature: str | None, secret: str
) -> None:
    """Whatever a header says, a listener gets yes or no."""
    assert verify(body, signature, secret) is False


# What goes out.


class Listening:
    """A listener in process that keeps bodies and headers, and refuses at first."""

    def __init__(self) -> None:
        self.refuses = 0
        self.got: list[tuple[bytes, dict[str, str]]] = []

    def __call__(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        """Take a message, or refuse it."""
        headers = {
            key.removeprefix("HTTP_").replace("_", "-").title(): value
            for key, value in environ.items()
            if key.startswith("HTTP_")
        }
        self.got.append((environ["wsgi.input"].read(), headers))
        start("503 Busy" if len(self.got) <= self.refuses else "200 OK", [])
        return [b""]


LISTENER = Listening()
AT = HEADER.title()


@pytest.fixture(scope="module")
def running() -> Iterator[MockThingSpace]:
    """One server for this module, with a listener in process."""
    with MockThingSpace(deliver_to={ORIGIN: LISTENER}) as server:
        yield server


@pytest.fixture
def thing(running: MockThingSpace) -> MockThingSpace:
    """The server as just started."""
    LISTENER.got.clear()
    LISTENER.refuses = 0
    running.reset()
    return running


def registered(server: MockThingSpace, family: str, secret: str | None = None) -> str:
    """Register the listener, and return the secret it is told."""
    service, _ = (SIGNED | UNSIGNED)[family]
    made = server.register(ACCOUNT, URL, family=family, service=service, secret=secret)
    return made.secret or ""


def sent(server: MockThingSpace, family: str, **overrides: Any) -> Any:
    """Trigger the API's message and return what comes of all its attempts."""
    server.trigger((SIGNED | UNSIGNED)[family][1], ACCOUNT, **overrides)
    server.advance(minutes=15)
    return LISTENER.got


@pytest.mark.parametrize("family", SIGNED)
def test_each_attempt_is_signed_over_its_raw_bytes(
    thing: MockThingSpace, family: str
) -> None:
    """The secret of the registration proves what was sent, and nothing else."""
    LISTENER.refuses = 3
    secret = registered(thing, family)

    got = sent(thing, family)

    assert [verify(body, headers[AT], secret) for body, headers in got] == [True] * 4
    assert [
        verify(changed, headers[AT], key)
        for body, headers in got
        for changed, key in ((body + b" ", secret), (body, new_secret()))
    ] == [False] * 8


@pytest.mark.parametrize("family", SIGNED)
@pytest.mark.parametrize("message", [{"ü": "🎉"}, [], {}, "text", 1, True], ids=str)
def test_a_message_of_the_users_is_signed_too(
    thing: MockThingSpace, family: str, message: Any
) -> None:
    """Whatever is sent, it is what was signed."""
    secret = registered(thing, family)

    [(body, headers)] = sent(thing, family, message=message)

    assert verify(body, headers[AT], secret)


@pytest.mark.parametrize("family", SIGNED)
def test_a_secret_of_the_users_is_what_is_signed_with(
    thing: MockThingSpace, family: str
) -> None:
    """A registration past the wire format may say its secret."""
    assert registered(thing, family, "schlüssel") == "schlüssel"

    [(body, headers)] = sent(thing, family)

    assert headers[AT] == sign(body, "schlüssel")


@pytest.mark.parametrize("family", SIGNED)
def test_a_message_sent_again_is_signed_with_the_secret_of_now(
    thing: MockThingSpace, family: str
) -> None:
    """A listener that registered again knows only its new secret."""
    before = registered(thing, family)
    [(body, headers)] = sent(thing, family)
    after = registered(thing, family)

    thing.resend(thing.deliveries()[0].id)
    thing.wait_for_delivery(count=2)

    again, resigned = LISTENER.got[1]
    assert again == body
    assert [
        verify(body, headers[AT], before),
        verify(again, resigned[AT], before),
        verify(again, resigned[AT], after),
    ] == [True, False, True]


@pytest.mark.parametrize("family", SIGNED)
def test_what_is_under_way_keeps_the_secret_it_began_with(
    thing: MockThingSpace, family: str
) -> None:
    """A second registration does not sign a pending delivery anew."""
    LISTENER.refuses = 1
    before = registered(thing, family)
    thing.trigger(SIGNED[family][1], ACCOUNT)
    thing.advance(seconds=1)
    registered(thing, family)

    thing.advance(minutes=5)

    assert [verify(body, headers[AT], before) for body, headers in LISTENER.got] == [
        True
    ] * 2


@pytest.mark.parametrize("family", UNSIGNED)
def test_a_family_that_does_not_sign_sends_no_signature(
    thing: MockThingSpace, family: str
) -> None:
    """Its registrations have no secret, and its messages no such header."""
    assert registered(thing, family) == ""

    [(_, headers)] = sent(thing, family)

    assert AT not in headers
    assert [delivery.signed for delivery in thing.deliveries()] == [False]


@each("family", UNSIGNED)
def test_a_family_that_does_not_sign_takes_no_secret(
    thing: MockThingSpace, family: str
) -> None:
    """One that could not be used is a mistake, and is said to be one."""
    with pytest.raises(AdminError, match=f"^secret: {family} does not sign its mess"):
        registered(thing, family, SECRET)


def test_the_settings_name_both_headers() -> None:
    """A secret from the wire, under one name, verifies what comes under another."""
    names = {"secret_header": "X-Key", "signature_header": "X-Proof"}
    with MockThingSpace(**names) as thing, Listener() as listener:
        callbacks = f"{thing.url_for('location')}/callbacks/{ACCOUNT}"
        wanted = {"name": "Location", "url": listener.url}
        told = requests.post(callbacks, json=wanted, timeout=30).headers
        thing.trigger("Location.report", ACCOUNT)
        [message] = listener.wait_for(1)

    assert verify(message.body, message.headers["X-Proof"], told["X-Key"])
    assert HEADER not in message.headers
