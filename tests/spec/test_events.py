"""What is in each message, where it comes from, and what a user may change."""

import json
from datetime import datetime, timezone
from difflib import SequenceMatcher
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockthingspace.apis import documents
from mockthingspace.core.exceptions import InvalidMessage
from mockthingspace.core.models import Provenance, Registration, assumed, documented
from mockthingspace.spec.events import (
    MOST_COPIED,
    Event,
    checked_message,
    override,
)

from ..rows import each

ACCOUNT = "0242078689-00001"
EVENTS = documents.messages("fota/v1")
NOW = datetime(2024, 1, 1, tzinfo=timezone.utc)
BY_TYPE = {event.name.removeprefix("Fota."): event for event in EVENTS}
HEAD = ["accountName", "participantName", "type", "username", "password"]
ELEMENTS = ["firmwareList", "upgradeScheduled", "upgradeProgress", "upgradeFinished"]
DOCUMENTED = {
    "accountName",
    "type",
    "username",
    "password",
    "firmwareList",
    "upgradeScheduled",
}


def registered(username: str | None = None, password: str | None = None) -> Any:
    """Return a registration with these credentials."""
    url = "http://localhost:9001/"
    return Registration("fota-v1", ACCOUNT, "Fota", url, username, password, NOW)


def own(message: dict[str, Any]) -> Event:
    """Return an event with a message of the user's own."""
    return Event("Own.x", "Fota", "a test's own", message, {"": assumed("a test")})


each_event = each("event", EVENTS, ids=lambda event: event.name)


def test_there_are_the_four_types() -> None:
    """One event for each type that the API documents."""
    assert BY_TYPE.keys() == set(ELEMENTS)


@each_event
def test_every_element_is_in_every_message(event: Event) -> None:
    """A message has all elements, whatever its type."""
    assert list(event.message(registered(), {})) == HEAD + ELEMENTS


@each("kind", ELEMENTS)
def test_what_does_not_apply_is_empty(kind: str) -> None:
    """Only the element that is named like the type is filled."""
    message = BY_TYPE[kind].message(registered(), {})
    assert message["type"] == kind
    assert [name for name in ELEMENTS if message[name]] == [kind]
    empty = [[]] + 3 * [{}]
    assert [message[name] for name in ELEMENTS if name != kind] == [
        item for name, item in zip(ELEMENTS, empty, strict=True) if name != kind
    ]


def test_the_firmware_list_is_as_documented() -> None:
    """An item of the list has the documented fields, in the documented order."""
    [item] = BY_TYPE["firmwareList"].message(registered(), {})["firmwareList"]
    assert list(item) == [
        "firmwareName",
        "participantName",
        "launchDate",
        "releaseNote",
        "model",
        "make",
        "fromVersion",
        "toVersion",
    ]
    assert item["participantName"] == ACCOUNT


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("upgradeScheduled", "Device Accepted"),
        ("upgradeProgress", "UpgradeInProgress"),
        ("upgradeFinished", "UpgradeSuccess"),
    ],
)
def test_an_upgrade_names_firmware_and_devices(kind: str, status: str) -> None:
    """The elements of an upgrade are alike but for the status of the device."""
    element = BY_TYPE[kind].message(registered(), {})[kind]
    assert list(element) == ["firmwareName", "upgradeId", "startDate", "deviceList"]
    [device] = element["deviceList"]
    assert list(device) == ["deviceId", "status", "resultReason"]
    assert device["status"] == status


@each_event
@each(
    ("username", "password", "echoed"),
    [
        ("ann", "sécret", ("ann", "sécret")),
        ("{password}", "secret", ("{password}", "secret")),
        (None, None, ("", "")),
        ("ann", None, ("ann", "")),
    ],
    ids=["both", "braces", "none", "name alone"],
)
def test_the_registration_is_echoed(
    event: Event, username: str | None, password: str | None, echoed: tuple[str, str]
) -> None:
    """Account and credentials are the registration's; an absent one is empty."""
    message = event.message(registered(username, password), {})
    assert (
        message["accountName"],
        message["username"],
        message["password"],
    ) == (ACCOUNT, *echoed)


@each_event
def test_every_field_has_a_mark_and_a_source(event: Event) -> None:
    """Nobody has to guess how we know of a field."""
    marks = {"documented", "observed", "assumed"}
    assert [field for field in event.fields if field.evidence not in marks] == []
    assert [field for field in event.fields if not field.source.strip()] == []
    assert event.summary


@each_event
def test_what_is_documented_is_marked_so(event: Event) -> None:
    """The page ends at upgradeScheduled; nothing after it is called documented."""
    documented = {
        field.path for field in event.fields if field.evidence == "documented"
    }
    assert documented <= {field.path for field in event.fields}
    assert {path.split(".")[0] for path in documented} <= DOCUMENTED
    assert [path for path in documented if "deviceList" in path] == []


