"""Every operation of every API: where it is, and a body that it takes."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from mockthingspace.apis import APIS
from mockthingspace.apis.actions import act
from mockthingspace.server.openapi.schemas import request_example
from mockthingspace.spec.api import Api, Operation


class Acting(NamedTuple):
    """An operation, and its API."""

    api: Api
    operation: Operation

    def __repr__(self) -> str:
        """Name it, for the test's id."""
        return f"{self.api.name} {self.operation.name}"

    @property
    def path(self) -> str:
        """Where it is, with an example of what stands in its path."""
        declared = self.operation.path
        given = request_example(self.api, declared) if declared else {}
        place = re.sub("<([a-z_]+)>", lambda name: given[name[1]], self.operation.rule)
        return f"{self.api.prefix}{place}"

    @property
    def body(self) -> dict[str, Any]:
        """A body that it takes."""
        assert self.operation.body is not None
        return request_example(self.api, self.operation.body)

    def key(self, name: str) -> str:
        """Return what a member of ours is called in its body."""
        assert self.operation.body is not None
        keys = self.operation.body.keys
        return next(key for key, ours in keys.items() if ours == name)


def item_by_item(query: dict[str, Any]) -> dict[str, str]:
    """Return a query as the SDK spells it: ``{"a": [{"b": "c"}]}`` is ``a[0][b]=c``."""
    return dict(pair for key in query for pair in _items(key, query[key]))


def _items(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list | dict):
        yield key, value
        return
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for name, item in inside:
        yield from _items(f"{key}[{name}]", item)


EVERY = tuple(Acting(api, operation) for api in APIS for operation in api.operations)
# Those that differ in their rows only; the others have tests of their own.
ACTIONS = tuple(
    acting
    for acting in EVERY
    if acting.operation.handler is act and acting.operation.body
)
