"""What a request that nothing serves was probably meant for."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

from mockthingspace.family import Family

_ACCOUNT = re.compile(r"(?<![0-9])[0-9]{10}-[0-9]{5}(?![0-9])")
_LONGEST = 200
_SAME_METHOD = 0.3


def account_in(path: str) -> str | None:
    """Return the account a path speaks of, if one stands in it."""
    found = _ACCOUNT.search(path)
    return found[0] if found else None


def nearest_operation(families: Iterable[Family], method: str, path: str) -> str:
    """Describe the operation whose method and path are most like these."""
    account = account_in(path) or "<account>"

    def likeness(candidate: tuple[str, str, str]) -> float:
        served = candidate[1].replace("<account>", account)
        alike = SequenceMatcher(None, path[:_LONGEST], served, autojunk=False).ratio()
        return alike + (_SAME_METHOD if candidate[0] == method else 0)

    nearest = max(
        (
            (operation.method, family.prefix + operation.rule, operation.name)
            for family in families
            for operation in family.operations
        ),
        key=likeness,
    )
    template = nearest[1].replace("<", "{").replace(">", "}")
    return f"{nearest[0]} {template} ({nearest[2]})"
