"""What an action is declared in: its devices, its members, what messages repeat."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from marshmallow import ValidationError

from mockthingspace.apis import APIS
from mockthingspace.core.exceptions import (
    InvalidDevice,
    InvalidDeviceKind,
    MissingDevices,
    TooManyDevices,
)
from mockthingspace.spec.actions import Action, Member, echoes
from mockthingspace.spec.devices import (
    KINDS,
    MOST_DEVICES,
    DeviceIds,
    Devices,
    DevicesOrIds,
    LabelledDevices,
    OneDevice,
    SingleDevice,
)

from ..rows import each

ID = {"id": "1", "kind": "imei"}
EVENTS = {event.name: event for api in APIS for event in api.events}


def test_an_outcome_has_its_events() -> None:
    """One that fails sends others than one that succeeds."""
    action = Action(("done", "again"), ("failed",))

    assert action.events("success") == ("done", "again")
    assert action.events("failure") == ("failed",)


def test_devices_are_read_in_their_order() -> None:
    """A device is its identifiers, however many."""
    given = [{"deviceIds": [ID, {"id": "2", "kind": "ICCID"}]}, {"deviceIds": [ID]}]

    assert Devices().deserialize(given) == (
        (("1", "imei"), ("2", "ICCID")),
        (("1", "imei"),),
    )


def test_identifiers_are_devices_of_their_own_or_all_of_one() -> None:
    """How an operation names devices is the field's."""
    given = [ID, {"id": "2", "kind": "mdn"}]

    assert DeviceIds().deserialize(given) == ((("1", "imei"),), (("2", "mdn"),))
    assert OneDevice().deserialize(given) == ((("1", "imei"), ("2", "mdn")),)
    assert OneDevice().deserialize([]) == ()


def test_identifiers_may_have_another_name() -> None:
    """Where models of the SDK differ."""
    given = [{"deviceIds": [ID]}, {"ids": [ID]}]

    assert DevicesOrIds().deserialize(given) == ((("1", "imei"),),) * 2
    with pytest.raises(ValidationError):
        Devices().deserialize(given)


def test_a_device_may_stand_alone() -> None:
    """Where an operation is of one device, or where labels are set."""
    assert SingleDevice().deserialize(ID) == ((("1", "imei"),),)
    labelled = {"devices": [{"deviceIds": [ID]}], "label": []}
    assert LabelledDevices().deserialize(labelled) == ((("1", "imei"),),)


@each(
    ("value", "refusal"),
    [
        (None, MissingDevices),
        ([], MissingDevices),
        ({}, MissingDevices),
        ({"devices": []}, MissingDevices),
        ({"devices": {}}, InvalidDevice),
        ({"devices": [{"deviceIds": [{**ID, "kind": "x"}]}]}, InvalidDeviceKind),
        ({"devices": [{}] * (MOST_DEVICES + 1)}, TooManyDevices),
    ],
    ids=lambda value: f"{value!r:.60}",
)
def test_labelled_devices_are_refused_as_others(
    value: Any, refusal: type[Exception]
) -> None:
    """Which refusal it is depends on what is inside."""
    assert LabelledDevices().refusal_of(value) is refusal


@each("kind", [*KINDS, *map(str.upper, KINDS)])
def test_a_kind_is_taken_in_any_capitals(kind: str) -> None:
    """The SDK's examples have both, and it is kept as it came."""
    [device] = DeviceIds().deserialize([{"id": "1", "kind": kind}])

    assert device == (("1", kind),)


def nested(levels: int) -> Any:
    """Return an array in an array, and so on."""
    return [nested(levels - 1)] if levels else []


