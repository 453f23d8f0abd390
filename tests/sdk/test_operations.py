"""The operations that the server knows of are those of the SDK."""

import inspect
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from verizon.configuration import Configuration, Environment, Server
from verizon.controllers.base_controller import BaseController
from verizon.exceptions.api_exception import APIException
from verizon.verizon_client import VerizonClient

from mockthingspace import MockThingSpace
from mockthingspace.apis.documents import published_operations

from .callbacks import ACCOUNT
from .clients import client
from .versions import RELEASE, RELEASES

SENT = re.compile(
    r"Server\.(?P<server>\w+)\)\s*"
    r"\.path\(\s*(?P<path>(?:\"[^\"]*\"\s*)+)\)\s*"
    r"\.http_method\(HttpMethodEnum\.(?P<method>\w+)\)"
)
SERVERS = Configuration.environments[Environment.PRODUCTION]


def operations(visitor: VerizonClient) -> Iterator[tuple[str, str]]:
    """Return what goes out for each operation of the SDK, and its name."""
    for group in dir(type(visitor)):
        if isinstance(controller := getattr(visitor, group), BaseController):
            for name, method in inspect.getmembers(controller, inspect.ismethod):
                if sent := SENT.search(inspect.getsource(method)):
                    base = urlsplit(SERVERS[Server[sent["server"]]]).path
                    path = "".join(re.findall('"([^"]*)"', sent["path"]))
                    yield f"{group}.{name}", f"{sent['method']} {base}{path}"


@pytest.mark.skipif(
    RELEASE is not RELEASES["2.0.0"], reason="the list is the latest release's"
)
def test_the_list_has_every_operation_and_no_other() -> None:
    """Name, method and path are those the SDK has."""
    assert published_operations() == dict(operations(VerizonClient()))


def test_an_operation_that_is_not_served_is_named(thingspace: MockThingSpace) -> None:
    """The SDK raises, and the reason has the call as it is in the SDK."""
    with pytest.raises(APIException) as raised:
        client().device_groups.list_device_groups(ACCOUNT)

    assert raised.value.response_code == 404
    assert raised.value.response.headers["X-Mock-Reason"].startswith(
        "an operation of ThingSpace's that this mock does not serve: "
        "device_groups.list_device_groups (GET /api/m2m/v1/groups/{aname}); "
        "nearest that is served: "
    )
