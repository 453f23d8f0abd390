"""Actions: operations whose outcome comes later, as callback messages.

ThingSpace accepts such a request with an id, works, and sends messages that carry
the id. Here nothing is done to any device: an action is the messages it ends with.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from marshmallow import ValidationError, fields

from mockthingspace.core.exceptions import (
    InvalidDevice,
    InvalidDeviceKind,
    MissingDevices,
    MissingField,
    ThingSpaceError,
    TooManyDevices,
)
from mockthingspace.core.json_values import DEEPEST, is_deeper
from mockthingspace.core.models import Device
from mockthingspace.spec.events import Event, paths
from mockthingspace.spec.fields import Text

MOST_DEVICES = 10_000
DEEPEST_MEMBER = DEEPEST // 2  # a message that repeats one is within DEEPEST
JSON_TYPES = {str: "string", list: "array", dict: "object", bool: "boolean"}
KINDS = ("eid", "esn", "iccid", "imei", "mdn", "meid", "min", "msisdn")

_TEXT = Text()
IDENTIFIER: Mapping[str, Any] = {  # in JSON Schema
    "type": "object",
    "required": ["id", "kind"],
    "properties": {
        "id": {"type": "string", "minLength": 1, "pattern": _TEXT.pattern("")},
        "kind": {"enum": [*KINDS, *map(str.upper, KINDS)]},  # or in any capitals
    },
}


@dataclass(frozen=True, slots=True)
class Action:
    """What an operation ends with.

    Args:
        success: The events that are sent for each device where it succeeds, in order.
        failure: Those where it fails.
        groups: The keys of a body that name devices otherwise, such as a group's
            name; where one is there, no device need be.
    """

    success: tuple[str, ...]
    failure: tuple[str, ...]
    groups: tuple[str, ...] = ()

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
    for path in paths(event.document):
        above, _, key = path.rpartition(".")
        inside = any(f"{above}.".startswith(f"{other}.") for other in found)
        if key in values and not inside and _alike(event.document, path, values[key]):
            found[path] = values[key]
    return found


def _alike(document: Mapping[str, Any], path: str, value: Any) -> bool:
    """Say whether a value is of the type of what stands at a path."""
    place: Any = document
    for step in path.split("."):
        place = place[int(step) if isinstance(place, list) else step]
    return isinstance(place, type(value))


class Member(fields.Raw):
    """A member of a body that the server takes and does nothing with.

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
    article = "an" if json_type[:1] in ("a", "o") else "a"
    return f"must be {article} {json_type}"


def _errors(wanted: str) -> dict[str, Any]:
    return {"required": "is required", "null": wanted}


class Devices(fields.Raw):
    """An array of ``{"deviceIds": [{"id", "kind"}]}``; devices in our terms.

    A device is a tuple of its ids, each ``(id, kind)``.
    """

    refusal: type[ThingSpaceError] = InvalidDevice
    absent = MissingDevices
    secret = False
    refusals = (MissingDevices, InvalidDevice, InvalidDeviceKind, TooManyDevices)
    example: ClassVar[Any] = [
        {"deviceIds": [{"id": "990013907835573", "kind": "imei"}]}
    ]
    items: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["deviceIds"],
        "properties": {
            "deviceIds": {"type": "array", "minItems": 1, "items": IDENTIFIER}
        },
    }

    def __init__(self, **kwargs: Any) -> None:
        metadata, errors = {"example": self.example}, _errors(_wanted("array"))
        super().__init__(metadata=metadata, error_messages=errors, **kwargs)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[Device, ...]:
        if not isinstance(value, list):
            raise ValidationError(_wanted("array"))
        if len(value) > MOST_DEVICES:
            raise ValidationError(f"must have at most {MOST_DEVICES:,} devices")
        return tuple(self.devices(value))

    def devices(self, value: list[Any]) -> Iterator[Device]:
        """Return the devices of the array."""
        for item in value:
            if not isinstance(item, dict) or not isinstance(
                item.get("deviceIds"), list
            ):
                raise ValidationError('must have {"deviceIds": [...]} as items')
            yield _device(item["deviceIds"])

    def refusal_of(self, value: object) -> type[ThingSpaceError]:
        """Say how devices that will not do are refused."""
        if value is None or value == []:
            return self.absent
        if isinstance(value, list) and len(value) > MOST_DEVICES:
            return TooManyDevices
        return InvalidDeviceKind if _has_odd_kind(value) else self.refusal

    def described(self, _: str) -> dict[str, Any]:
        """Say in JSON Schema what it takes."""
        return {"type": "array", "maxItems": MOST_DEVICES, "items": self.items}


