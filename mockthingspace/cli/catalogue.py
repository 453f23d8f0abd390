"""The commands that print what there is: the events, and how all of it is known."""

import json
from typing import TYPE_CHECKING, Any

import click

from mockthingspace.cli.common import (
    Command,
    Console,
    asks_server,
    family_option,
    table,
)
from mockthingspace.core.models import EVIDENCE

if TYPE_CHECKING:
    from mockthingspace.apis.fidelity import Entry

KINDS = ("operation", "field", "refusal", "rule", "event", "message", "header")


@click.command(
    epilog="\b\nExamples:\n"
    "  mockthingspace events\n"
    "  mockthingspace events --service NiddService\n"
    "  mockthingspace events Fota.upgradeFinished\n"
)
@asks_server
@family_option
@click.option("--service", help="only of this callback service, such as NiddService")
@click.argument("name", required=False)
def events(console: Console, name: str | None, **filters: Any) -> None:
    """List the events that can be triggered, or the fields of the event NAME."""
    from mockthingspace.spec.events import unknown_event

    document = console.ask("GET", "/events", None, **filters)
    if name is None:
        rows = [
            (event["event"], event["family"], event["evidence"], event["summary"])
            for event in document["events"]
        ]
        lines = table(("EVENT", "FAMILY", "EVIDENCE", "SENT WHEN"), rows)
        console.show(document, lines or ["no events"])
        return
    known = {event["event"]: event for event in document["events"]}
    if name not in known:
        raise unknown_event(name, known)
    fields = [
        (field["path"], json.dumps(field["default"]), field["evidence"])
        for field in known[name]["fields"]
    ]
    console.show(known[name], table(("FIELD", "DEFAULT", "EVIDENCE"), fields))


@click.command(
    cls=Command,
    epilog="\b\nExamples:\n"
    "  mockthingspace fidelity\n"
    "  mockthingspace fidelity --family fota-v1 --evidence assumed\n"
    "  mockthingspace fidelity --kind message --family connectivity --json\n",
)
@family_option
@click.option("--kind", type=click.Choice(KINDS), help="only entries of this kind")
@click.option(
    "--evidence", type=click.Choice(EVIDENCE), help="only facts with this evidence"
)
@click.option("--json", "as_json", is_flag=True, help="print a JSON document")
def fidelity(
    family: str | None, kind: str | None, evidence: str | None, as_json: bool
) -> None:
    """Print what the server does, how that is known, since when, and from where.

    The fields of messages are only counted, unless --kind message asks for them.
    """
    from mockthingspace.apis.fidelity import entries, totals

    register = entries()
    families = list(dict.fromkeys(entry.family for entry in register))
    if family is not None and family not in families:
        raise click.BadParameter(
            f"unknown family {family!r}; known: {', '.join(families)}",
            param_hint="--family",
        )
    wanted = {"family": family, "kind": kind, "evidence": evidence}
    found = [
        entry
        for entry in register
        if all(value in (None, getattr(entry, name)) for name, value in wanted.items())
    ]
    shown = [entry for entry in found if kind or entry.kind != "message"]
    counts = totals(found)
    if as_json:
        every = [{**item._asdict(), "date": item.date} for item in found]
        click.echo(json.dumps({"entries": every, "totals": counts}, indent=2))
        return
    rows = (
        (
            entry.family,
            entry.kind,
            entry.evidence,
            entry.date,
            _what(entry),
            entry.source,
        )
        for entry in shown
    )
    heads = ("FAMILY", "KIND", "EVIDENCE", "DATE", "WHAT", "SOURCE")
    lines = table(heads, rows)
    if left := len(found) - len(shown):
        lines.append(f"(and {left} fields of messages; --kind message prints them)")
    click.echo("\n".join(lines))
    click.echo(", ".join(f"{number} {name}" for name, number in counts.items()))


def _what(entry: "Entry") -> str:
    if entry.summary in entry.name:
        return entry.name
    return f"{entry.name}: {entry.summary}"
