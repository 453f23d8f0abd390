"""The register of how faithful the server is: an entry for everything it does.

Nothing is stated here: the entries are read from the APIs, their schemas,
answers and messages, so what has none does not exist, or its test fails.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple, get_args

from mockthingspace.apis import APIS, common
from mockthingspace.core.exceptions import refusal_name
from mockthingspace.core.models import EVIDENCE, Claim, Evidence, Provenance
from mockthingspace.core.sources import date_of
from mockthingspace.spec.api import Api, Operation
from mockthingspace.spec.events import Event
from mockthingspace.spec.schemas import BaseSchema

EntryKind = Literal[
    "operation", "field", "refusal", "rule", "event", "message", "header"
]
KINDS: tuple[EntryKind, ...] = get_args(EntryKind)
ALL = "all"


class Entry(NamedTuple):
    """One thing the server does, and how we know.

    ``family`` is ``all`` for what belongs to none; ``kind`` is one of ``KINDS``:
    ``field`` is one of a request or a reply, ``message`` one of a message.
    """

    family: str
    kind: EntryKind
    name: str
    summary: str
    evidence: Evidence
    source: str

    @property
    def date(self) -> str:
        """When the source was read or what it says was measured."""
        return date_of(self.source)


def entries(apis: Iterable[Api] = APIS) -> list[Entry]:
    """Return the whole register, API by API, and the headers last."""
    found = [entry for api in apis for entry in _of(api)]
    found += [
        _entry(ALL, "header", f"{place} {name}", claim)
        for (place, name), claim in common.HEADERS.items()
    ]
    return list(dict.fromkeys(found))


def totals(among: Iterable[Entry]) -> dict[Evidence, int]:
    """Return how many entries have each kind of evidence."""
    counts = Counter(entry.evidence for entry in among)
    return {evidence: counts[evidence] for evidence in EVIDENCE}


def path_of(api: Api, operation: Operation) -> str:
    """Spell where an operation is, as documentation does."""
    path = f"{api.prefix}{operation.rule}"
    return path.replace("<", "{").replace(">", "}")


def _of(api: Api) -> Iterator[Entry]:
    for operation in api.operations:
        name = f"{operation.method} {path_of(api, operation)}"
        yield _entry(api.name, "operation", name, operation.claim)
        yield from _fields(api, operation)
    for refusal, answer in api.answers.items():
        yield _entry(api.name, "refusal", refusal_name(refusal), answer.claim)
        if answer.docs_claim is not None:
            name = f"{refusal_name(refusal)} (dialect=docs)"
            yield _entry(api.name, "refusal", name, answer.docs_claim)
    for claim in dict.fromkeys(_rules(api)):
        yield _entry(api.name, "rule", claim.summary, claim)
    for event in api.events:
        known = event.provenance
        yield Entry(api.name, "event", event.name, event.summary, *known)
        yield from _rows(api, event)


def _fields(api: Api, operation: Operation) -> Iterator[Entry]:
    for place, schema in operation.schemas():
        yield from _keys(api, f"{operation.name} {place}", schema)
    other = operation.in_docs_dialect.reply
    if other is not None and other is not operation.reply:
        yield from _keys(api, f"{operation.name} reply (dialect=docs)", other)


def _keys(api: Api, place: str, schema: BaseSchema) -> Iterator[Entry]:
    for name, field in schema.fields.items():
        key = f"{place} {field.data_key or name}"
        told = field.metadata.get("known") or provenance_of(schema)
        for inner in ("", *_inside(field.metadata.get("example"))):
            yield Entry(api.name, "field", f"{key}{inner}", f"{key}{inner}", *told)


def _inside(example: Any) -> Iterator[str]:
    """Return the paths of the keys inside a field, arrays collapsed."""
    for item in example if isinstance(example, list) else [example]:
        if isinstance(item, dict):
            for key, value in item.items():
                yield f".{key}"
                yield from (f".{key}{inner}" for inner in _inside(value))


def provenance_of(schema: BaseSchema) -> Provenance:
    """Return how we know of a schema's fields.

    Raises:
        AssertionError: The schema does not say; nothing may be served unmarked.
    """
    assert schema.known is not None, f"{schema!r} does not say how it is known"
    return schema.known


def _rules(api: Api) -> Iterator[Claim]:
    """Return what an API does besides: its own claims, and those of its values."""
    yield from api.claims
    for rule, known_as in api.registration_rules.items():
        yield Claim(f"registration_rules=enforced: {rule.summary}", *known_as)
    if api.signed is not None:
        yield from common.signing(api.signed)
    for operation in api.operations:
        for value in (operation, operation.in_docs_dialect):
            if value.silent:
                yield value.silent
        if operation.many and not operation.silent:
            yield common.NOTHING_LISTED
        for place, schema in operation.schemas():
            if place != "reply":
                yield from _of_schema(operation, place, schema)


def _of_schema(operation: Operation, place: str, schema: BaseSchema) -> Iterator[Claim]:
    """Return what a request's schema takes besides its fields."""
    for other, spelling in schema.also.items():
        summary = (
            f"{operation.name}: {other} is taken for {spelling.key} in the {place}"
        )
        yield Claim(summary, *spelling.known)
    read = common.READERS[schema.reader]
    if read is not None:
        yield read
    for field in schema.fields.values():
        yield from getattr(field, "claims", ())


def _rows(api: Api, event: Event) -> Iterator[Entry]:
    for row in event.fields:
        name = f"{event.name} {row.path}"
        yield Entry(api.name, "message", name, row.path, row.evidence, row.source)


def _entry(family: str, kind: EntryKind, name: str, claim: Claim) -> Entry:
    return Entry(family, kind, name, claim.summary, claim.evidence, claim.source)
