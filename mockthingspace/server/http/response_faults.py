"""What the server is told to do to a reply's bytes."""

from collections.abc import Callable
from typing import NamedTuple

RESPONSE_FAULT = "mockthingspace.spoil"


class ResponseFault(NamedTuple):
    """How a reply's bytes are spoiled: ``reset``, ``empty``, ``slow`` and so on.

    A slow one is cut into ``pieces`` and takes ``seconds``, which ``wait`` waits
    for in as many parts, until it says that no more is to be waited for.
    """

    how: str
    pieces: int = 1
    seconds: float = 0.0
    wait: Callable[[float], bool] | None = None
