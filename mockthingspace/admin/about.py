"""``health`` and ``families``: what runs here, and how faithful it is."""

import os
from typing import Any

from flask import Response

from mockthingspace import __version__
from mockthingspace.double import current
from mockthingspace.families import FAMILIES
from mockthingspace.family import Family, json_response
from mockthingspace.model import Fact


def health() -> Response:
    """Say that it answers, for how long, and who it is."""
    double = current()
    uptime = double.clock.now() - double.started_at
    return json_response(
        {
            "status": "healthy",
            "version": __version__,
            "uptime_s": uptime.total_seconds(),
            "pending_deliveries": double.state.courier.pending(),
            "epoch": double.state.epoch,
            "pid": os.getpid(),
        }
    )


def families() -> Response:
    """Show everything served, each with its mark and source."""
    return json_response({"families": [_family(one) for one in FAMILIES]})


def _family(family: Family) -> dict[str, Any]:
    return {
        "name": family.name,
        "prefix": family.prefix,
        "services": list(family.services),
        "operations": [
            {
                "name": one.name,
                "method": one.method,
                "path": family.prefix + one.rule.replace("<", "{").replace(">", "}"),
                **_fact(one.fact),
            }
            for one in family.operations
        ],
        "refusals": [_fact(one.fact) for one in family.answers.values()],
        "facts": [_fact(one) for one in family.facts],
    }


def _fact(fact: Fact) -> dict[str, str]:
    return {"says": fact.says, "mark": fact.mark, "source": fact.source}
