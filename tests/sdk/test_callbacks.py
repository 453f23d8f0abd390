"""Every callback call of the SDK gives the SDK's own model, with the right values."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from verizon.models.connectivity_management_callback import (
    ConnectivityManagementCallback,
)
from verizon.models.registered_callbacks import RegisteredCallbacks

from mockthingspace import MockThingSpace

from .callbacks import (
    ACCOUNT,
    ANOTHER_URL,
    CONNECTIVITY,
    DIAGNOSTICS,
    FAMILIES,
    FOTA_V1,
    LOCATION,
    URL,
    Callbacks,
    plain,
)
from .clients import client

every_family = pytest.mark.parametrize("family", FAMILIES, ids=repr)
replacing = pytest.mark.parametrize(
    "family", [api for api in FAMILIES if api.replacer], ids=repr
)
Start = Callable[..., None]
CREDENTIALS = {"username": "listener", "password": "secret"}


def listeners(thingspace: MockThingSpace) -> list[tuple[str, str | None, str]]:
    """Return API, service and URL of what is registered, as the server has it."""
    return [
        (registration.family, registration.service, registration.url)
        for registration in thingspace.registrations(ACCOUNT)
    ]


@every_family
def test_an_account_without_registrations_lists_none(
    thingspace: MockThingSpace, family: Callbacks
) -> None:
    """An empty array is a list for the SDK; where one object is listed, none is."""
    assert family.listed(client()) == family.none


@every_family
def test_registering_answers_the_sdks_model(
    thingspace: MockThingSpace, family: Callbacks
) -> None:
    """The reply to a registration is the SDK's model of it."""
    result = family.register(client())

    assert plain(result) == plain(family.registered(URL))
    assert listeners(thingspace) == [(family.name, family.service, URL)]


@every_family
def test_a_registration_is_listed_as_the_sdks_model(
    thingspace: MockThingSpace, family: Callbacks
) -> None:
    """A registration comes back as the SDK's model of it, with nothing more."""
    family.register(client())

    assert plain(family.listed(client())) == plain(family.listed_as(URL))


@every_family
def test_registering_again_replaces(
    thingspace: MockThingSpace, family: Callbacks
) -> None:
    """Nothing of the earlier registration is left."""
    family.register(client())

    result = family.register(client(), url=ANOTHER_URL)

    assert plain(result) == plain(family.registered(ANOTHER_URL))
    assert plain(family.listed(client())) == plain(family.listed_as(ANOTHER_URL))


@replacing
def test_updating_replaces(thingspace: MockThingSpace, family: Callbacks) -> None:
    """An update answers the SDK's model, and is what is listed."""
    family.register(client())

    result = family.replace(client(), url=ANOTHER_URL)

    assert plain(result) == plain(family.registered(ANOTHER_URL))
    assert plain(family.listed(client())) == plain(family.listed_as(ANOTHER_URL))


@replacing
def test_updating_nothing_registers(
    thingspace: MockThingSpace, family: Callbacks
) -> None:
    """An update with nothing registered registers."""
    result = family.replace(client())

    assert plain(result) == plain(family.registered(URL))
    assert listeners(thingspace) == [(family.name, family.service, URL)]


@every_family
def test_deregistering_answers_the_sdks_model(
    thingspace: MockThingSpace, family: Callbacks
) -> None:
    """The reply to a deregistration is the SDK's model, and nothing is left."""
    family.register(client())

    result = family.deregister(client())

    assert plain(result) == plain(family.deregistered(URL))
    assert family.listed(client()) == family.none