class DeviceIds(Devices):
    """An array of ``{"id", "kind"}``, each of a device of its own."""

    example: ClassVar[Any] = Devices.example[0]["deviceIds"]
    items: ClassVar[Mapping[str, Any]] = IDENTIFIER

    def devices(self, value: list[Any]) -> Iterator[Device]:
        """Return the devices of the array."""
        return (_device([item]) for item in value)


class OneDevice(DeviceIds):
    """An array of ``{"id", "kind"}``, all of one device."""

    def devices(self, value: list[Any]) -> Iterator[Device]:
        """Return the device, if it has an id."""
        return iter([_device(value)] if value else [])


def _device(ids: list[Any]) -> Device:
    if not ids:
        raise ValidationError("must have an identifier for each device")
    return tuple(_identifier(item) for item in ids)


def _identifier(item: Any) -> tuple[str, str]:
    given = item if isinstance(item, dict) else {}
    identity, kind = given.get("id"), given.get("kind")
    if not (isinstance(identity, str) and identity and isinstance(kind, str)):
        raise ValidationError('must have {"id": "...", "kind": "..."} as identifiers')
    if kind.lower() not in KINDS:
        raise ValidationError(f"must have identifiers of a kind: {', '.join(KINDS)}")
    text: str = _TEXT.deserialize(identity)
    return text, kind


def _has_odd_kind(value: Any) -> bool:
    """Say whether any identifier in it has text as its kind that is none."""
    if isinstance(value, list):
        return any(map(_has_odd_kind, value))
    if not isinstance(value, dict):
        return False
    kind = value.get("kind")
    odd = isinstance(kind, str) and kind.lower() not in KINDS
    return odd or _has_odd_kind(value.get("deviceIds"))


class Capitalized(fields.Raw):
    """A word of ours as ThingSpace spells it: ``Pending``, ``Success``, ``Failure``."""

    def _serialize(self, value: Any, *_: Any, **__: Any) -> str:
        return str(value).capitalize()


class Subscribers(Devices):
    """An array of ``{"id", "kind", "mdn"?}``, each of a device of its own."""

    example: ClassVar[Any] = [
        {"id": "990013907835573", "kind": "imei", "mdn": "7892345678"}
    ]
    items: ClassVar[Mapping[str, Any]] = DeviceIds.items

    def devices(self, value: list[Any]) -> Iterator[Device]:
        """Return the devices of the array."""
        if not value:
            raise ValidationError("must have a device")
        for item in value:
            mdn = item.get("mdn") if isinstance(item, dict) else None
            more = [{"id": mdn, "kind": "mdn"}] if mdn is not None else []
            yield _device([item, *more])

    @staticmethod
    def msid(device: Device) -> str:
        """Return what a message calls a device: its MDN, or its first identifier."""
        mdns = [identity for identity, kind in device if kind.lower() == "mdn"]
        return mdns[0] if mdns else device[0][0]


class Imeis(Devices):
    """An array of IMEIs, each of a device of its own."""

    example: ClassVar[Any] = ["990013907835573"]
    items: ClassVar[Mapping[str, Any]] = {"type": "string"}

    def devices(self, value: list[Any]) -> Iterator[Device]:
        """Return the devices of the array."""
        if not value:
            raise ValidationError("must have a device")
        for imei in value:
            if not isinstance(imei, str):
                raise ValidationError("must have IMEIs, as strings")
            yield ((imei, "imei"),)

    @staticmethod
    def is_imei(text: str) -> bool:
        """Say whether text can be an IMEI: 14 to 16 digits."""
        return text.isascii() and text.isdigit() and len(text) in range(14, 17)


class Day(Text):
    """A day, such as ``2024-01-31``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"example": "2099-04-01"}, **kwargs)

    def check(self, text: str) -> None:
        """Hold it to a day that there is."""
        try:
            if date.fromisoformat(text).isoformat() == text:
                return
        except ValueError:
            pass
        raise ValidationError("must be a day, such as 2024-01-31")

    def pattern(self, _: str) -> str:
        """Return what matches a day of any month."""
        return "^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])$"
