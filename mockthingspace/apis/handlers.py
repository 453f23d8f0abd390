"""What the operations of callback APIs do: list, show, register, deregister."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mockthingspace.backend.backend import BackendState
from mockthingspace.backend.store.registrations import Registry
from mockthingspace.core.exceptions import NotRegistered
from mockthingspace.core.models import Caller, Pairs, Registration
from mockthingspace.core.settings import Settings
from mockthingspace.core.signatures import new_secret
from mockthingspace.spec.api import Api, Operation


@dataclass(frozen=True, slots=True)
class Call:
    """One request to an operation, as its handler sees it.

    ``stale`` is the registry that a list is read from, where a fault says so.
    ``reasons`` is what the developer is told, ``when_sent`` what is done once the
    reply is written.
    """

    family: Api
    operation: Operation
    state: BackendState
    caller: Caller
    now: datetime
    stale: Registry | None = None
    reasons: list[str] = field(default_factory=list)
    when_sent: list[Callable[[], object]] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.state.settings


def listing(call: Call, account: str) -> tuple[Registration, ...]:
    """Return the account's registrations."""
    registry = call.stale or call.state.registry
    return registry.of(call.family.name, account)


def show(call: Call, account: str) -> Registration | None:
    """Return the account's one registration, if there is one."""
    return next(iter(listing(call, account)), None)


def register(
    call: Call,
    *,
    account: str,
    url: str,
    service: str | None = None,
    username: str | None = None,
    password: str | None = None,
    headers: Pairs = (),
) -> Registration:
    """Register, in place of the account's earlier registration for the service.

    An API with a single service implies it.
    """
    registration = Registration(
        call.family.name,
        account,
        service or call.family.services[0],
        url,
        username,
        password,
        call.now,
        headers,
        new_secret() if call.family.signed else None,
    )
    if call.settings.registration_rules == "enforced":
        for rule in call.family.registration_rules:
            rule.check(registration)
    call.state.registry.register(registration)
    return registration


def deregister(
    call: Call, account: str, service: str | None = None
) -> Registration | Mapping[str, str]:
    """Remove a registration and return it; where there was none, name it.

    Raises:
        NotRegistered: There is none, and ``deregister_missing`` refuses that.
    """
    service = service or call.family.services[0]
    key = (call.family.name, account, service)
    gone = call.state.registry.deregister(*key)
    call.state.dispatcher.cancel([key])
    if gone is None and call.settings.deregister_missing == "error":
        raise NotRegistered(
            f"account {account} has no registration for {service}; the setting "
            "deregister_missing=ok answers this with success"
        )
    return gone or {"account": account, "service": service}
