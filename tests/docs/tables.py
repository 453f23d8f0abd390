"""The parts of docs/ that are written from the code.

``make docs`` rewrites what stands between ``<!-- NAME -->`` and ``<!-- /NAME -->``; a
test compares.
"""

import re
from collections.abc import Iterable
from dataclasses import fields
from inspect import Parameter, cleandoc, isfunction, signature
from pathlib import Path
from textwrap import dedent
from typing import Any

from mockthingspace import (
    Listener,
    MockThingSpace,
    check_listener,
    create_app,
    point_sdk,
    verify,
)
from mockthingspace.apis import APIS, fidelity
from mockthingspace.apis.fidelity import Entry, entries, path_of
from mockthingspace.backend.faults.kinds import FAULTS, FaultKind
from mockthingspace.backend.timeline import Entry as TimelineEntry
from mockthingspace.cli.common import EXIT_CODES
from mockthingspace.cli.main import cli
from mockthingspace.client import models
from mockthingspace.client.actions import RecordedAction
from mockthingspace.client.faults import RecordedFault
from mockthingspace.core.models import EVIDENCE, Evidence, Registration
from mockthingspace.core.settings import default_text, rows
from mockthingspace.testing.conformance.checks import CHECKS
from mockthingspace.testing.conformance.results import Report
from mockthingspace.testing.listener import ReceivedMessage

PAGES = sorted((Path(__file__).parents[2] / "docs").glob("*.md"))
VALUES = (
    Registration,
    models.RecordedExchange,
    models.RecordedDelivery,
    models.RecordedAttempt,
    models.RecordedClock,
    RecordedAction,
    RecordedFault,
    TimelineEntry,
    ReceivedMessage,
    Report,
)


def operations() -> str:
    """Every operation of every API."""
    return _table(
        ("API", "operation", "method and path", "promises", "evidence"),
        (
            (
                f"`{api.name}`",
                operation.name,
                f"`{operation.method} {path_of(api, operation)}`",
                operation.claim.summary,
                operation.claim.evidence,
            )
            for api in APIS
            for operation in api.operations
        ),
    )


def actions() -> str:
    """Every action: its request, and the message that it ends with."""
    return _table(
        ("operation", "method and path", "ends with"),
        (
            (
                f"`{operation.name}`",
                f"`{operation.method} {path_of(api, operation)}`",
                ", ".join(f"`{event}`" for event in operation.action.success),
            )
            for api in APIS
            for operation in api.operations
            if operation.action is not None
        ),
    )


def events() -> str:
    """How many events each API has for how many services, and the first three."""
    return _table(
        ("API", "services", "events", "such as"),
        (
            (
                f"`{api.name}`",
                str(len(api.services)),
                str(len(api.events)),
                ", ".join(f"`{event.name}`" for event in api.events[:3]),
            )
            for api in APIS
            if api.events
        ),
    )


def settings() -> str:
    """Every setting: its flag, what it takes, its default, what it does."""
    return _table(
        ("flag", "takes", "default", "does"),
        (
            (
                f"`--{row.name.replace('_', '-')}`",
                row.metadata["kind"].allowed.replace("|", "\\|"),
                f"`{default_text(row.metadata['default'])}`",
                row.metadata["does"],
            )
            for row in rows()
        ),
    )


def commands() -> str:
    """Every command of the command line, and what it does."""
    return _table(
        ("command", "does"),
        (
            (f"`{name}`", _flowing(command.help.split("\n\n")[0]))
            for name, command in sorted(cli.commands.items())
        ),
    )


def exits() -> str:
    """Every exit code of the command line, and what it means."""
    return _table(
        ("exit code", "means"),
        ((str(code), summary) for code, summary in EXIT_CODES.items()),
    )


def checks() -> str:
    """Every check of a listener: what it does, why, and how we know."""
    return _table(
        ("check", "what is sent, and what must come", "why", "evidence", "source"),
        (
            (
                f"`{check.name}`",
                check.does,
                check.matters,
                check.evidence,
                _linked(check.source),
            )
            for check in CHECKS
        ),
    )


def faults() -> str:
    """Every kind of fault: what it does, what it takes, WireMock's name for it."""
    return _table(
        ("kind", "on", "what happens", "takes, and default", "times", "WireMock"),
        (
            (
                f"`{kind.name}`",
                kind.on,
                kind.does,
                _takes(kind),
                "always" if kind.times is None else str(kind.times),
                f"`{kind.wiremock}`" if kind.wiremock else "",
            )
            for kind in FAULTS
        ),
    )


def _takes(kind: FaultKind) -> str:
    """Return what a kind of fault takes, a line an option."""
    rows = (
        f"`{name}` {row.allowed.replace('|', chr(92) + '|')} "
        f"(`{default_text(default)}`)"
        for name, (row, default) in kind.options.items()
    )
    return "<br>".join(rows)


def totals() -> str:
    """How much of each API is documented, observed and assumed."""
    register = entries()
    names = dict.fromkeys(entry.family for entry in register)
    counts = [(f"`{name}`", _count(register, name)) for name in names]
    every = ("together", fidelity.totals(register))
    return _table(
        ("API", *EVIDENCE),
        (
            (name, *(str(count[evidence]) for evidence in EVIDENCE))
            for name, count in (*counts, every)
        ),
    )


def register() -> str:
    """Every entry of the register, a table an API; fields of messages in groups."""
    known = entries()
    names = dict.fromkeys(item.family for item in known)
    return "\n\n".join(
        f"## {name}\n\n{_entries([item for item in known if item.family == name])}"
        for name in names
    )


