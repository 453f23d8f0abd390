"""Tables as one case: each row is tried, and every one that fails is named."""

import pytest

from .rows import each


def test_every_row_that_fails_is_named():
    """The error has the failing rows with what they failed on, and no other row."""
    tried = []

    @each(("number", "limit"), [(1, 2), (3, 2), (4, 2)], ids=["low", "mid", "high"])
    def below(number, limit):
        tried.append(number)
        assert number < limit

    with pytest.raises(AssertionError) as caught:
        below()

    assert tried == [1, 3, 4]
    head, *rows = str(caught.value).splitlines()
    assert head == "2 of 3 rows fail"
    assert [row.partition(" ")[0] for row in rows if row[:1] == "["] == [
        "[mid]",
        "[high]",
    ]


def test_a_row_that_raises_is_named_too():
    """A mistake in a test says which row it was made with."""

    @each("key", ["there", "away"])
    def read(key):
        assert {"there": True}[key]

    with pytest.raises(AssertionError, match=r"\['away'\] KeyError\('away'\)"):
        read()


def test_fixtures_are_asked_for_as_before(request):
    """What is no column of the table is a fixture."""

    @each("row", [1, 2])
    def with_fixture(request, row):
        assert (request.node.name, row > 0) == (request.node.name, True)

    with_fixture(request=request)


def test_tables_multiply():
    """Two tables on a test are every pair, as with parametrize."""
    pairs = []

    @each("left", "ab")
    @each("right", "cd")
    def pair(left, right):
        pairs.append(left + right)

    pair()

    assert pairs == ["ac", "ad", "bc", "bd"]
