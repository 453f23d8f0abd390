"""Actions: operations whose outcome comes later, as callback messages.

ThingSpace accepts such a request with an id, works, and sends messages that carry
the id. Here nothing is done to any device: an action is the messages it ends with.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, fields

from mockthingspace.core.exceptions import MissingField, ThingSpaceError
from mockthingspace.core.json_values import DEEPEST, is_deeper
from mockthingspace.spec.events import Event

DEEPEST_MEMBER = DEEPEST // 2  # a message that repeats one is within DEEPEST
JSON_TYPES = {
    str: "string",
    list: "array",
    dict: "object",
    bool: "boolean",
    int: "integer",
}


@dataclass(frozen=True, slots=True)
class Action:
    """What an operation ends with.

    Args:
        success: The events that are sent for each device where it succeeds, in order.
        failure: Those where it fails.
        groups: The keys of a body that name devices otherwise, such as a group's
            name; where one is there, no device need be.
        resume: Goes on in a state with a pending action that a seed has, by its API
            and itself; None where a seed may have none.
    """

    success: tuple[str, ...]
    failure: tuple[str, ...]
    groups: tuple[str, ...] = ()
    resume: Callable[..., None] | None = None

    def events(self, outcome: str) -> tuple[str, ...]:
        """Return the events of an outcome, ``success`` or ``failure``."""
        return self.success if outcome == "success" else self.failure


def echoes(event: Event, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return overrides that put values of a request where its message repeats them.

    Args:
        event: The message.
        values: The values by key; each replaces those of its key, at any depth, that
            are of its type.
    """
    found: dict[str, Any] = {}
    for path, key, value in event.places:
        inside = any(path.startswith(f"{above}.") for above in found)
        if key in values and isinstance(value, type(values[key])) and not inside:
            found[path] = values[key]
    return found


class Member(fields.Raw):
    """A member of a document, held to its JSON type and otherwise taken as it is.

    Args:
        example: One value; the member must be of its JSON type. None: of any.
    """

    refusal = absent = MissingField
    secret = False

    def __init__(self, example: Any = None, **kwargs: Any) -> None:
        self.example = example
        self._type = JSON_TYPES.get(type(example), "")
        super().__init__(
            metadata={"example": example},
            allow_none=example is None,
            error_messages=_errors(_wanted(self._type)),
            **kwargs,
        )

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if self._type and JSON_TYPES.get(type(value)) != self._type:
            raise ValidationError(_wanted(self._type))
        if is_deeper(value, DEEPEST_MEMBER):
            raise ValidationError(f"must be nested at most {DEEPEST_MEMBER} deep")
        return value

    def refusal_of(self, _: object) -> type[ThingSpaceError]:
        """Say how a value that will not do is refused."""
        return self.refusal

    def described(self, _: str) -> dict[str, Any]:
        """Say in JSON Schema what it takes."""
        return {"type": self._type} if self._type else {}


def _wanted(json_type: str) -> str:
    article = "an" if json_type[:1] in ("a", "i", "o") else "a"
    return f"must be {article} {json_type}"


def _errors(wanted: str) -> dict[str, Any]:
    return {"required": "is required", "null": wanted}


class Capitalized(fields.Raw):
    """A word of ours as ThingSpace spells it: ``Pending``, ``Success``, ``Failure``."""

    def _serialize(self, value: Any, *_: Any, **__: Any) -> str:
        return str(value).capitalize()
