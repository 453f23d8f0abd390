"""The part of the handle that registers, and asks what was requested."""

from collections.abc import Mapping
from typing import Any

from mockthingspace.client.models import RecordedExchange, exchange, registration
from mockthingspace.client.transport import AdminCaller
from mockthingspace.core.matching.failure_reports import unmet
from mockthingspace.core.models import Registration

__tracebackhide__ = True  # in every frame of this module, for pytest


class RequestsHandle(AdminCaller):
    """What a handle does with registrations and the journal."""

    def register(
        self,
        account: str,
        url: str,
        *,
        family: str | None = None,
        service: str | None = None,
        username: str | None = None,
        password: str | None = None,
        headers: Mapping[str, str] | None = None,
        secret: str | None = None,
    ) -> Registration:
        """Register a listener directly, bypassing the API; replaces an earlier one.

        Args:
            account: The account, such as ``0242078689-00001``.
            url: Where the listener is.
            family: The API it is registered with; if not given, the first that
                has the service, or ``fota-v1``.
            service: The callback service; may be left out where there is one.
            username: Sent in each message, if given.
            password: Sent in each message, if given.
            headers: Sent with each message, if given.
            secret: What messages are signed with, where the API signs; made
                up if not given.

        Returns:
            The registration; its ``secret`` is what ``verify`` takes.

        Raises:
            AdminError: Something in it cannot be used; the message says what.
        """
        if family is None and service is None:
            family = "fota-v1"
        body = {
            "account": account,
            "url": url,
            "service": service,
            "username": username,
            "password": password,
            "headers": headers and dict(headers),
            "secret": secret,
        }
        if family is not None:
            body["family"] = family
        return registration(self.admin.ask("POST", "/registrations", body))

    def registrations(
        self,
        account: str | None = None,
        family: str | None = None,
        service: str | None = None,
    ) -> list[Registration]:
        """Return the registrations that match what is given."""
        found = self._of(account, "/registrations", family=family, service=service)
        return [registration(item) for item in found["registrations"]]

    def requests(
        self,
        account: str | None = None,
        *,
        family: str | None = None,
        operation: str | None = None,
        status: int | None = None,
        since: int | None = None,
        limit: int | None = None,
    ) -> list[RecordedExchange]:
        """Return the exchanges that match what is given, oldest first.

        Args:
            account: The account they were about.
            family: The API that answered, such as ``fota-v1``.
            operation: The operation of it, such as ``register``.
            status: The HTTP status of the reply.
            since: Only those numbered above this ``seq``.
            limit: Only the last so many.
        """
        found = self._of(
            account,
            "/requests",
            family=family,
            operation=operation,
            status=status,
            since=since,
            limit=limit,
        )
        return [exchange(item) for item in found["requests"]]

    def assert_requested(
        self,
        operation: str | None = None,
        *,
        count: int | None = None,
        account: str | None = None,
        family: str | None = None,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | str | None = None,
        since: int = 0,
    ) -> list[RecordedExchange]:
        """Assert that a request was made, and return those that match.

        Args:
            operation: The operation, such as ``register``.
            count: How many there must be; None for one or more.
            account: The account it was about.
            family: The API that answered.
            method: The HTTP method.
            path: The path, without the query.
            status: The HTTP status of the reply.
            headers: Header values it must have had.
            body: The text of its body, or fields its JSON object must have had.
            since: Only requests numbered above this ``seq`` count.

        Raises:
            AssertionError: There was none, or not that many; the message says
                what was expected, how the three nearest requests differ, and the
                command that makes each again.
        """
        if isinstance(body, str):
            patterns: list[Any] | None = [{"equalTo": body}]
        elif body is not None:
            patterns = [{"equalToJson": dict(body), "ignoreExtraElements": True}]
        else:
            patterns = None
        wanted = {
            "operation": operation,
            "account": account or self._account,
            "family": family,
            "method": method,
            "urlPath": path,
            "status": status,
            "headers": {
                name: {"equalTo": value} for name, value in (headers or {}).items()
            },
            "bodyPatterns": patterns,
        }
        pattern = {key: value for key, value in wanted.items() if value}
        pattern["since"] = since
        found = self.admin.ask("POST", "/requests/find", pattern)
        exchanges = [exchange(item) for item in found["requests"]]
        if len(exchanges) != count if count is not None else not exchanges:
            near = self.admin.ask("POST", "/near-misses/request-pattern", pattern)
            raise AssertionError(unmet(pattern, count, found, near))
        return exchanges

    def assert_not_requested(self, operation: str | None = None, **wanted: Any) -> None:
        """Assert that no request that matches was made.

        Args:
            operation: The operation, such as ``register``.
            **wanted: As for ``assert_requested``, without ``count``.

        Raises:
            AssertionError: One was; the message shows those that match, and the
                command that makes each again.
        """
        self.assert_requested(operation, count=0, **wanted)
