"""A local simulator of Verizon ThingSpace's callback APIs.

The public names are loaded on first use: importing this package costs nothing,
so the pytest plugin and ``mockthingspace --help`` stay fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "1.0.0"
__all__ = [
    "Listener",
    "MockThingSpace",
    "MockThingSpaceError",
    "Settings",
    "__version__",
    "check_listener",
    "create_app",
    "point_sdk",
    "verify",
]

if TYPE_CHECKING:
    from mockthingspace.core.exceptions import (
        MockThingSpaceError as MockThingSpaceError,
    )
    from mockthingspace.core.settings import Settings as Settings
    from mockthingspace.core.signatures import verify as verify
    from mockthingspace.server.app import create_app as create_app
    from mockthingspace.testing.conformance.run import check_listener as check_listener
    from mockthingspace.testing.listener import Listener as Listener
    from mockthingspace.testing.mock_thingspace import MockThingSpace as MockThingSpace
    from mockthingspace.testing.sdk import point_sdk as point_sdk

_HOMES = {
    "Listener": "mockthingspace.testing.listener",
    "MockThingSpace": "mockthingspace.testing.mock_thingspace",
    "MockThingSpaceError": "mockthingspace.core.exceptions",
    "Settings": "mockthingspace.core.settings",
    "check_listener": "mockthingspace.testing.conformance.run",
    "create_app": "mockthingspace.server.app",
    "point_sdk": "mockthingspace.testing.sdk",
    "verify": "mockthingspace.core.signatures",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its module the first time it is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'mockthingspace' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value
