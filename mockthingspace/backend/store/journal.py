"""The exchanges of one server, in order."""

from itertools import chain

from mockthingspace.backend.store.history import History
from mockthingspace.core.models import Exchange, Pairs

LONGEST_KEPT = 64 * 1024
OVERHEAD = 1024  # of an exchange's objects, about


class Journal(History[Exchange]):
    """The last exchanges; of each part of one the first 64 KiB are kept."""

    def fit(self, item: Exchange) -> tuple[Exchange, int]:
        """Return an exchange as it is kept, and about how many bytes it takes."""
        size = _size(item)
        if size > LONGEST_KEPT:
            item = _cut(item)
            size = _size(item)
        return item, size


def _size(item: Exchange) -> int:
    texts = (item.method, item.path, item.query, item.reason or "")
    headers = chain.from_iterable((*item.headers, *item.reply_headers))
    return OVERHEAD + sum(map(len, chain(texts, (item.body, item.reply), headers)))


def _cut(exchange: Exchange) -> Exchange:
    """Return an exchange with the first 64 KiB of each of its parts."""
    return exchange._replace(
        method=exchange.method[:LONGEST_KEPT],
        path=exchange.path[:LONGEST_KEPT],
        query=exchange.query[:LONGEST_KEPT],
        body=exchange.body[:LONGEST_KEPT],
        reply=exchange.reply[:LONGEST_KEPT],
        reason=exchange.reason and exchange.reason[:LONGEST_KEPT],
        headers=_cut_headers(exchange.headers),
        reply_headers=_cut_headers(exchange.reply_headers),
    )


def _cut_headers(pairs: Pairs) -> Pairs:
    room = LONGEST_KEPT
    kept = []
    for name, value in pairs:
        kept.append((name[:room], value[: max(room - len(name), 0)]))
        room -= len(name) + len(value)
        if room <= 0:
            break
    return tuple(kept)
