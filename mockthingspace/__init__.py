"""A local double of Verizon ThingSpace's callback APIs.

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
    from mockthingspace.app import create_app as create_app
    from mockthingspace.checks.run import check_listener as check_listener
    from mockthingspace.errors import MockThingSpaceError as MockThingSpaceError
    from mockthingspace.handle import MockThingSpace as MockThingSpace
    from mockthingspace.listener import Listener as Listener
    from mockthingspace.sdk import point_sdk as point_sdk
    from mockthingspace.settings import Settings as Settings
    from mockthingspace.signing import verify as verify

_HOMES = {
    "Listener": "mockthingspace.listener",
    "MockThingSpace": "mockthingspace.handle",
    "MockThingSpaceError": "mockthingspace.errors",
    "Settings": "mockthingspace.settings",
    "check_listener": "mockthingspace.checks.run",
    "create_app": "mockthingspace.app",
    "point_sdk": "mockthingspace.sdk",
    "verify": "mockthingspace.signing",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its module the first time it is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'mockthingspace' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value
