"""What a request that nothing serves was probably meant for."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import cache
from typing import NamedTuple

from mockthingspace.apis.documents import published_operations
from mockthingspace.core.models import ACCOUNTS
from mockthingspace.spec.api import Api, Operation

_ACCOUNT = re.compile(
    rf"(?<![0-9])(?:{'|'.join(spelling.pattern for spelling in ACCOUNTS)})(?![0-9])"
)
_PARAMETER = re.compile(r"\{\w+\}")
_LONGEST = 200
_SAME_METHOD = 0.3
_SAME_PREFIX = 0.2
_MOST_ALIKE = 1 + _SAME_METHOD + _SAME_PREFIX


def account_in(path: str) -> str | None:
    """Return the account a path speaks of, if one stands in it."""
    found = _ACCOUNT.search(path)
    return found[0] if found else None


def service_elsewhere(apis: Iterable[Api], reason: str) -> str | None:
    """Say whose a service is that a reason has refused, if it is another API's."""
    return next(
        (
            f"{service} is of {api.name}"
            for api in apis
            for service in api.services
            if "must be one of" in reason and f"(got: {service!r})" in reason
        ),
        None,
    )


class NearOperation(NamedTuple):
    """An operation, where it would be served, and how far off it is (0 to 1)."""

    family: Api
    operation: Operation
    path: str
    distance: float

    @property
    def template(self) -> str:
        """The path with its parameters in braces."""
        rule = self.family.prefix + self.operation.rule
        return rule.replace("<", "{").replace(">", "}")


def nearest_operations(
    apis: Iterable[Api], method: str, path: str
) -> list[NearOperation]:
    """Return the operations, those whose method and path are most like these first."""
    account = account_in(path) or "<account>"

    def near(api: Api, operation: Operation) -> NearOperation:
        served = (api.prefix + operation.rule).replace("<account>", account)
        alike = SequenceMatcher(None, path[:_LONGEST], served, autojunk=False).ratio()
        alike += _SAME_METHOD if operation.method == method else 0
        alike += _SAME_PREFIX if path.startswith(f"{api.prefix}/") else 0
        return NearOperation(api, operation, served, 1 - alike / _MOST_ALIKE)

    every = (near(api, operation) for api in apis for operation in api.operations)
    return sorted(every, key=lambda item: item.distance)


def nearest_operation(apis: Iterable[Api], method: str, path: str) -> str:
    """Describe the operation whose method and path are most like these."""
    nearest = nearest_operations(apis, method, path)[0]
    operation = nearest.operation
    return f"{operation.method} {nearest.template} ({operation.name})"


def published_operation(method: str, path: str) -> str | None:
    """Describe the operation of ThingSpace's that has this method and path, if any."""
    asked = f"{method} {path}"
    return next((says for has, says in _published() if has.fullmatch(asked)), None)


@cache
def _published() -> list[tuple[re.Pattern[str], str]]:
    """Return what matches each operation's requests, the most specific first."""
    operations = sorted(
        published_operations().items(), key=lambda item: _vague(item[1])
    )
    return [
        (
            re.compile("[^/]+".join(map(re.escape, _PARAMETER.split(sent)))),
            f"{name} ({sent})",
        )
        for name, sent in operations
    ]


def _vague(sent: str) -> int:
    return len(_PARAMETER.findall(sent))
