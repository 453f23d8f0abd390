"""Devices that are excluded from being located, and what is told of them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from mockthingspace import MockThingSpace
from mockthingspace.backend.store.exclusions import OVERHEAD, Excluded, Exclusions
from mockthingspace.spec.fields import millis
from mockthingspace.testing.listener import Listener

from ..rows import each

ACCOUNT, OTHER = "0242078689-00001", "0402196254-00001"
FIRST, SECOND, THIRD = "990013907835573", "990013907884259", "990013907800000"
DEVICES = [{"id": FIRST, "kind": "imei", "mdn": "7892345678"}]
DEVICES += [{"id": SECOND, "kind": "imei"}]


@pytest.fixture
def thingspace() -> Iterator[MockThingSpace]:
    """A server."""
    with MockThingSpace() as thingspace:
        yield thingspace


def ask(
    thingspace: MockThingSpace, method: str, path: str, **more: Any
) -> requests.Response:
    """Ask the location API something."""
    url = f"{thingspace.url_for('location')}/{path}"
    return requests.request(method, url, timeout=30, **more)


def exclude(
    thingspace: MockThingSpace, *identifiers: str, account: str = ACCOUNT, **more: Any
) -> None:
    """Exclude devices."""
    body = {"accountName": account, "exclusion": identifiers, **more}
    response = ask(thingspace, "POST", "consents", json=body)
    assert (response.status_code, response.json()) == (200, {"success": True})


def include(thingspace: MockThingSpace, devices: str) -> None:
    """Exclude devices no longer."""
    which = {"accountName": ACCOUNT, "deviceList": devices}
    response = ask(thingspace, "DELETE", "consents", params=which)
    assert (response.status_code, response.json()) == (200, {"success": True})


def listed(thingspace: MockThingSpace, start: int = 0, account: str = ACCOUNT) -> Any:
    """Return what is excluded."""
    return ask(thingspace, "GET", f"consents/{account}/index/{start}").json()


def told(thingspace: MockThingSpace, path: str, service: str) -> list[Any]:
    """Ask where the devices are, and return what is told."""
    with Listener() as listener:
        thingspace.register(ACCOUNT, listener.url, family="location", service=service)
        body = {"accountName": ACCOUNT, "deviceList": DEVICES}
        assert ask(thingspace, "POST", path, json=body).status_code == 200
        thingspace.wait_until_idle()
        return [message.json for message in listener.messages]


def test_what_is_excluded_is_listed(thingspace: MockThingSpace) -> None:
    """With how many there are, and when that changed; of another account nothing."""
    exclude(thingspace, FIRST, SECOND, FIRST)

    assert listed(thingspace) == {
        "accountName": ACCOUNT,
        "allDevice": False,
        "hasMoreData": False,
        "totalCount": 2,
        "updateTime": millis(thingspace.clock.now),
        "exclusion": [FIRST, SECOND],
    }
    assert listed(thingspace, start=1)["exclusion"] == [SECOND]
    assert listed(thingspace, account=OTHER) == {
        "accountName": OTHER,
        "allDevice": False,
        "hasMoreData": False,
        "totalCount": 0,
        "exclusion": [],
    }


@each(
    ("more", "left"),
    [
        ({}, [SECOND]),
        ({"type": "replace"}, [SECOND]),
        ({"type": "append"}, [FIRST, SECOND]),
    ],
)
def test_a_list_is_replaced_or_appended_to(more: dict[str, str], left: Any) -> None:
    """As the type says; without one it is replaced."""
    with MockThingSpace() as thingspace:
        exclude(thingspace, FIRST)
        exclude(thingspace, SECOND, **more)

        assert listed(thingspace)["exclusion"] == left


def test_all_devices_are_excluded_beside_the_list(thingspace: MockThingSpace) -> None:
    """Neither changes where only the other is given."""
    exclude(thingspace, FIRST)
    body = {"accountName": ACCOUNT, "allDevice": True}
    ask(thingspace, "POST", "consents", json=body)
    assert (listed(thingspace)["allDevice"], listed(thingspace)["totalCount"]) == (
        True,
        1,
    )

    exclude(thingspace, SECOND)
    assert listed(thingspace)["allDevice"] is True
    exclude(thingspace, allDevice=False)
    assert (listed(thingspace)["allDevice"], listed(thingspace)["totalCount"]) == (
        False,
        0,
    )


@each(
    ("devices", "left"),
    [
        (FIRST, [SECOND, THIRD]),
        (f"{FIRST},{THIRD}", [SECOND]),
        (json.dumps([SECOND, "1"]), [FIRST, THIRD]),
    ],
)
def test_devices_are_included_again(devices: str, left: list[str]) -> None:
    """Those that were not excluded are left alone."""
    with MockThingSpace() as thingspace:
        exclude(thingspace, FIRST, SECOND, THIRD)
        include(thingspace, devices)

        assert listed(thingspace)["exclusion"] == left


def test_an_excluded_device_is_not_located(thingspace: MockThingSpace) -> None:
    """Its message has an error, by whatever identifier it is excluded."""
    exclude(thingspace, "7892345678")
    messages = told(thingspace, "devicelocations", "DeviceLocation")

    assert [(item["msid"], "error" in item, "pd" in item) for item in messages] == [
        ("7892345678", True, False),
        (SECOND, False, True),
    ]
    assert messages[0]["error"]["type"] == "CONSENT"


def test_an_excluded_device_is_not_located_by_a_report(
    thingspace: MockThingSpace,
) -> None:
    """Its place has an error."""
    exclude(thingspace, SECOND)
    [message] = told(thingspace, "locationreports", "Location")

    places = [(item["msid"], sorted(item)) for item in message["devLocationList"]]
    assert places == [
        ("7892345678", ["msid", "pd"]),
        (SECOND, ["error", "msid"]),
    ]


def test_a_report_stays_as_it_was_told(thingspace: MockThingSpace) -> None:
    """A device that is excluded after it was asked for is in it."""
    body = {"accountName": ACCOUNT, "deviceList": DEVICES}
    txid = ask(thingspace, "POST", "locationreports", json=body).json()["txid"]
    exclude(thingspace, SECOND)
    report = f"locationreports/{ACCOUNT}/report/{txid}/index/0"

    places = ask(thingspace, "GET", report).json()["devLocationList"]

    assert [sorted(place) for place in places] == [["msid", "pd"]] * 2


def test_where_all_are_excluded_none_is_located(thingspace: MockThingSpace) -> None:
    """Whether or not it is in the list."""
    exclude(thingspace, allDevice=True)
    messages = told(thingspace, "devicelocations", "DeviceLocation")

    assert [message["error"]["type"] for message in messages] == ["CONSENT"] * 2


@each("reset", [{}, {"account": ACCOUNT}])
def test_a_reset_includes_all_devices(reset: dict[str, str]) -> None:
    """One of the account does, too."""
    with MockThingSpace() as thingspace:
        exclude(thingspace, FIRST)
        exclude(thingspace, FIRST, account=OTHER)
        thingspace.reset(**reset)

        assert listed(thingspace)["totalCount"] == 0
        assert listed(thingspace, account=OTHER)["totalCount"] == len(reset)


MANY = [str(number) for number in range(2001)]


@each(
    ("changes", "reason"),
    [
        ({"exclusion": None}, "exclusion"),
        ({"exclusion": FIRST}, "array of identifiers"),
        ({"exclusion": [1]}, "must be a string"),
        ({"exclusion": ["\ud83d"]}, "half a surrogate pair"),
        ({"exclusion": [""]}, "array of identifiers"),
        ({"exclusion": MANY}, "at most 2,000 devices"),
        ({"exclusion": MANY[:2000], "type": "append"}, "2,001 devices, at most 2,000"),
        ({"type": "prepend"}, "append, replace"),
        ({"allDevice": "yes"}, "a boolean"),
        ({"accountName": "12345"}, "ten digits"),
    ],
)
def test_a_body_that_will_not_do_is_refused(
    changes: dict[str, Any], reason: str
) -> None:
    """And changes nothing."""
    with MockThingSpace() as thingspace:
        exclude(thingspace, FIRST)
        body = {"accountName": ACCOUNT, "exclusion": [SECOND], **changes}
        response = ask(thingspace, "POST", "consents", json=body)

        assert (response.status_code, response.json()["errorCode"]) == (
            400,
            "INVALID_PARAMETER",
        )
        assert reason in response.headers["X-Mock-Reason"]
        assert listed(thingspace)["exclusion"] == [FIRST]


def test_what_names_nothing_to_exclude_is_refused(thingspace: MockThingSpace) -> None:
    """Neither devices nor all."""
    response = ask(thingspace, "POST", "consents", json={"accountName": ACCOUNT})

    assert response.status_code == 400
    assert "neither exclusion nor allDevice" in response.headers["X-Mock-Reason"]


@each(
    ("method", "path"),
    [
        ("DELETE", f"consents?accountName={ACCOUNT}"),
        ("DELETE", f"consents?accountName={ACCOUNT}&deviceList="),
        ("DELETE", f"consents?accountName={ACCOUNT}&deviceList=["),
        ("DELETE", f"consents?accountName={ACCOUNT}&deviceList=[1]"),
        ("GET", f"consents/{ACCOUNT}/index/-1"),
        ("GET", f"consents/{ACCOUNT}/index/1234567890"),
        ("GET", "consents/12345/index/0"),
    ],
)
def test_a_request_that_will_not_do_is_refused(method: str, path: str) -> None:
    """By a documented code."""
    with MockThingSpace() as thingspace:
        response = ask(thingspace, method, path)

        assert (response.status_code, response.json()["errorCode"]) == (
            400,
            "INVALID_PARAMETER",
        )


def kept_of(exclusions: Exclusions) -> list[str]:
    """Return the accounts of a, b and c that exclude something."""
    return [account for account in "abc" if exclusions.of(account) != Excluded()]


@each(
    "large",
    [
        Excluded(identifiers=("x" * OVERHEAD,)),
        Excluded(consenting=((("x" * OVERHEAD, "imei"),),)),
    ],
)
def test_what_has_not_changed_for_longest_is_evicted(large: Excluded) -> None:
    """When all accounts' exclusions and consents together are too large."""
    exclusions = Exclusions(most_bytes=6 * OVERHEAD)
    for account in ("a", "b", "a"):
        exclusions.change(account, lambda _: large)
    full = kept_of(exclusions)
    exclusions.change("c", lambda _: large)

    assert (full, kept_of(exclusions)) == (["a", "b"], ["a", "c"])


def test_what_is_forgotten_takes_no_room() -> None:
    """A reset of an account makes room for others."""
    exclusions = Exclusions(most_bytes=2 * OVERHEAD)
    for account in "abc":
        exclusions.change(account, lambda _: Excluded(all_devices=True))
        exclusions.forget("a")

    assert kept_of(exclusions) == ["b", "c"]
