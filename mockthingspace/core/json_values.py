"""Values of JSON, whatever they mean."""

from typing import Any

DEEPEST = 100


def is_deeper(value: Any, most: int) -> bool:
    """Say whether a JSON value is nested deeper than so many levels."""
    level = [value]
    for _ in range(most):
        level = [below for one in level for below in _items(one)]
        if not level:
            return False
    return True


def _items(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
