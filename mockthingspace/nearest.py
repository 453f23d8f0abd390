"""What a request that nothing serves was probably meant for."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

from mockthingspace.family import Family, Operation
from mockthingspace.model import ACCOUNTS

_ACCOUNT = re.compile(
    rf"(?<![0-9])(?:{'|'.join(one.pattern for one in ACCOUNTS)})(?![0-9])"
)
_LONGEST = 200
_SAME_METHOD = 0.3
_SAME_PREFIX = 0.2


def account_in(path: str) -> str | None:
    """Return the account a path speaks of, if one stands in it."""
    found = _ACCOUNT.search(path)
    return found[0] if found else None


def nearest_operation(families: Iterable[Family], method: str, path: str) -> str:
    """Describe the operation whose method and path are most like these."""
    account = account_in(path) or "<account>"

    def likeness(candidate: tuple[Family, Operation]) -> float:
        family, operation = candidate
        served = (family.prefix + operation.rule).replace("<account>", account)
        alike = SequenceMatcher(None, path[:_LONGEST], served, autojunk=False).ratio()
        return (
            alike
            + (_SAME_METHOD if operation.method == method else 0)
            + (_SAME_PREFIX if path.startswith(f"{family.prefix}/") else 0)
        )

    family, nearest = max(
        ((family, one) for family in families for one in family.operations),
        key=likeness,
    )
    template = (family.prefix + nearest.rule).replace("<", "{").replace(">", "}")
    return f"{nearest.method} {template} ({nearest.name})"