BAD: list[tuple[Any, type[Exception], str]] = [
    (None, MissingDevices, "must be an array"),
    ({}, InvalidDevice, "must be an array"),
    ("1", InvalidDevice, "must be an array"),
    (5, InvalidDevice, "must be an array"),
    ([None], InvalidDevice, 'must have {"deviceIds": [...]} as items'),
    ([[]], InvalidDevice, 'must have {"deviceIds": [...]} as items'),
    ([{}], InvalidDevice, 'must have {"deviceIds": [...]} as items'),
    ([ID], InvalidDevice, 'must have {"deviceIds": [...]} as items'),
    ([{"deviceIds": ID}], InvalidDevice, 'must have {"deviceIds": [...]} as items'),
    ([{"deviceIds": []}], InvalidDevice, "must have an identifier for each device"),
    ([{"deviceIds": ["1"]}], InvalidDevice, "as identifiers"),
    ([{"deviceIds": [{"id": "1"}]}], InvalidDevice, "as identifiers"),
    ([{"deviceIds": [{"kind": "imei"}]}], InvalidDevice, "as identifiers"),
    ([{"deviceIds": [{"id": 1, "kind": "imei"}]}], InvalidDevice, "as identifiers"),
    ([{"deviceIds": [{"id": "", "kind": "imei"}]}], InvalidDevice, "as identifiers"),
    ([{"deviceIds": [{"id": "1", "kind": []}]}], InvalidDevice, "as identifiers"),
    (
        [{"deviceIds": [{"id": "1", "kind": "x"}]}],
        InvalidDeviceKind,
        "of a known kind, not",
    ),
    (
        [{"deviceIds": [{"id": "1", "kind": ""}]}],
        InvalidDeviceKind,
        "of a known kind, not",
    ),
    ([{"deviceIds": [{**ID, "id": "\0"}]}], InvalidDevice, "must not hold a NUL"),
    ([{"deviceIds": [{**ID, "id": "\ud800"}]}], InvalidDevice, "half a surrogate pair"),
    (nested(900), InvalidDevice, 'must have {"deviceIds": [...]} as items'),
    (
        [{"deviceIds": [ID]}] * (MOST_DEVICES + 1),
        TooManyDevices,
        "must have at most 10,000 devices",
    ),
]


@each(("value", "refusal", "reason"), BAD, ids=lambda value: f"{value!r:.60}")
def test_devices_that_cannot_be_read_are_refused(
    value: Any, refusal: type[Exception], reason: str
) -> None:
    """The reason says what is wrong, and which refusal it is depends on that."""
    with pytest.raises(ValidationError) as caught:
        Devices().deserialize(value)

    assert reason in str(caught.value)
    assert Devices().refusal_of(value) is refusal


@each(
    "value",
    [value for value, _, reason in BAD if "surrogate" not in reason],
    ids=lambda value: f"{value!r:.60}",
)
def test_devices_are_described_as_they_are_taken(value: Any) -> None:
    """What cannot be read is not described, but for what JSON Schema cannot say."""
    described = Draft202012Validator(Devices().described(""))

    assert described.is_valid([{"deviceIds": [ID, {"id": "ü", "kind": "ICCID"}]}])
    assert Draft202012Validator(DeviceIds().described("")).is_valid([ID])
    assert not described.is_valid(value)


def test_the_refusals_of_devices_are_told() -> None:
    """What the description has is all there is."""
    assert {refusal for _, refusal, _ in BAD} == set(Devices.refusals)


@each(
    ("example", "value", "reason"),
    [
        ({}, [], "must be an object"),
        ([], {}, "must be an array"),
        ("", 5, "must be a string"),
        (True, "true", "must be a boolean"),
        ({}, None, "must be an object"),
    ],
)
def test_a_member_is_of_its_examples_type(
    example: Any, value: Any, reason: str
) -> None:
    """Another is refused, and the reason names the type."""
    with pytest.raises(ValidationError, match=reason):
        Member(example).deserialize(value)


@each("value", [None, True, 1.5, "text", [1], {"a": [{}]}])
def test_a_member_without_an_example_is_anything(value: Any) -> None:
    """The server does nothing with it, so it takes what comes."""
    assert Member().deserialize(value) == value
    assert Member().described("") == {}


def test_a_member_that_is_nested_too_deeply_is_refused() -> None:
    """A message that repeats it could not be made."""
    value: Any = 1
    for _ in range(50):
        value = [value]

    assert Member().deserialize(value[0]) == value[0]
    with pytest.raises(ValidationError, match="nested at most 50 deep"):
        Member().deserialize(value)


def test_a_message_repeats_what_it_has_of_a_request() -> None:
    """Values go where their keys are, at any depth; no type is changed."""
    event = EVENTS["CarrierService.activate"]
    given = {"servicePlan": "mine", "requestId": "r", "state": 5, "unknown": "x"}

    assert echoes(event, given) == {
        "requestId": "r",
        "deviceResponse.activateResponse.servicePlan": "mine",
    }
