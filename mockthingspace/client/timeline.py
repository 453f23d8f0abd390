"""The part of the handle that shows all that happened, in one order."""

from collections.abc import Mapping
from typing import Any

from mockthingspace.backend.timeline import FORMATS, Entry
from mockthingspace.client.models import instant, read
from mockthingspace.client.transport import AdminCaller
from mockthingspace.core.exceptions import MockThingSpaceError, suggest

__tracebackhide__ = True  # in every frame of this module, for pytest


class TimelineHandle(AdminCaller):
    """What a handle does with the timeline."""

    def timeline(
        self,
        account: str | None = None,
        since: int | None = None,
        limit: int | None = None,
    ) -> list[Entry]:
        """Return all that happened, oldest first; each is readable as a line.

        Args:
            account: Only this account's and what concerns everybody; this
                handle's own account if None.
            since: Only what is numbered above this ``seq``.
            limit: Only the last so many.
        """
        return entries(self._of(account, "/timeline", since=since, limit=limit))

    def timeline_text(
        self,
        account: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        *,
        format: str = "text",  # noqa: A002 (the admin API's word)
    ) -> str:
        """Return the timeline as ``text``, or as a ``mermaid`` sequence diagram.

        Raises:
            MockThingSpaceError: There is no such format.
        """
        if format not in FORMATS:
            raise MockThingSpaceError(
                f"unknown format {format!r}; {suggest(format, FORMATS)}"
            )
        shown = self._of(account, "/timeline", since=since, limit=limit)
        return in_format(shown, format)


def entries(shown: Mapping[str, Any]) -> list[Entry]:
    """Read a timeline as the admin API shows it."""
    return [read(Entry, item, at=instant(item["at"])) for item in shown["timeline"]]


def in_format(shown: Mapping[str, Any], wanted: str) -> str:
    """Return a timeline, as the admin API shows it, in a format."""
    meta = shown["meta"]
    return FORMATS[wanted](entries(shown), meta["total"], meta["evicted"])
