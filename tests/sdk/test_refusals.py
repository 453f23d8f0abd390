"""Every refusal is what the SDK raises for its status, with its fields read.

Where the SDK knows the status it raises the API's own exception; elsewhere the
plain one, whose body is as it came.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from verizon.api_helper import APIHelper
from verizon.exceptions.api_exception import APIException
from verizon.models.hyper_precise_location_fault import HyperPreciseLocationFault
from verizon.models.oauth_token import OauthToken

from mockthingspace import MockThingSpace

from .callbacks import (
    CONNECTIVITY,
    DIAGNOSTICS,
    FAMILIES,
    FOTA_V1,
    FOTA_V2,
    FOTA_V3,
    HYPER_PRECISE,
    Callbacks,
    plain,
)
from .clients import client, logged_in

METHODS = {
    "list": Callbacks.listed,
    "register": Callbacks.register,
    "update": Callbacks.replace,
    "deregister": Callbacks.deregister,
}
WRITING = ("register", "update")
SERVICED = [api for api in FAMILIES if api.serviced]
STRICT_AUTH = {"auth": "strict"}
Start = Callable[..., None]


def crossed(
    name: str = "",
    *values: Any,
    operations: Iterable[str] = METHODS,
    families: Iterable[Callbacks] = FAMILIES,
) -> list[Any]:
    """Make the rows of these operations of these APIs, each with the values."""
    return [
        pytest.param(
            api,
            METHODS[operation],
            *values,
            id="-".join((api.name, operation, *name.split())),
        )
        for api in families
        for operation in operations
        if operation != "update" or api.replacer
    ]


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """One thing that can be wrong with a call.

    Args:
        name: What, as the APIs' ``possible_errors`` have it.
        reason: What the server tells the developer.
        arguments: What is special about the call.
        settings: What is special about the server.
        visitor: What is special about the client.
        operations: The operations it can be wrong in.
        families: The APIs it can be wrong in.
    """

    name: str
    reason: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    visitor: Mapping[str, Any] = field(default_factory=dict)
    operations: Iterable[str] = tuple(METHODS)
    families: Iterable[Callbacks] = FAMILIES


WRONG = [
    Wrong(
        name="missing account",
        reason="",
        arguments={"account": None},
        operations=["list", "deregister"],
        families=[DIAGNOSTICS, HYPER_PRECISE],
    ),
    Wrong(name="bad account", reason="ten digits", arguments={"account": "a b"}),
    Wrong(
        name="inactive account",
        reason="the accounts setting: 0252012345-00001",
        settings={"accounts": ["0252012345-00001"]},
    ),
    Wrong(
        name="missing body",
        reason="was expected",
        arguments={"body": None},
        operations=WRITING,
    ),
    Wrong(
        name="missing url",
        reason="",
        arguments={"url": APIHelper.SKIP},
        operations=WRITING,
    ),
    Wrong(
        name="bad url",
        reason="must begin with http",
        arguments={"url": "ftp://10.120.102.183"},
        operations=WRITING,
    ),
    Wrong(
        name="open url",
        reason="https",
        arguments={"url": "http://localhost:9001/"},
        settings={"registration_rules": "enforced"},
        operations=WRITING,
        families=[FOTA_V2, FOTA_V3],
    ),
    Wrong(
        name="closed port",
        reason="port 8080",
        arguments={"url": "https://localhost:8080/"},
        settings={"registration_rules": "enforced"},
        operations=WRITING,
    ),
    Wrong(
        name="long credential",
        reason="username has 41 characters",
        arguments={"username": "x" * 41},
        settings={"registration_rules": "enforced"},
        operations=["register"],
        families=[FOTA_V1, CONNECTIVITY],
    ),
    Wrong(
        name="bad character",
        reason="must not hold '",
        arguments={"username": "o'brien"},
        operations=["register"],
        families=[CONNECTIVITY],
    ),
    Wrong(
        name="missing service",
        reason="",
        arguments={"service": APIHelper.SKIP},
        operations=["register"],
        families=SERVICED,
    ),
    Wrong(
        name="unknown service",
        reason="'Nonsense'",
        arguments={"service": "Nonsense"},
        operations=["register", "deregister"],
        families=SERVICED,
    ),
    Wrong(
        name="not registered", reason="deregister_missing=ok", operations=["deregister"]
    ),
    Wrong(
        name="missing session",
        reason="VZ-M2M-Token",
        settings=STRICT_AUTH,
        visitor={"without": "VZ-M2M-Token"},
    ),
    Wrong(
        name="wrong session",
        reason="VZ-M2M-Token",
        settings=STRICT_AUTH,
        visitor={"session": "wrong"},
    ),
]


@pytest.mark.parametrize(
    ("family", "method", "wrong"),
    [
        row
        for api in WRONG
        for row in crossed(
            api.name, api, operations=api.operations, families=api.families
        )
    ],
)
def test_a_refusal_is_the_sdks_exception(
    thingspace: MockThingSpace,
    started: Start,
    family: Callbacks,
    method: Any,
    wrong: Wrong,
) -> None:
    """A refusal has its status, code and message, and its reason in a header."""
    started(**wrong.settings)

    with pytest.raises(APIException) as refused:
        method(family, client(**wrong.visitor), **wrong.arguments)

    assert_refused(refused.value, family, wrong.name)
    assert wrong.reason in refused.value.response.headers["X-Mock-Reason"]
    assert thingspace.registrations() == []


@pytest.mark.parametrize(("family", "method"), crossed())
def test_an_idle_session_is_the_sdks_exception(
    thingspace: MockThingSpace, started: Start, family: Callbacks, method: Any
) -> None:
    """A session dies after 20 minutes without use, for every operation."""
    started(**STRICT_AUTH)
    visitor = logged_in()
    family.register(visitor)
    thingspace.advance(minutes=20)

    with pytest.raises(APIException) as refused:
        method(family, visitor)

    assert_refused(refused.value, family, "expired session")


@pytest.mark.parametrize(
    ("family", "method", "fault", "visitor"),
    [
        *crossed("missing bearer", 900902, {"without": "Authorization"}),
        *crossed("wrong bearer", 900901, {"token": OauthToken("wrong", "Bearer")}),
    ],
)
def test_a_bad_bearer_token_is_the_gateways_fault(
    started: Start,
    family: Callbacks,
    method: Any,
    fault: int,
    visitor: Mapping[str, Any],
) -> None:
    """Without a bearer token that the server issued no operation is reached."""
    started(**STRICT_AUTH)

    with pytest.raises(APIException) as refused:
        method(family, client(**visitor))

    assert_gateway_fault(refused.value, family, fault)


@pytest.mark.parametrize(("family", "method"), crossed())
def test_an_expired_bearer_token_is_the_gateways_fault(
    thingspace: MockThingSpace, started: Start, family: Callbacks, method: Any
) -> None:
    """A bearer token dies after an hour, and the reason says so."""
    started(**STRICT_AUTH)
    visitor = logged_in()
    family.register(visitor)
    thingspace.advance(minutes=60)

    with pytest.raises(APIException) as refused:
        method(family, visitor)

    assert_gateway_fault(refused.value, family, 900901)
    assert "expired" in refused.value.response.headers["X-Mock-Reason"]


def assert_refused(refused: APIException, family: Callbacks, name: str) -> None:
    """Assert that an exception is the one for a refusal, with what was sent."""
    status, code = family.refusals[name]
    known = status in family.knows
    sent = json.loads(refused.response.text)
    assert type(refused) is (family.refusal if known else APIException)
    assert refused.response.status_code == status
    assert sent[next(iter(family.words.values()))] == code
    read = {key: getattr(refused, name, None) for name, key in family.words.items()}
    assert not known or read == {key: sent[key] for key in read}
    assert all(sent.values())
    assert str(refused)


def assert_gateway_fault(refused: APIException, family: Callbacks, code: int) -> None:
    """Assert that an exception is the one for a fault of the gateway."""
    known = 401 in family.knows
    sent = json.loads(refused.response.text)
    assert (family.refusal if known else APIException) is type(refused)
    assert refused.response.status_code == 401
    assert str(code) == str(sent["fault"]["code"])
    assert all(sent["fault"].values())
    fault = HyperPreciseLocationFault(**sent["fault"])
    assert not known or plain(fault) == plain(refused.fault)
    assert not known or refused.response_code == "INVALID_ACCESS"
