"""What the SDK makes of planned faults, and that it is served again after them."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from verizon.exceptions.api_exception import APIException

from mockthingspace import MockThingSpace

from .callbacks import ACCOUNT, FOTA_V1, URL
from .clients import client

FAULTS: list[tuple[dict[str, Any], type[Exception], Callable[[Any], bool]]] = [
    ({"kind": "refuse"}, APIException, lambda error: error.response_code == 400),
    (
        {"kind": "refuse", "refusal": "invalid-bearer"},
        APIException,
        lambda error: "900901" in error.response.text,
    ),
    ({"kind": "status"}, APIException, lambda error: error.response_code == 503),
    (
        {"kind": "status", "status": 429},
        APIException,
        lambda error: error.response.headers["Retry-After"] == "60",
    ),
    ({"kind": "reset"}, requests.ConnectionError, lambda _: True),
    ({"kind": "empty"}, requests.ConnectionError, lambda _: True),
    ({"kind": "garbage"}, requests.ConnectionError, lambda _: True),
    ({"kind": "truncate"}, requests.exceptions.ChunkedEncodingError, lambda _: True),
]


@pytest.mark.parametrize(
    ("given", "raised", "as_expected"),
    FAULTS,
    ids=[" ".join(map(str, row[0].values())) for row in FAULTS],
)
def test_the_sdk_sees_a_fault_once(
    thingspace: MockThingSpace,
    given: dict[str, Any],
    raised: type[Exception],
    as_expected: Callable[[Any], bool],
) -> None:
    """It raises what it raises against the real service, and then works again."""
    thingspace.register(ACCOUNT, URL)
    visitor = client()
    FOTA_V1.listed(visitor)
    thingspace.fault(**given, operation="list")
    with pytest.raises(raised) as caught:
        FOTA_V1.listed(visitor)
    assert as_expected(caught.value)
    assert len(FOTA_V1.listed(visitor)) == 1


def test_a_stale_list_reaches_the_sdk(thingspace: MockThingSpace) -> None:
    """It does not see what was registered since, until the fault is cleared."""
    visitor = client()
    with thingspace.fault("stale"):
        thingspace.register(ACCOUNT, URL)
        assert FOTA_V1.listed(visitor) == FOTA_V1.none
    assert len(FOTA_V1.listed(visitor)) == 1
