"""The devices that a body names: what an array of them is, and how it is refused.

A device is a tuple of its identifiers, each ``(id, kind)``.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, ClassVar

from marshmallow import ValidationError, fields

from mockthingspace.core.exceptions import (
    InvalidDevice,
    InvalidDeviceKind,
    MissingDevices,
    ThingSpaceError,
    TooManyDevices,
    did_you_mean,
)
from mockthingspace.core.models import Device
from mockthingspace.spec.fields import Text

MOST_DEVICES = 10_000
LONGEST_KIND = 20  # that is quoted
EXAMPLE_IMEI = "990013907835573"
KINDS = ("eid", "esn", "iccid", "imei", "mdn", "meid", "min", "msisdn")
ARRAY = "must be an array"

_IMEI = re.compile("[0-9]{14,16}")
_TEXT = Text()
IDENTIFIER: Mapping[str, Any] = {  # in JSON Schema
    "type": "object",
    "required": ["id", "kind"],
    "properties": {
        "id": {"type": "string", "minLength": 1, "pattern": _TEXT.pattern("")},
        "kind": {"enum": [*KINDS, *map(str.upper, KINDS)]},  # or in any capitals
    },
}


def identifiers(device: Device) -> list[dict[str, str]]:
    """Spell a device as ThingSpace does."""
    return [{"id": identity, "kind": kind} for identity, kind in device]


def _item(key: str) -> dict[str, Any]:
    """Describe a device that has its identifiers under a key."""
    ids = {"type": "array", "minItems": 1, "items": IDENTIFIER}
    return {"type": "object", "required": [key], "properties": {key: ids}}


class Devices(fields.Raw):
    """An array of ``{"deviceIds": [{"id", "kind"}]}``."""

    refusal: type[ThingSpaceError] = InvalidDevice
    absent = MissingDevices
    secret = False
    refusals = (MissingDevices, InvalidDevice, InvalidDeviceKind, TooManyDevices)
    example: ClassVar[Any] = [{"deviceIds": [{"id": EXAMPLE_IMEI, "kind": "imei"}]}]
    items: ClassVar[Mapping[str, Any]] = _item("deviceIds")
    keys: ClassVar[tuple[str, ...]] = ("deviceIds",)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            metadata={"example": self.example},
            error_messages={"required": "is required", "null": ARRAY},
            **kwargs,
        )

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[Device, ...]:
        if not isinstance(value, list):
            raise ValidationError(ARRAY)
        if len(value) > MOST_DEVICES:
            raise ValidationError(f"must have at most {MOST_DEVICES:,} devices")
        return tuple(self.devices(value))

    def devices(self, value: list[Any]) -> Iterator[Device]:
        """Return the devices of the array."""
        for item in value:
            given = item if isinstance(item, dict) else {}
            ids = next((given[key] for key in self.keys if key in given), None)
            if not isinstance(ids, list):
                raise ValidationError('must have {"deviceIds": [...]} as items')
            yield _device(ids)

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


class DevicesOrIds(Devices):
    """An array of ``{"deviceIds": [{"id", "kind"}]}`` or ``{"ids": [...]}``."""

    items: ClassVar[Mapping[str, Any]] = {"anyOf": [_item("deviceIds"), _item("ids")]}
    keys: ClassVar[tuple[str, ...]] = ("deviceIds", "ids")


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


class SingleDevice(DeviceIds):
    """``{"id", "kind"}``, one device."""

    example: ClassVar[Any] = DeviceIds.example[0]

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> tuple[Device, ...]:
        return super()._deserialize([value], *args, **kwargs)

    def described(self, _: str) -> dict[str, Any]:
        """Say in JSON Schema what it takes."""
        return dict(self.items)


class LabelledDevices(Devices):
    """``{"devices": [{"deviceIds": [{"id", "kind"}]}], "label": [...]}``."""

    example: ClassVar[Any] = {
        "devices": Devices.example,
        "label": [{"name": "fleet", "value": "blue"}],
    }

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> tuple[Device, ...]:
        return super()._deserialize(_inside(value), *args, **kwargs)

    def refusal_of(self, value: object) -> type[ThingSpaceError]:
        """Say how devices that will not do are refused."""
        return super().refusal_of(_inside(value))

    def described(self, place: str) -> dict[str, Any]:
        """Say in JSON Schema what it takes."""
        devices = super().described(place)
        return {
            "type": "object",
            "required": ["devices"],
            "properties": {"devices": devices},
        }


def _inside(value: object) -> object:
    return value.get("devices") if isinstance(value, dict) else None


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
        raise ValidationError(
            f"must have identifiers of a known kind, not {kind[:LONGEST_KIND]!r}; "
            f"{did_you_mean(kind[:LONGEST_KIND], KINDS)}known: {', '.join(KINDS)}"
        )
    text: str = _TEXT.deserialize(identity)
    return text, kind


def _has_odd_kind(value: object) -> bool:
    """Say whether a device, or an identifier of one, is of an unknown kind."""
    devices = _objects(value)
    ids = [_objects(device.get("deviceIds", device.get("ids"))) for device in devices]
    kinds = [item.get("kind") for item in chain(devices, *ids)]
    return any(isinstance(kind, str) and kind.lower() not in KINDS for kind in kinds)


def _objects(value: object) -> list[dict[str, Any]]:
    """Return the objects of an array, or a lone one; none of anything else."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]


