"""Rows of fields that are known alike, and the device they speak of."""

from collections.abc import Mapping
from typing import Any

from mockthingspace.core.models import Evidence
from mockthingspace.spec.events import Field

Rows = tuple[Field, ...]

IMEI = "490154203237518"
ICCID = "89148000000800784259"
MDN = "5550100123"
EID = "89049032000001000000001234567890"


def rows(
    evidence: Evidence, source: str, values: Mapping[str, Any], below: str = ""
) -> Rows:
    """Return a row for each path, all of them under one other path if it is given."""
    start = f"{below}." if below else ""
    return tuple(
        Field(f"{start}{path}", value, evidence, source)
        for path, value in values.items()
    )


def devices(**identifiers: str) -> dict[str, str]:
    """Return the paths of an array of device identifiers, each named by its kind."""
    return {
        f"deviceIds.{index}.{name}": value
        for index, (kind, identifier) in enumerate(identifiers.items())
        for name, value in (("id", identifier), ("kind", kind))
    }
