"""``snapshot``, ``settings`` and ``reset``: everything at once."""

from flask import Response
from marshmallow import Schema, fields

from mockthingspace.apis import APIS
from mockthingspace.backend import seeds
from mockthingspace.backend.faults import parser
from mockthingspace.core import serializers
from mockthingspace.core.exceptions import SettingsError
from mockthingspace.core.settings import checked, plain, to_json
from mockthingspace.server.admin import schemas
from mockthingspace.server.admin.common import document, filters, with_known_account
from mockthingspace.server.http.blueprint import json_response
from mockthingspace.server.http.current import current

STARTED_WITH = (
    "host",
    "port",
    "allowed_hosts",
    "seed",
    "attempt_timeout_s",
    "clock",
    "allow_public_listeners",
)


class Reset(Schema):
    """``{account?}``."""

    account = fields.String()


_RESET = Reset()


def snapshot() -> Response:
    """Show everything as a seed document; tokens and the journal are left out."""
    backend = current()
    state = backend.state
    registrations = [
        serializers.registration(registration)
        for registration in state.registry.every()
    ]
    kept = {
        name: value
        for name, value in plain(state.settings).items()
        if name not in STARTED_WITH
    }
    events = {
        event.name: {
            "family": family,
            "service": event.service,
            "message": event.template(),
        }
        for family, event in state.events
    }
    faults = state.faults.every(backend.clock.now())
    return json_response(
        {
            "settings": kept,
            "registrations": registrations,
            "events": events,
            "faults": [parser.document(fault) for fault in faults],
            "actions": [
                seeds.document(action)
                for action in state.actions.every()
                if seeds.can_be_seeded(action, APIS)
            ],
            "hyper_precise": {
                account: sorted(imeis)
                for account, imeis in state.hyper_precise.every().items()
            },
        }
    )


def settings() -> Response:
    """Show how it behaves, passwords hidden."""
    return json_response({"settings": to_json(current().state.settings)})


def restore() -> Response:
    """Start over from a seed document, until the next reset."""
    backend = current()
    wanted = document()
    seed = seeds.seed(wanted, APIS, backend.clock.now())
    changes = checked(wanted.get("settings", {}), "the snapshot")
    if fixed := [name for name in STARTED_WITH if name in changes]:
        raise SettingsError(f"{', '.join(fixed)}: only set when a server starts")
    before = backend.replace(backend.settings.but(**changes), seed)
    return json_response({"restored": len(seed.registrations), "replaced": before})


def reset() -> Response:
    """Make everything, or one account, as just started; say what there was."""
    backend = current()
    given = {**schemas.loaded_or_empty(_RESET), **filters("account")}
    account = with_known_account(given).get("account")
    removed = backend.reset() if account is None else backend.reset_account(account)
    return json_response({**removed, "epoch": backend.state.epoch})