def _entries(known: list[Entry]) -> str:
    """Return a table; keys of one schema, and fields of messages, are grouped."""
    lines: dict[tuple[str, ...], list[str]] = {}
    for entry in known:
        kind, what, named = _grouped(entry)
        line = (kind, what, entry.evidence, entry.date, _linked(entry.source))
        lines.setdefault(line, []).append(named)
    told = (
        (kind, f"{what}{_together(kind, named)}", *rest)
        for (kind, what, *rest), named in lines.items()
    )
    return _table(("kind", "what", "evidence", "date", "source"), told)


def _grouped(entry: Entry) -> tuple[str, str, str]:
    """Return an entry's kind, what its group is, and what it is in the group."""
    if entry.kind == "field":
        place, _, key = entry.name.rpartition(" ")
        return entry.kind, f"{place}: ", f"`{key}`"
    if entry.kind == "message":
        return entry.kind, f"`{entry.summary}`", ""
    return entry.kind, _what(entry), ""


def _together(kind: str, named: list[str]) -> str:
    if kind == "field":
        return ", ".join(named)
    return f" (in {len(named)})" if kind == "message" else ""


def _what(entry: Entry) -> str:
    if entry.kind == "rule":
        return entry.summary
    return f"`{entry.name}`" + (
        "" if entry.summary == entry.name else f" {entry.summary}"
    )


def _count(register: list[Entry], family: str) -> dict[Evidence, int]:
    return fidelity.totals(entry for entry in register if entry.family == family)


def api() -> str:
    """Every public method with its arguments, as the docstrings have them."""
    told = []
    for kind in (MockThingSpace, Listener):
        told += [f"## `{kind.__name__}`", _described(kind)]
        for owner in kind.__mro__[:-1]:
            told += [
                _described(member, f"### `{_called(name, member)}`")
                for name, member in vars(owner).items()
                if not name.startswith("_") and name != "admin" and _public(member)
                # ``then`` is ``reply``
                if getattr(member, "__name__", name) == name
            ]
    told.append("## Functions")
    for function in (point_sdk, check_listener, verify, create_app):
        name = _called(function.__name__, function)
        told.append(_described(function, f"### `{name}`"))
    return "\n\n".join(told)


def values() -> str:
    """Every value that a method returns, with its fields."""
    return _table(
        ("value", "fields"),
        (
            (f"`{kind.__name__}`", ", ".join(f"`{item.name}`" for item in fields(kind)))
            for kind in VALUES
        ),
    )


def _public(member: Any) -> bool:
    return isfunction(member) or isinstance(member, classmethod | property)


def _called(name: str, member: Any) -> str:
    """Return how a member is used: its name, and its arguments without types."""
    if isinstance(member, property):
        return name
    told, keyword = [], False
    parameters = signature(getattr(member, "__func__", member)).parameters
    for parameter in parameters.values():
        if parameter.name in ("self", "cls"):
            continue
        if parameter.kind is Parameter.KEYWORD_ONLY and not keyword:
            keyword = True
            told.append("*")
        default = parameter.default
        shown = "…" if type(default) is object else repr(default)
        value = "" if default is Parameter.empty else f"={shown}"
        stars = "**" if parameter.kind is Parameter.VAR_KEYWORD else ""
        told.append(f"{stars}{parameter.name}{value}")
    return f"{name}({', '.join(told)})"


def _described(member: Any, *head: str) -> str:
    """Return a docstring in Markdown, its arguments as a table."""
    doc = cleandoc(member.__doc__).replace("``", "`")
    text, *rest = re.split(r"^(Args|Returns|Raises|Example):\n", doc, flags=re.M)
    sections = dict(zip(rest[::2], map(dedent, rest[1::2]), strict=True))
    told = [*head, *map(_flowing, text.strip().split("\n\n"))]
    rows = re.findall(r"^(\S+): (.*?)(?=^\S|\Z)", sections.get("Args", ""), re.M | re.S)
    if rows:
        lines = ((f"`{name}`", _flowing(summary)) for name, summary in rows)
        told.append(_table(("argument", "meaning"), lines))
    if "Returns" in sections:
        told.append(f"Returns: {_flowing(sections['Returns'])}")
    raised = re.findall(
        r"^(\w+): (.*?)(?=^\S|\Z)", sections.get("Raises", ""), re.M | re.S
    )
    told += [f"Raises `{name}`: {_flowing(summary)}" for name, summary in raised]
    return "\n\n".join(told)


def _flowing(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


TABLES = {
    "api": api,
    "values": values,
    "operations": operations,
    "actions": actions,
    "events": events,
    "settings": settings,
    "commands": commands,
    "exits": exits,
    "faults": faults,
    "checks": checks,
    "totals": totals,
    "register": register,
}


def written(text: str) -> str:
    """Return a page with each table between its marks as the values say."""

    def table(found: re.Match[str]) -> str:
        name = found[1]
        return f"<!-- {name} -->\n\n{TABLES[name]()}\n\n<!-- /{name} -->"

    return re.sub(r"<!-- (\w+) -->\n.*?<!-- /\1 -->", table, text, flags=re.DOTALL)


def _linked(source: str) -> str:
    """Return a source with its addresses as links named for the page."""

    def link(found: re.Match[str]) -> str:
        page = found[0].rstrip("/").rpartition("/")[2].removesuffix(".html")
        return f"[{re.sub('[-_]', ' ', page)}]({found[0]})"

    return re.sub(r"https://[^\s;,)]+", link, source)


def _table(heads: tuple[str, ...], lines: Iterable[Iterable[str]]) -> str:
    made = [heads, tuple("---" for _ in heads), *lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in made)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(written(page.read_text("utf-8")), "utf-8")
