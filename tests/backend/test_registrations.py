"""The registry: one registration a service, found by its account."""

from datetime import datetime, timezone
from threading import Thread

import pytest

from mockthingspace.backend.store.registrations import Registry
from mockthingspace.core.models import Registration

NOW = datetime(2024, 1, 1, tzinfo=timezone.utc)
WRITERS = 8


def registration(
    family: str = "f", account: str = "a", service: str = "s", url: str = "http://h/"
) -> Registration:
    """Make a registration."""
    return Registration(family, account, service, url, None, None, NOW)


def test_a_new_registry_is_empty() -> None:
    """An account that never registered has no registrations."""
    registry = Registry()
    assert (registry.of("f", "a"), registry.every()) == ((), [])


def test_a_registration_is_found_by_family_and_account() -> None:
    """An account's registrations with one API are not those with another."""
    registry = Registry([registration(), registration(family="g")])
    assert registry.of("f", "a") == (registration(),)


def test_registering_again_replaces() -> None:
    """A service has one registration: the last."""
    registry = Registry([registration(url="http://old/"), registration()])
    assert registry.of("f", "a") == (registration(),)


def test_registrations_are_in_order_of_registering() -> None:
    """The oldest comes first, and one that was replaced counts as new."""
    registry = Registry([registration(service=item) for item in "xyx"])
    assert [registration.service for registration in registry.of("f", "a")] == [
        "y",
        "x",
    ]


def test_deregistering_returns_what_was_there() -> None:
    """Deregistering removes one service's registration and leaves the others."""
    registry = Registry([registration(), registration(service="t")])
    gone = registry.deregister("f", "a", "s")
    assert (gone, registry.every()) == (registration(), [registration(service="t")])


@pytest.mark.parametrize(
    "key",
    [("g", "a", "s"), ("f", "b", "s"), ("f", "a", "t")],
    ids=["family", "account", "service"],
)
def test_deregistering_what_is_not_there_changes_nothing(
    key: tuple[str, str, str],
) -> None:
    """Deregistering another API, account or service returns None."""
    registry = Registry([registration()])
    assert (registry.deregister(*key), registry.every()) == (None, [registration()])


def test_an_account_without_registrations_takes_no_room() -> None:
    """Registering and deregistering for ever new accounts leaves nothing behind."""
    registry = Registry([registration()])
    registry.deregister("f", "a", "s")
    assert registry._by_account == {}


FOUR = [
    registration(),
    registration(service="t"),
    registration(account="b"),
    registration(family="g"),
]
FILTERS = [
    ({}, [0, 1, 2, 3]),
    ({"family": "f"}, [0, 1, 2]),
    ({"account": "a"}, [0, 1, 3]),
    ({"service": "s"}, [0, 2, 3]),
    ({"family": "f", "account": "a", "service": "t"}, [1]),
    ({"account": ""}, []),
    ({"family": "g", "account": "b"}, []),
]
IDS = ["none", "family", "account", "service", "all three", "empty", "no match"]


@pytest.mark.parametrize(("filters", "expected"), FILTERS, ids=IDS)
def test_filters_choose(filters: dict[str, str], expected: list[int]) -> None:
    """What is given must match; what is not given may be anything."""
    registry = Registry(FOUR)
    assert registry.every(**filters) == [FOUR[index] for index in expected]


@pytest.mark.parametrize(("filters", "expected"), FILTERS, ids=IDS)
def test_removing_takes_what_the_filters_choose(
    filters: dict[str, str], expected: list[int]
) -> None:
    """Removing returns how many went, and leaves all others."""
    registry = Registry(FOUR)
    left = [item for index, item in enumerate(FOUR) if index not in expected]
    assert (registry.remove(**filters), registry.every()) == (len(expected), left)


def test_concurrent_writers_lose_no_registration() -> None:
    """Eight writers of one account, each with its own services, all succeed."""
    registry = Registry()
    gone: list[Registration | None] = []

    def write(number: int) -> None:
        for index in range(50):
            registry.register(registration(service=f"{number}-{index}"))
        gone.append(registry.deregister("f", "a", f"{number}-0"))

    writers = [Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (len(registry.of("f", "a")), None in gone) == (WRITERS * 49, False)


def test_one_of_many_who_deregister_at_once_gets_it() -> None:
    """A registration is given back to one caller only."""
    registry = Registry([registration()])
    gone: list[Registration | None] = []
    callers = [
        Thread(target=lambda: gone.append(registry.deregister("f", "a", "s")))
        for _ in range(WRITERS)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert (gone.count(registration()), gone.count(None)) == (1, WRITERS - 1)


def test_a_copy_stays_as_it_was_and_is_shared() -> None:
    """Whoever asks before the next change gets the same one: memory is bounded."""
    registry = Registry([registration()])
    first, again = registry.copy(), registry.copy()
    registry.register(registration(service="t"))
    second = registry.copy()
    registry.deregister("f", "a", "t")
    assert (first is again, second.every()) == (
        True,
        [registration(), registration(service="t")],
    )
    assert (first.every(), registry.copy().every()) == ([registration()],) * 2
