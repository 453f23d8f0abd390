"""Applications for tests: each has a double of its own, all share their URL rules.

Compiling the rules is most of what ``create_app`` costs, and they are the same
whatever the settings. So a copy of one application gets a new double: nothing
that a test does to its own is seen by the next.
"""

from collections.abc import Mapping
from copy import copy
from functools import cache
from typing import Any

from flask import Flask

from mockthingspace import Settings, create_app
from mockthingspace.double import EXTENSION, Double


@cache
def _template() -> Flask:
    return create_app()


def application(
    settings: Settings | None = None, deliver_to: Mapping[str, Any] | None = None
) -> Flask:
    """Return what ``create_app`` does, fast; for settings without a seed file."""
    settings = settings or Settings()
    assert settings.seed is None, "a seed file is read by create_app only"
    app = copy(_template())
    app.view_functions = dict(app.view_functions)
    double = Double(settings, deliver_to=deliver_to or {})
    app.extensions = {**app.extensions, EXTENSION: double}
    return app
