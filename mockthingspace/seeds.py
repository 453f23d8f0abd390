"""Seed documents: registrations and settings to start from, and to go back to.

``{"settings": {…}, "registrations": [{family, account, service, url, username?,
password?, registered_at?}]}``. An exported snapshot is one.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from difflib import get_close_matches
from typing import Any

from marshmallow import RAISE, ValidationError, fields

from mockthingspace.errors import SettingsError
from mockthingspace.family import Family
from mockthingspace.model import Registration
from mockthingspace.wire import Account, ListenerUrl, Secret, ServiceName, Shape, Text

KEYS = ("settings", "registrations")


class Instant(fields.AwareDateTime):
    """An instant that can be told in UTC."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> datetime:
        instant: datetime = super()._deserialize(value, *args, **kwargs)
        try:
            return instant.astimezone(timezone.utc)
        except OverflowError as error:
            raise self.make_error("invalid", input=value, obj_type="instant") from error


class Seeded(Shape):
    """``{family, account, service, url, username, password, registered_at}``."""

    class Meta:
        """Refuse unknown fields: a seed is the user's, and a typo is a mistake."""

        unknown = RAISE

    error_messages = {  # noqa: RUF012 (marshmallow's own idiom)
        "unknown": "unknown; a registration has family, account, service, url, "
        "username, password, registered_at"
    }

    family = Text(required=True)
    account = Account(required=True)
    service = Text(allow_none=True)
    url = ListenerUrl(required=True)
    username = Text(allow_none=True, load_default=None)
    password = Secret(allow_none=True, load_default=None)
    registered_at = Instant(format="iso")


_SEEDED = Seeded()


def checked(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Refuse a seed document with a key that means nothing.

    Raises:
        SettingsError: There is one, or the registrations are no array.
    """
    for key in document:
        if key not in KEYS:
            near = get_close_matches(str(key), KEYS, 1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise SettingsError(
                f"unknown key {key!r} in a seed document: {hint}"
                f"it may have {', '.join(KEYS)}"
            )
    if not isinstance(document.get("registrations", []), list):
        raise SettingsError("the registrations of a seed document must be an array")
    return document


def registrations(
    document: Mapping[str, Any], families: Iterable[Family], now: datetime
) -> tuple[Registration, ...]:
    """Return the registrations of a seed document that was checked.

    Args:
        document: The seed document.
        families: The families a registration can be for.
        now: When those that do not say were registered.

    Raises:
        SettingsError: One cannot be used; the message says which and why.
    """
    made = []
    for index, item in enumerate(document.get("registrations", [])):
        try:
            made.append(registration(item, families, now))
        except SettingsError as error:
            raise SettingsError(f"registrations[{index}]: {error}") from error
    return tuple(made)


def registration(
    item: object, families: Iterable[Family], now: datetime
) -> Registration:
    """Return one registration spelled in the admin API's names.

    Raises:
        SettingsError: It cannot be used; the message says why.
    """
    if not isinstance(item, Mapping):
        raise SettingsError("a registration must be an object")
    try:
        loaded: dict[str, Any] = _SEEDED.load(item)
    except ValidationError as error:
        problems = error.messages_dict.items()
        raise SettingsError(
            "; ".join(f"{key}: {', '.join(said)}" for key, said in problems)
        ) from error
    services_of = {one.name: one.services for one in families if one.services}
    if loaded["family"] not in services_of:
        raise SettingsError(
            f"family: {loaded['family']!r} takes no registrations; allowed: "
            f"{', '.join(services_of)}"
        )
    services = services_of[loaded["family"]]
    service = loaded.get("service")
    if service is None:
        service = services[0] if len(services) == 1 else ""
    try:
        ServiceName(services).check(service)
    except ValidationError as error:
        raise SettingsError(f"service: {error.messages[0]}") from error
    return Registration(**{"registered_at": now, **loaded, "service": service})