class Subscribers(Devices):
    """An array of ``{"id", "kind", "mdn"?}``, each of a device of its own."""

    example: ClassVar[Any] = [{"id": EXAMPLE_IMEI, "kind": "imei", "mdn": "7892345678"}]
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
    def spelled(device: Device) -> dict[str, str]:
        """Spell a device as a request does."""
        [(identity, kind), *mdns] = device
        return {"id": identity, "kind": kind, **{key: mdn for mdn, key in mdns}}

    @staticmethod
    def msid(device: Device) -> str:
        """Return what a message calls a device: its MDN, or its first identifier."""
        mdns = [identity for identity, kind in device if kind.lower() == "mdn"]
        return mdns[0] if mdns else device[0][0]


class Imeis(Devices):
    """An array of IMEIs, each of a device of its own."""

    example: ClassVar[Any] = [EXAMPLE_IMEI]
    items: ClassVar[Mapping[str, Any]] = {"type": "string"}

    def devices(self, value: list[Any]) -> Iterator[Device]:
        """Return the devices of the array."""
        if not value:
            raise ValidationError("must have a device")
        for imei in value:
            if not isinstance(imei, str):
                raise ValidationError("must have IMEIs, as strings")
            yield ((imei, "imei"),)

    def refusal_of(self, value: object) -> type[ThingSpaceError]:
        """Say how devices that will not do are refused; no array has none."""
        return super().refusal_of(value if isinstance(value, list) else None)

    @staticmethod
    def is_imei(text: str) -> bool:
        """Say whether text can be an IMEI: 14 to 16 digits."""
        return _IMEI.fullmatch(text) is not None


class Imei(Text):
    """A device by its IMEI."""

    refusal = InvalidDevice
    example = EXAMPLE_IMEI

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"example": self.example}, **kwargs)

    def check(self, text: str) -> None:
        """Hold it to an IMEI."""
        if not Imeis.is_imei(text):
            raise ValidationError("must be an IMEI: 14 to 16 digits")

    def pattern(self, _: str) -> str:
        """Return what matches an IMEI."""
        return f"^{_IMEI.pattern}$"


class LastSeen(Imei):
    """The device that was seen last, or 0 before the first."""

    example = "0"

    def check(self, text: str) -> None:
        """Hold it to 0 or an IMEI."""
        if text != "0":
            super().check(text)

    def pattern(self, _: str) -> str:
        """Return what matches either."""
        return f"^(?:0|{_IMEI.pattern})$"


class ImeisOrAll(Imeis):
    """An array of IMEIs; an empty one is all devices that there are."""

    def devices(self, value: list[Any]) -> Iterator[Device]:
        """Return the devices of the array; one without identifiers stands for all."""
        return super().devices(value) if value else iter([()])
