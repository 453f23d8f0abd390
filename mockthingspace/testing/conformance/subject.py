"""What a listener is sent: the service, its events, and whom the messages are for."""

from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

from mockthingspace.apis import APIS
from mockthingspace.core.exceptions import SettingsError, suggest
from mockthingspace.core.models import Registration
from mockthingspace.spec.api import Api
from mockthingspace.spec.events import Event, override, paths
from mockthingspace.testing.conformance.bodies import Message

ACCOUNT = "0000123456-00001"  # where the user names none
IDENTITIES = (
    "requestId",
    "txid",
    "transactionID",
    "upgradeId",
    "campaignId",
    "triggerId",
    "firmwareName",
)


@dataclass(frozen=True)
class Subject:
    """Whom messages are for and of what they tell.

    ``event`` is what is sent unless a check says otherwise; the registration is as the
    user gave it, the account ours where not ``account_given``.
    """

    family: Api
    event: Event
    registration: Registration
    account_given: bool
    previous_password: str | None
    signature_header: str

    @property
    def events(self) -> tuple[Event, ...]:
        """Every event of the service."""
        return _of_service(self.family, self.event.service)

    @property
    def related(self) -> tuple[Event, ...]:
        """The events that can tell of the same thing as the event does."""
        return _related(self.family, self.event)

    def message(
        self, event: Event | None = None, identity: str | None = None, **changed: Any
    ) -> Message:
        """Return a message that no other check sends.

        It is of the subject's own event if None, and tells of something new unless an
        identity is given. ``changed`` is what of the registration is otherwise in it.
        """
        told = event or self.event
        made = told.message(replace(self.registration, **changed), {})
        override(made, identity_of(told), identity or str(uuid4()))
        return made


def identity_of(event: Event) -> str:
    """Return the path of what tells an event's messages apart."""
    every = list(paths(event.template()))
    found = (
        path for name in IDENTITIES for path in every if path.rpartition(".")[2] == name
    )
    return next(found)


def subject(
    service: str,
    *,
    family: str | None = None,
    event: str | None = None,
    account: str | None = None,
    username: str | None = None,
    password: str | None = None,
    secret: str | None = None,
    previous_password: str | None = None,
    signature_header: str = "X-ThingSpace-Signature",
) -> Subject:
    """Return what a listener for a service is sent.

    Raises:
        SettingsError: There is no such API, service or event; says what there is.
    """
    candidates = _with_service(service, family)
    known = {
        event.name: (its, event)
        for its, name in candidates
        for event in _of_service(its, name)
    }
    if event is None:
        its, name = candidates[0]
        found = its, _most_related(its, name)
    elif event in known:
        found = known[event]
    else:
        raise SettingsError(
            f"{service} has no event {event!r}; {suggest(event, known)}"
        )
    registration = Registration(
        family=found[0].name,
        account=account or ACCOUNT,
        service=found[1].service,
        url="",
        username=username,
        password=password,
        registered_at=datetime.now(timezone.utc),
        secret=secret,
    )
    return Subject(
        *found, registration, account is not None, previous_password, signature_header
    )


def _with_service(service: str, family: str | None) -> list[tuple[Api, str]]:
    """Return the APIs that have a service, each with its name for it."""
    sending = {item.name: item for item in APIS if item.events}
    if family is not None and family not in sending:
        raise SettingsError(f"unknown family {family!r}; {suggest(family, sending)}")
    asked = [sending[family]] if family is not None else list(sending.values())
    named = [(api, api.spellings.get(service, service)) for api in asked]
    found = [(api, name) for api, name in named if name in api.services]
    if not found:
        services = {name for item in asked for name in item.services}
        raise SettingsError(
            f"unknown service {service!r}; {suggest(service, services)}"
        )
    return found


def _of_service(api: Api, service: str) -> tuple[Event, ...]:
    return tuple(event for event in api.events if event.service == service)


def _related(api: Api, event: Event) -> tuple[Event, ...]:
    kind = identity_of(event).rpartition(".")[2]
    return tuple(
        item
        for item in _of_service(api, event.service)
        if identity_of(item).rpartition(".")[2] == kind
    )


def _most_related(api: Api, service: str) -> Event:
    """Return the first event of a service of those that tell of the same thing."""
    return max(_of_service(api, service), key=lambda item: len(_related(api, item)))
