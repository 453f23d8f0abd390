"""The table of all cases: what is sent, and which file the answer must be."""

from . import (
    connectivity,
    diagnostics,
    hyper_precise,
    lasting,
    location,
    sessions,
    software_management,
)
from .asking import Case

CASES: tuple[Case, ...] = (
    *software_management.CASES,
    *connectivity.CASES,
    *location.CASES,
    *diagnostics.CASES,
    *hyper_precise.CASES,
    *sessions.CASES,
    *lasting.CASES,
)
