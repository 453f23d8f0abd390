"""What ThingSpace holds a registration to and a local listener could not meet.

Checked under the ``strict`` setting only.
"""

from urllib.parse import urlsplit

from mockthingspace.errors import InvalidCredential, InvalidUrl
from mockthingspace.model import Registration

PORTS = {80, 443, *range(9001, 9007), *range(50551, 50560), *range(28200, 28221)}
LONGEST_CREDENTIAL = 40


def port_is_allowed(registration: Registration) -> None:
    """Hold the listener to the ports ThingSpace delivers to."""
    parts = urlsplit(registration.url)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    if port not in PORTS:
        raise InvalidUrl(
            f"strict: ThingSpace does not deliver to port {port}, only to 80, 443, "
            "9001-9006, 50551-50559 and 28200-28220"
        )


def credentials_fit(registration: Registration) -> None:
    """Hold username and password to 40 characters each."""
    for name in ("username", "password"):
        length = len(getattr(registration, name) or "")
        if length > LONGEST_CREDENTIAL:
            raise InvalidCredential(
                f"strict: {name} has {length} characters; ThingSpace takes at most "
                f"{LONGEST_CREDENTIAL}"
            )
