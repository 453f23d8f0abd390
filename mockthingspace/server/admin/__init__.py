"""``/__admin``: what a script, the command line and the handle drive the server by.

JSON objects at top level; errors are ``{"error": code, "message": sentence}``.
``GET`` never changes anything. One module a resource; the tables below are all
that is served.
"""

import json
from collections.abc import Mapping

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from mockthingspace import __version__
from mockthingspace.apis import APIS
from mockthingspace.core.exceptions import AdminError, SettingsError
from mockthingspace.server.admin import (
    about,
    actions,
    clock,
    deliveries,
    faults,
    openapi,
    registrations,
    requests,
    state,
    timeline,
)
from mockthingspace.server.admin.common import PREFIX, error_response

RESOURCES = (
    ("GET", "/health", about.health),
    ("GET", "/families", about.families),
    ("GET", "/openapi.json", openapi.described),
    ("GET", "/registrations", registrations.every),
    ("POST", "/registrations", registrations.add),
    ("DELETE", "/registrations", registrations.remove),
    ("GET", "/requests", requests.every),
    ("DELETE", "/requests", requests.remove),
    ("GET", "/requests/<int:seq>", requests.one),
    ("GET", "/requests/unmatched", requests.unmatched),
    ("POST", "/requests/find", requests.find),
    ("POST", "/requests/count", requests.count),
    ("POST", "/requests/reset", requests.remove),
    ("POST", "/near-misses/request-pattern", requests.near_misses),
    ("POST", "/near-misses/delivery-pattern", deliveries.nearest),
    ("GET", "/events", deliveries.events),
    ("GET", "/deliveries", deliveries.every),
    ("POST", "/deliveries", deliveries.add),
    ("GET", "/deliveries/<identity>", deliveries.one),
    ("POST", "/deliveries/<identity>/resend", deliveries.again),
    ("POST", "/deliveries/wait", deliveries.wait),
    ("POST", "/deliveries/wait-until-idle", deliveries.wait_until_idle),
    ("GET", "/actions", actions.every),
    ("POST", "/actions/<request_id>/complete", actions.complete),
    ("GET", "/faults", faults.every),
    ("POST", "/faults", faults.add),
    ("DELETE", "/faults", faults.remove),
    ("DELETE", "/faults/<identity>", faults.remove_one),
    ("GET", "/timeline", timeline.every),
    ("GET", "/clock", clock.show),
    ("PUT", "/clock", clock.change),
    ("POST", "/clock/advance", clock.advance),
    ("GET", "/settings", state.settings),
    ("GET", "/snapshot", state.snapshot),
    ("PUT", "/snapshot", state.restore),
    ("POST", "/reset", state.reset),
)


def front() -> Response:
    """Say what this is, and where the rest is."""
    document = {
        "name": "mockthingspace",
        "version": __version__,
        "summary": "a simulator of Verizon ThingSpace's callback APIs, not Verizon's",
        "families": {api.prefix: api.name for api in APIS},
        "admin": {f"{PREFIX}{rule}": methods for rule, methods in _there().items()},
        "docs": [
            "mockthingspace --help",
            "README.md and docs/",
            f"{PREFIX}/families",
            f"{PREFIX}/openapi.json",
        ],
    }
    text = json.dumps(document, indent=2)
    return Response(f"{text}\n", content_type="application/json")


FRONT = (("GET", "", front), ("GET", "/", front))


def _there() -> Mapping[str, str]:
    """Return the methods of each resource, by its rule."""
    there: dict[str, str] = {}
    for method, rule, _ in RESOURCES:
        named = rule.replace("<int:", "<").replace("<", "{").replace(">", "}")
        there[named] = f"{there[named]}, {method}" if named in there else method
    return there


def blueprint() -> Blueprint:
    """Build the admin API."""
    served = Blueprint("admin", __name__, url_prefix=PREFIX)
    for method, rule, view in FRONT + RESOURCES:
        served.add_url_rule(
            rule,
            endpoint=f"{method} {rule}".replace(".", "-"),
            view_func=view,
            methods=[method],
            provide_automatic_options=False,
        )
    served.register_error_handler(AdminError, _refused)
    served.register_error_handler(SettingsError, _unusable)
    served.register_error_handler(RecursionError, _too_deep)
    return served


def _refused(error: AdminError) -> Response:
    return error_response(error.code, error.message, error.status)


def _unusable(error: SettingsError) -> Response:
    return error_response("invalid", str(error), 400)


def _too_deep(_: RecursionError) -> Response:
    return error_response("invalid_body", "the body is nested too deeply", 400)


def not_served(error: HTTPException) -> Response:
    """Answer a path or method the admin API does not have."""
    reply = error_response(
        "not_served",
        f"the admin API has no {request.method} {request.path}; below "
        f"{PREFIX}: {', '.join(_there())}",
        error.code or 404,
    )
    allow = error.get_response().headers.get("Allow")
    if allow is not None:
        reply.headers["Allow"] = allow
    return reply
