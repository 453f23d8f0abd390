"""What ThingSpace holds a registration to and a local listener could not meet.

Checked under ``registration_rules=enforced`` only. An API says which it has, and how
that is known.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from mockthingspace.core.exceptions import (
    InvalidCredential,
    InvalidUrl,
    ThingSpaceError,
)
from mockthingspace.core.models import Registration

ALLOWED_PORTS = {
    80,
    443,
    *range(9001, 9007),
    *range(50551, 50560),
    *range(28200, 28221),
}
LONGEST_CREDENTIAL = 40


@dataclass(frozen=True)
class Rule:
    """One rule: what it says, how it is checked, and what checking it raises."""

    summary: str
    check: Callable[[Registration], None]
    raises: type[ThingSpaceError]


def _port_is_allowed(registration: Registration) -> None:
    parts = urlsplit(registration.url)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    if port not in ALLOWED_PORTS:
        raise InvalidUrl(
            f"registration_rules=enforced: ThingSpace does not deliver to port {port}, "
            "only to 80, 443, 9001-9006, 50551-50559 and 28200-28220"
        )


def _is_https(registration: Registration) -> None:
    if urlsplit(registration.url).scheme != "https":
        raise InvalidUrl(
            "registration_rules=enforced: ThingSpace takes only https:// here"
        )


def _credentials_fit(registration: Registration) -> None:
    for name in ("username", "password"):
        length = len(getattr(registration, name) or "")
        if length > LONGEST_CREDENTIAL:
            raise InvalidCredential(
                f"registration_rules=enforced: {name} has {length} characters; "
                f"ThingSpace takes at most {LONGEST_CREDENTIAL}"
            )


PORT_RULE = Rule(
    "the listener's port is 80, 443, 9001-9006, 50551-50559 or 28200-28220",
    _port_is_allowed,
    InvalidUrl,
)
HTTPS_RULE = Rule("the URL is https", _is_https, InvalidUrl)
CREDENTIALS_RULE = Rule(
    "username and password have at most 40 characters",
    _credentials_fit,
    InvalidCredential,
)
