"""The operations that the server knows of are those of the SDK, and take its bodies."""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any
from urllib.parse import urlsplit

import pytest
import verizon.models
from verizon.configuration import Configuration, Environment, Server
from verizon.controllers.base_controller import BaseController
from verizon.exceptions.api_exception import APIException
from verizon.verizon_client import VerizonClient

from mockthingspace import MockThingSpace
from mockthingspace.apis.documents import published_operations
from mockthingspace.server.openapi.schemas import EXAMPLES

from ..apis.cases.acting import ACTIONS, Acting
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


latest_only = pytest.mark.skipif(
    RELEASE is not RELEASES["2.0.0"], reason="the list is the latest release's"
)


@latest_only
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


BODY = re.compile(r"body \((?P<model>\w+)\)")
OPTIONAL = {"smsrOid": "1.3.6.1.4.1.31746.1.500.200.101.5"}
UNNAMED = re.compile("{[^}]*}|<[^>]*>")


def model_of(operation: Any) -> Any:
    """Return the model of the body that an operation of the SDK takes."""
    found = BODY.search(operation.__doc__)
    assert found
    modules = (
        import_module(f"verizon.models.{item.name}")
        for item in iter_modules(verizon.models.__path__)
    )
    return next(
        vars(module)[found["model"]]
        for module in modules
        if found["model"] in vars(module)
    )


def with_ids(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body whose devices have identifiers by each name of the SDK's."""
    return {
        key: [{"ids": item.get("deviceIds"), **item} for item in value]
        if key == "devices"
        else value
        for key, value in body.items()
    }


def acting_for(route: str) -> Acting | None:
    """Return the action that is on a method and path, if there is one."""
    for acting in ACTIONS:
        rule = f"{acting.api.prefix}{acting.operation.rule}"
        here = f"{acting.operation.method} {rule}"
        if UNNAMED.sub("", here) == UNNAMED.sub("", route):
            return acting
    return None


ASKED = [
    (name, acting)
    for name, route in published_operations().items()
    if (acting := acting_for(route))
]


@latest_only
@pytest.mark.parametrize(("name", "acting"), ASKED, ids=[name for name, _ in ASKED])
def test_an_action_takes_what_the_sdk_sends(
    thingspace: MockThingSpace, name: str, acting: Acting
) -> None:
    """Every member of the SDK's model is known, and the id is the action's."""
    group, method = name.split(".")
    operation = getattr(getattr(client(), group), method)
    model = model_of(operation)
    body = model.from_dictionary({**OPTIONAL, **with_ids(acting.body)})
    for service in acting.api.services:  # or no account could be meant
        thingspace.register(EXAMPLES["account"], "http://localhost:9/", service=service)

    others = ["4G"] * (len(inspect.signature(operation).parameters) - 1)
    reply = operation(*others, body).body

    assert acting.operation.body is not None
    assert {*model._names.values()} <= acting.operation.body.keys.keys()
    [action] = thingspace.actions()
    assert action.operation == acting.operation.name
    assert action.request_id in vars(reply).values()
