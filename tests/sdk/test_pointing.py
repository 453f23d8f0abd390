"""Pointing the SDK at a server: a client made before, and back."""

from verizon.configuration import Configuration

from mockthingspace import MockThingSpace, point_sdk

from .clients import client


def test_a_client_that_is_there_already_is_pointed_too(thingspace):
    """And points again where it did before when it is undone."""
    before = {name: dict(table) for name, table in Configuration.environments.items()}
    lister = client().software_management_callbacks_v1

    with MockThingSpace() as other:
        pointed = point_sdk(other.url)
        lister.list_registered_callbacks("0242078689-00001")
        pointed.restore()
        other.assert_requested("list", count=1)

    assert Configuration.environments == before
    thingspace.assert_not_requested("list")
