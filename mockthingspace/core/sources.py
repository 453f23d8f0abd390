"""The pages and packages the wire facts were read in, and when.

They stand in ``fixtures/sources.json``, by name: an address, or a sentence where
there is none, and a date where it is not the common one. Here ``fota-get`` is
``FOTA_GET``, and in a document ``{fota-get}``.
"""

import json
import re
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
# In a checkout the folder lies beside the package, in a wheel inside.
FIXTURES = next(
    folder
    for folder in (_PACKAGE / "fixtures", _PACKAGE.parent / "fixtures")
    if folder.is_dir()
)
READ = "2026-11-23"
PAGES: dict[str, str] = {}
_DATES: dict[str, str] = {}
for _name, _page in json.loads((FIXTURES / "sources.json").read_text("utf-8")).items():
    PAGES[_name], _day = (_page, READ) if isinstance(_page, str) else _page
    if _day != READ:
        _DATES[PAGES[_name]] = _day
_NAME = re.compile(r"\{([a-z0-9-]+)\}")


def __getattr__(name: str) -> str:
    try:
        return PAGES[name.lower().replace("_", "-")]
    except KeyError:
        raise AttributeError(f"there is no source {name}") from None


def date_of(source: str) -> str:
    """Return when what a source names was measured or, for a page, was read.

    Where no source says something, it is the day they were searched for it.
    """
    return next((day for page, day in _DATES.items() if page in source), READ)


def spelled_out(text: str) -> str:
    """Return a source as a document has it, ``{fota-errors}`` replaced by its page.

    Raises:
        KeyError: There is no such page.
    """
    return _NAME.sub(lambda name: PAGES[name[1]], text)
