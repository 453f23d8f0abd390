"""What a request that nothing serves was probably meant for."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import cache

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


def nearest_operation(apis: Iterable[Api], method: str, path: str) -> str:
    """Describe the operation whose method and path are most like these."""
    account = account_in(path) or "<account>"

    def likeness(near: tuple[Api, Operation]) -> float:
        api, operation = near
        served = (api.prefix + operation.rule).replace("<account>", account)
        alike = SequenceMatcher(None, path[:_LONGEST], served, autojunk=False).ratio()
        alike += _SAME_METHOD if operation.method == method else 0
        return alike + (_SAME_PREFIX if path.startswith(f"{api.prefix}/") else 0)

    every = ((api, operation) for api in apis for operation in api.operations)
    api, operation = max(every, key=likeness)
    template = (api.prefix + operation.rule).replace("<", "{").replace(">", "}")
    return f"{operation.method} {template} ({operation.name})"


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
