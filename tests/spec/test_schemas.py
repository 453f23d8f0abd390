"""Documents on the wire: how a query is read."""

from typing import Any

from mockthingspace.spec.schemas import LONGEST_KEY, with_arrays

from ..rows import each

LONG = "a[0]" * LONGEST_KEY


@each(
    ("query", "document"),
    [
        ({"a": "b"}, {"a": "b"}),
        ({"a[b]": "c"}, {"a[b]": "c"}),
        ({"a[0]": "b"}, {"a[0]": "b"}),
        ({"a[0][b]": "c", "a[0][d]": "e"}, {"a": [{"b": "c", "d": "e"}]}),
        ({"a[1][b]": "c", "a[0][b]": "d"}, {"a": [{"b": "c"}, {"b": "d"}]}),
        ({"a[b][0][c][0][d]": "e"}, {"a[b]": [{"c": [{"d": "e"}]}]}),
        ({"a": "b", "a[0][c]": "d"}, {"a": [{"c": "d"}]}),
        ({f"{LONG}[b]": "c"}, {f"{LONG}[b]": "c"}),
        ({"": "a", "[0][a]": "b"}, {"": "a", "[0][a]": "b"}),
    ],
)
def test_a_query_has_arrays_item_by_item(
    query: dict[str, str], document: dict[str, Any]
) -> None:
    """As the SDK spells them; all else stays as it is."""
    assert with_arrays(query) == document
