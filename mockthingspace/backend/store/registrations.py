"""Registrations, by API, account and service."""

from collections.abc import Iterable
from threading import Lock

from mockthingspace.core.models import Registration


class Registry:
    """Every registration of one server.

    An account's registrations with an API are one immutable tuple, so a
    reader needs no lock, and a request costs the same whatever the number of
    accounts. At most one per service: registering again replaces it.
    """

    def __init__(self, registrations: Iterable[Registration] = ()) -> None:
        self._lock = Lock()
        self._by_account: dict[tuple[str, str], tuple[Registration, ...]] = {}
        self._copied: Registry | None = None  # since the last change
        for registration in registrations:
            self.register(registration)

    def register(self, registration: Registration) -> None:
        """Add a registration, in place of the one for its service if any."""
        key = (registration.family, registration.account)
        with self._lock:
            self._copied = None
            others = _without(self._by_account.get(key, ()), registration.service)
            self._by_account[key] = (*others, registration)

    def deregister(
        self, family: str, account: str, service: str
    ) -> Registration | None:
        """Remove a registration and return it; None when there was none."""
        key = (family, account)
        with self._lock:
            self._copied = None
            before = self._by_account.get(key, ())
            after = _without(before, service)
            if after:
                self._by_account[key] = after
            else:
                self._by_account.pop(key, None)
        return _of_service(before, service)

    def of(self, family: str, account: str) -> tuple[Registration, ...]:
        """Return an account's registrations with an API, oldest first."""
        return self._by_account.get((family, account), ())

    def find(self, family: str, account: str, service: str) -> Registration | None:
        """Return the registration for a service, if there is one."""
        return _of_service(self.of(family, account), service)

    def every(
        self,
        family: str | None = None,
        account: str | None = None,
        service: str | None = None,
    ) -> list[Registration]:
        """Return the registrations that match what is given."""
        with self._lock:
            groups = list(self._by_account.items())
        return [
            registration
            for key, group in groups
            if family in (None, key[0]) and account in (None, key[1])
            for registration in group
            if service in (None, registration.service)
        ]

    def copy(self) -> "Registry":
        """Return a registry with what is registered now, to be read only.

        It is the same one until something changes.
        """
        with self._lock:
            if self._copied is None:
                self._copied = Registry()
                self._copied._by_account = dict(self._by_account)
            return self._copied

    def remove(
        self,
        family: str | None = None,
        account: str | None = None,
        service: str | None = None,
    ) -> int:
        """Remove the registrations that match what is given; return how many."""
        going = self.every(family, account, service)
        return sum(
            self.deregister(
                registration.family, registration.account, registration.service
            )
            is not None
            for registration in going
        )


def _without(group: tuple[Registration, ...], service: str) -> tuple[Registration, ...]:
    return tuple(
        registration for registration in group if registration.service != service
    )


def _of_service(group: Iterable[Registration], service: str) -> Registration | None:
    return next((item for item in group if item.service == service), None)
