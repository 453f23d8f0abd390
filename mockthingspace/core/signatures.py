"""Signing messages, and checking that a message was signed.

That messages of the Device Location and Device Diagnostics APIs are signed with
HMAC-SHA256, by a secret that the reply to the registration carries in a header,
is documented. What exactly is signed, how the signature is spelled and what the
headers are called is not: here it is the raw bytes of the body, in hexadecimal,
and two settings name the headers.
"""

import hmac
from secrets import token_hex

SECRET_BYTES = 32


def new_secret() -> str:
    """Make a secret: 64 hexadecimal digits."""
    return token_hex(SECRET_BYTES)


def sign(body: bytes, secret: str) -> str:
    """Return the signature of a message's body: 64 hexadecimal digits.

    Args:
        body: The body, to the byte.
        secret: What the reply to the registration carried in its header.
    """
    return hmac.new(secret.encode(), body, "sha256").hexdigest()


def verify(body: bytes, signature: str | None, secret: str) -> bool:
    """Say whether a message was signed with a secret.

    For a listener's tests, and for a listener while ThingSpace's own way of
    signing is not known to it.

    Args:
        body: The body as it arrived, before anything parsed it.
        signature: What the signature's header says; None where there is none.
        secret: What the reply to the registration carried in its header.

    Example:
        >>> verify(message.body, message.headers["X-ThingSpace-Signature"], secret)
        True
    """
    given = (signature or "").strip().lower().encode("utf-8", "replace")
    return hmac.compare_digest(sign(body, secret).encode(), given)
