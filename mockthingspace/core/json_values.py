"""Values of JSON, whatever they mean."""

from collections.abc import Callable, Iterator
from typing import Any

DEEPEST = 100
_TYPES = {
    dict: "an object",
    list: "an array",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}


def type_name(value: Any) -> str:
    """Name the type that JSON has a value as: ``an object``."""
    return _TYPES[type(value)]


def is_deeper(value: Any, most: int) -> bool:
    """Say whether a JSON value is nested deeper than so many levels."""
    level = [value]
    for _ in range(most):
        level = [below for item in level for below in _items(item)]
        if not level:
            return False
    return True


def _items(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Return the values that hold no others, each with its path: ``list.0.name``.

    An empty array or object is one of them, unless it is the whole value.
    """
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for step, below in pairs:
        where = f"{path}.{step}" if path else str(step)
        if isinstance(below, dict | list) and below:
            yield from leaves(below, where)
        else:
            yield where, below


def map_leaves(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return a value with each that is neither array nor object changed."""
    if isinstance(value, dict):
        return {key: map_leaves(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [map_leaves(item, change) for item in value]
    return change(value)


def map_objects(value: Any, change: Callable[[dict[str, Any]], Any]) -> Any:
    """Return a value with each object changed, those inside one before it."""
    if isinstance(value, list):
        return [map_objects(item, change) for item in value]
    if not isinstance(value, dict):
        return value
    return change({key: map_objects(item, change) for key, item in value.items()})
