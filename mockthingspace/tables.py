"""The README's tables, written from the values they describe.

``python -m mockthingspace.tables README.md`` (``make docs``) rewrites what
stands between ``<!-- NAME -->`` and ``<!-- /NAME -->``; a test compares.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

from mockthingspace.families import FAMILIES
from mockthingspace.model import Fact, Mark
from mockthingspace.settings import rows, spelled


def operations() -> str:
    """Every operation of every family."""
    return _table(
        ("family", "operation", "method and path", "promises", "known"),
        (
            (
                f"`{family.name}`",
                one.name,
                f"`{one.method} {family.prefix}{_template(one.rule)}`",
                one.fact.says,
                one.fact.mark,
            )
            for family in FAMILIES
            for one in family.operations
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
                f"`{spelled(row.metadata['default'])}`",
                row.metadata["does"],
            )
            for row in rows()
        ),
    )


def facts() -> str:
    """What is not simply as documented: observed and assumed behaviour."""
    return _table(
        ("family", "what the double does", "known", "source"),
        (
            (
                ", ".join(f"`{name}`" for name in names),
                fact.says,
                fact.mark,
                _linked(fact.source),
            )
            for fact, names in _all_facts().items()
            if fact.mark != "documented"
        ),
    )


def totals() -> str:
    """How many facts are documented, observed and assumed."""
    marks = [fact.mark for fact in _all_facts()]
    counts = (f"{marks.count(mark)} {mark}" for mark in get_args(Mark))
    return ", ".join(counts) + "."


TABLES = {
    "operations": operations,
    "settings": settings,
    "facts": facts,
    "totals": totals,
}


def written(text: str) -> str:
    """Return a page with each table between its marks as the values say."""
    for name, table in TABLES.items():
        marks = re.compile(f"<!-- {name} -->\n.*?<!-- /{name} -->", re.DOTALL)
        head, tail = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        text = marks.sub(f"{head}\n{_escaped(table())}\n\n{tail}", text)
    return text


def _escaped(table: str) -> str:
    return table.replace("\\", "\\\\")


def _all_facts() -> dict[Fact, list[str]]:
    """Return every fact once, with the names of the families that keep it."""
    names: dict[Fact, list[str]] = {}
    for family in FAMILIES:
        for fact in family.every_fact():
            known = names.setdefault(fact, [])
            if family.name not in known:
                known.append(family.name)
    return names


def _linked(source: str) -> str:
    """Return a source with its addresses as links named for the page."""

    def link(found: re.Match[str]) -> str:
        page = found[0].rstrip("/").rpartition("/")[2].removesuffix(".html")
        return f"[{re.sub('[-_]', ' ', page)}]({found[0]})"

    return re.sub(r"https://[^\s;,)]+", link, source)


def _template(rule: str) -> str:
    return rule.replace("<", "{").replace(">", "}")


def _table(heads: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    made = [heads, tuple("---" for _ in heads), *lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in made)


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(written(page.read_text("utf-8")), "utf-8")
