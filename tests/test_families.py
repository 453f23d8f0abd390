"""Every family, as a value: what each must answer, and say of itself."""

import pytest

from mockthingspace import errors
from mockthingspace.families import FAMILIES

REFUSALS = [
    one
    for one in vars(errors).values()
    if isinstance(one, type) and issubclass(one, errors.ThingSpaceError)
]
EVERYWHERE = {errors.NotServed, errors.MethodNotServed, errors.MissingBearer}
ONLY_FOR = {
    errors.InvalidAccount: "account",
    errors.InactiveAccount: "account",
    errors.UnknownService: "service",
    errors.InvalidUrl: "service",
    errors.NotRegistered: "service",
    errors.MissingSession: "session",
    errors.InvalidSession: "session",
    errors.ExpiredSession: "session",
    errors.InvalidBearer: "bearer",
    errors.WrongPassword: "login",
}
FACTS = [fact for family in FAMILIES for fact in family.every_fact()]


def _concerns(family) -> set[str]:
    """Say what a family's operations deal in."""
    rules = " ".join(one.rule for one in family.operations)
    needs = {need for one in family.operations for need in one.needs}
    concerns = needs | ({"account"} if "<account>" in rules else set())
    return (
        concerns
        | ({"service"} if family.services else set())
        | ({"login"} if "/login" in rules else set())
    )


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.prefix)
@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: one.__name__)
def test_every_family_answers_every_refusal_it_can_meet(family, refusal):
    """Adding a refusal, or a family, without deciding its reply fails here."""
    if refusal is errors.ThingSpaceError:
        return
    known = next((ONLY_FOR[one] for one in refusal.__mro__ if one in ONLY_FOR), None)
    if known is not None and known not in _concerns(family):
        return

    answer = family.answer_to(refusal)

    assert 400 <= answer.status < 500
    assert answer.body


@pytest.mark.parametrize("fact", FACTS, ids=lambda one: one.says[:40])
def test_every_fact_has_a_mark_and_a_source(fact):
    """Nothing is done on the wire without saying how we know."""
    assert fact.mark in ("documented", "observed", "assumed")
    assert fact.says
    assert fact.source


def test_a_documented_fact_names_a_page():
    """Documented is what stands at an address."""
    assert [] == [
        one
        for one in FACTS
        if one.mark == "documented" and "https://" not in one.source
    ]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.prefix)
def test_names_and_routes_are_unique(family):
    """An operation is named once, and a method and path served once."""
    operations = family.operations

    assert len(operations) == len({one.name for one in operations})
    assert len(operations) == len({(one.method, one.rule) for one in operations})