@pytest.mark.parametrize(
    ("family", "listed"),
    [
        (FOTA_V1, RegisteredCallbacks(ACCOUNT, "Fota", URL, *CREDENTIALS.values())),
        (
            CONNECTIVITY,
            ConnectivityManagementCallback(
                account_name=ACCOUNT,
                service_name="CarrierService",
                url=URL,
                **CREDENTIALS,
            ),
        ),
    ],
    ids=["fota-v1", "connectivity"],
)
def test_credentials_are_listed_until_a_registration_has_none(
    thingspace: MockThingSpace, family: Callbacks, listed: Any
) -> None:
    """The SDK's model has the registered user name and password, and no earlier's."""
    family.register(client(), **CREDENTIALS)
    assert plain(family.listed(client())) == plain([listed])

    family.register(client())
    assert plain(family.listed(client())) == plain(family.listed_as(URL))


@pytest.mark.parametrize(
    ("family", "services"),
    [
        (CONNECTIVITY, ["AlertService", "CarrierService", "NiddService"]),
        (LOCATION, ["Location", "DeviceLocation"]),
    ],
    ids=["connectivity", "location"],
)
def test_each_service_of_a_family_has_a_registration(
    thingspace: MockThingSpace, family: Callbacks, services: list[str]
) -> None:
    """Services are registered, listed and deregistered without one another."""
    for service in services:
        family.register(client(), service=service, url=f"{ANOTHER_URL}/{service}")

    family.deregister(client(), service=services[0])

    urls = [registration.url for registration in family.listed(client())]
    assert sorted(f"{ANOTHER_URL}/{item}" for item in services[1:]) == sorted(urls)


def test_diagnostics_says_when_it_was_registered(thingspace: MockThingSpace) -> None:
    """The SDK reads the instant that the server registered at, to the millisecond."""
    DIAGNOSTICS.register(client())

    [one] = DIAGNOSTICS.listed(client())

    [registered] = thingspace.registrations(ACCOUNT)
    lost = registered.registered_at - one.created_on.datetime
    assert timedelta(0) <= lost < timedelta(milliseconds=1)


@pytest.mark.parametrize("family", [LOCATION, DIAGNOSTICS], ids=repr)
def test_the_shared_secret_is_in_a_header_that_the_sdk_shows(
    thingspace: MockThingSpace, family: Callbacks
) -> None:
    """A signed API's registration brings the secret its messages are signed by."""
    controller = getattr(client(), family.controller)
    arguments = {"account": ACCOUNT, "service": family.service, "url": URL}

    response = getattr(controller, family.registrar)(
        *family.registering(ACCOUNT, family.body(**arguments))
    )

    [registered] = thingspace.registrations(ACCOUNT)
    assert registered.secret
    assert registered.secret == response.headers["X-ThingSpace-Secret"]


@every_family
def test_deregistering_what_is_not_registered_can_succeed(
    thingspace: MockThingSpace, started: Start, family: Callbacks
) -> None:
    """The setting deregister_missing=ok makes the SDK's call succeed."""
    started(deregister_missing="ok")

    family.deregister(client())

    assert thingspace.registrations(ACCOUNT) == []


@every_family
def test_families_do_not_share_registrations(
    thingspace: MockThingSpace, family: Callbacks
) -> None:
    """What one API registered no other lists."""
    family.register(client())

    for other in FAMILIES:
        if other is not family:
            assert other.listed(client()) == other.none


@pytest.mark.parametrize(
    ("family", "account"),
    [(CONNECTIVITY, "TestAccount-2"), (DIAGNOSTICS, "TestQAAccount")],
    ids=["connectivity", "diagnostics"],
)
def test_the_accounts_of_official_examples_are_accounts(
    thingspace: MockThingSpace, family: Callbacks, account: str
) -> None:
    """An account that only this API's examples have can be used with it."""
    family.register(client(), account)

    [one] = family.listed(client(), account)
    family.deregister(client(), account)

    assert one.account_name == account
    assert family.listed(client(), account) == []


def test_the_other_spelling_of_a_service_is_that_service(
    thingspace: MockThingSpace,
) -> None:
    """Connectivity's AlertsService is registered and answered as AlertService."""
    registered = CONNECTIVITY.register(client(), service="AlertsService")
    deregistered = CONNECTIVITY.deregister(client(), service="AlertsService")

    assert registered.service_name == deregistered.service_name == "AlertService"
