"""``registrations``: read, seed and remove them directly, bypassing the API."""

from flask import Response

from mockthingspace.apis import APIS
from mockthingspace.backend import seeds
from mockthingspace.core import serializers
from mockthingspace.core.exceptions import InactiveAccount, SettingsError
from mockthingspace.server.admin.common import document, filters, with_known_account
from mockthingspace.server.http.blueprint import check_active, json_response
from mockthingspace.server.http.current import current

_FILTERS = ("family", "account", "service")


def every() -> Response:
    """Show those that match the filters."""
    found = current().state.registry.every(**with_known_account(filters(*_FILTERS)))
    shown = [serializers.registration(item) for item in found]
    return json_response({"registrations": shown, "meta": {"total": len(shown)}})


def add() -> Response:
    """Register one, in place of an earlier one; 201 and the registration."""
    backend = current()
    state = backend.state
    made = seeds.registration(document(), APIS, backend.clock.now())
    try:
        check_active(made.account, state.settings)
    except InactiveAccount as error:
        raise SettingsError(error.reason) from error
    state.registry.register(made)
    return json_response(serializers.registration(made), 201)


def remove() -> Response:
    """Remove those that match the filters; say how many."""
    state = current().state
    given = with_known_account(filters(*_FILTERS))
    going = state.registry.every(**given)
    removed = state.registry.remove(**given)
    state.dispatcher.cancel(registration.queue_key for registration in going)
    return json_response({"removed": removed})