@each_event
def test_a_message_is_a_value_of_its_own(event: Event) -> None:
    """What is done to one message is not seen in the next."""
    first = event.message(registered(), {})
    for name in ELEMENTS:
        first[name].clear()
    second = event.message(registered(), {})
    assert second[event.name.removeprefix("Fota.")]


FINISHED, LIST = BY_TYPE["upgradeFinished"], BY_TYPE["firmwareList"]


@each(
    ("event", "path", "value"),
    [
        (FINISHED, "accountName", "other"),
        (FINISHED, "upgradeFinished.upgradeId", "ü"),
        (FINISHED, "upgradeFinished.deviceList.0.status", "RequestFailed"),
        (FINISHED, "upgradeFinished.deviceList.0", {"deviceId": "1"}),
        (FINISHED, "upgradeFinished.deviceList", []),
        (FINISHED, "upgradeProgress", {"any": [1]}),
        (LIST, "firmwareList.0.toVersion", "3"),
        (LIST, "firmwareList", [{}, {}]),
        (LIST, "username", "{account}"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_field_is_overridden_by_its_path(event: Event, path: str, value: Any) -> None:
    """A value of the user's stands there as it is; all else stays."""
    before, message = (
        event.message(registered(), overrides) for overrides in ({}, {path: value})
    )
    place: Any = message
    for step in path.split("."):
        place = place[int(step) if isinstance(place, list) else step]
    assert place == value
    others = message.keys() - {path.partition(".")[0]}
    assert {name: message[name] for name in others} == {
        name: before[name] for name in others
    }


def test_one_past_the_end_is_another_item() -> None:
    """An index after the last one appends a copy of it, which can be overridden."""
    overrides = {
        "upgradeFinished.deviceList.1.deviceId": "2",
        "upgradeFinished.deviceList.2.status": "RequestFailed",
    }
    devices = FINISHED.message(registered(), overrides)["upgradeFinished"]["deviceList"]
    assert [(item["deviceId"], item["status"]) for item in devices] == [
        ("990013907835573", "UpgradeSuccess"),
        ("2", "UpgradeSuccess"),
        ("2", "RequestFailed"),
    ]


def test_a_whole_item_is_appended() -> None:
    """The item that is appended may be the user's own."""
    message = LIST.message(registered(), {"firmwareList.1": {"model": "B"}})
    assert [
        len(message["firmwareList"]),
        message["firmwareList"][1],
    ] == [2, {"model": "B"}]


@each(
    ("event", "path", "near"),
    [
        (LIST, "firmwareList.0.toversion", "firmwareList.0.toVersion"),
        (LIST, "firmwarelist.0.toVersion", "firmwareList.0.toVersion"),
        (LIST, "firmwareList.toVersion", "firmwareList.0.toVersion"),
        (LIST, "firmwareList.-1", "firmwareList.0"),
        (LIST, "firmwareList.٠", "firmwareList.0"),
        (LIST, "firmwareList.²", "firmwareList.0"),
        (LIST, "firmwareList.0000000000", "firmwareList.0"),
        (FINISHED, "upgradeFinished.upgradeID", "upgradeFinished.upgradeId"),
        (FINISHED, "firmwareList.0", "firmwareList"),
        (FINISHED, "accountName.x", "accountName"),
        (FINISHED, "accountname", "accountName"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_path_that_leads_nowhere_names_the_nearest(
    event: Event, path: str, near: str
) -> None:
    """A mistyped path is refused, and the field it was meant for is told."""
    with pytest.raises(InvalidMessage) as caught:
        event.message(registered(), {path: "x"})
    assert str(caught.value) == f"no field {path!r}; did you mean {near!r}?"


@each(
    "path",
    [
        "",
        ".",
        "x",
        "firmwareList.9",
        f"firmwareList.{'9' * 5000}",
        "..",
        "\ud800",
        "😀",
    ],
)
def test_a_path_like_nothing_is_refused(path: str) -> None:
    """Whatever is asked for, some field is the nearest."""
    with pytest.raises(InvalidMessage, match="did you mean"):
        LIST.message(registered(), {path: "x"})


def test_few_paths_are_compared_and_none_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither many fields nor long names make a refusal take long."""
    compared: set[tuple[str, str]] = set()
    ratio = SequenceMatcher.ratio

    def counted(pair: SequenceMatcher[str]) -> float:
        compared.add((str(pair.a), str(pair.b)))
        return ratio(pair)

    monkeypatch.setattr(SequenceMatcher, "ratio", counted)
    message = {"field": 1, "a" * 10_000: dict.fromkeys(map(str, range(300)), 0)}
    with pytest.raises(InvalidMessage, match="did you mean 'field'"):
        own(message).message(registered(), {"fields": 1})
    with pytest.raises(InvalidMessage, match=r"did you mean 'aa*'"):
        own(message).message(registered(), {"aX" * 5_000: 1})
    longest = max(len(text) for pair in compared for text in pair)
    assert (len(compared) <= 6, longest) == (True, 200)


def test_an_empty_message_has_nothing_to_override() -> None:
    """Where there is no field at all, that is said."""
    with pytest.raises(InvalidMessage, match=r"^no field 'a'; the message is empty$"):
        own({}).message(registered(), {"a": 1})


KINDS = {
    "a string": "a",
    "a number": 1.5,
    "a boolean": True,
    "null": None,
    "an array": [],
    "an object": {},
}


@each("there", KINDS)
@each("came", KINDS)
def test_a_value_is_of_the_type_it_replaces(there: str, came: str) -> None:
    """A value of another type is refused; true is no number."""
    event = own({"field": KINDS[there]})
    if there == came:
        assert event.message(registered(), {"field": KINDS[came]}) == {
            "field": KINDS[came]
        }
        return
    with pytest.raises(InvalidMessage) as caught:
        event.message(registered(), {"field": KINDS[came]})
    assert str(caught.value) == (f"field: must be {there}, got {came}")


def test_a_whole_number_takes_the_place_of_any_number() -> None:
    """JSON has one kind of number."""
    assert own({"n": 1.5}).message(registered(), {"n": 2}) == {"n": 2}


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
VALUES = st.recursive(
    SCALARS,
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.text("a.0-é", max_size=3), below, max_size=3)
    ),
    max_leaves=8,
)


@given(message=st.dictionaries(st.text("a.0-é", max_size=3), VALUES, max_size=3))
def test_a_message_of_the_users_own_is_sent_as_it_is(message: dict[str, Any]) -> None:
    """Dots, digits, empty names and empty values are nothing special in it."""
    event = own(checked_message(message))
    assert json.dumps(event.message(registered(), {})) == json.dumps(message)
    assert event.template() == message


def test_an_own_message_echoes_the_registration() -> None:
    """The three echoes are filled in at any depth; other braces are text."""
    message = {"a": ["{account}", {"b": "{username}"}], "c": "{url}", "d": "{}"}
    expected = {"a": [ACCOUNT, {"b": "ann"}], "c": "{url}", "d": "{}"}
    assert own(message).message(registered("ann"), {}) == expected


def test_an_own_message_is_not_changed_by_overrides() -> None:
    """What one trigger overrides is not seen in the next."""
    event = own({"rows": [{"n": 1}]})
    event.message(registered(), {"rows.1.n": 5})
    assert event.message(registered(), {}) == {"rows": [{"n": 1}]}


@each("message", [None, 0, -1.5, "ü", "", False, [], [1, ["a"]], {}, {"a": None}])
def test_a_message_may_be_any_json(message: Any) -> None:
    """What a listener makes of an array or a scalar can be tested too."""
    assert checked_message(message) == message


def test_a_message_is_not_nested_without_end() -> None:
    """A message that could not be shown again is not taken."""
    nested: Any = 1
    for _ in range(99):
        nested = [nested]
    assert checked_message(nested) == nested
    with pytest.raises(InvalidMessage, match="nested at most 100 deep"):
        checked_message([nested])


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_json_does_not_have_is_refused(number: float) -> None:
    """NaN and the infinities cannot be sent."""
    with pytest.raises(InvalidMessage, match="a message must be JSON: "):
        checked_message({"a": [number]})


def test_what_overrides_copy_is_bounded() -> None:
    """A message is refused while it grows, whoever's item its paths copy."""
    large = {"firmwareList.0.toVersion": "x" * (MOST_COPIED // 3)}
    copies = {f"firmwareList.{number}.fromVersion": "" for number in range(1, 1000)}
    with pytest.raises(InvalidMessage) as caught:
        BY_TYPE["firmwareList"].message(registered(), large | copies)
    assert str(caught.value) == (
        "firmwareList.3.fromVersion: what paths one past the end of an array copy "
        "comes to 1 MiB at most"
    )


def test_a_field_is_known_as_the_longest_path_that_begins_it() -> None:
    """The empty path begins all, and a whole step counts, not a part of one."""
    known = {
        "": documented("all"),
        "a": assumed("a"),
        "a.1.c": Provenance("observed", "c"),
    }
    message = {"a": [{"c": 1}, {"c": 2, "cd": 3}], "ab": {}, "d": []}
    event = Event("Own.x", "Fota", "a test's own", message, known)
    assert [(field.path, field.source) for field in event.fields] == [
        ("a.0.c", "a"),
        ("a.1.c", "c"),
        ("a.1.cd", "a"),
        ("ab", "all"),
        ("d", "all"),
    ]


def test_an_empty_array_has_no_item_to_copy() -> None:
    """Nothing is known of the items of an array that has none."""
    message: dict[str, Any] = {"rows": []}
    with pytest.raises(
        InvalidMessage, match=r"^no field 'rows\.0'; did you mean 'rows"
    ):
        override(message, "rows.0", 1)
