"""Tables in tests: a table is one case, which names the rows that fail."""

from collections.abc import Callable, Iterable
from functools import wraps
from inspect import signature
from typing import Any

LONGEST_NAME = 120


def each(
    names: str | tuple[str, ...],
    rows: Iterable[Any],
    ids: Iterable[str] | Callable[[Any], str] = repr,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Try a test on every row of a table, and fail with all the rows it fails on.

    It takes what ``pytest.mark.parametrize`` takes. The rows are one case, so its
    fixtures are made once: what a row leaves behind must not matter to the next.
    """
    keys = (names,) if isinstance(names, str) else tuple(names)
    values = [(row,) if isinstance(names, str) else tuple(row) for row in rows]
    assert values, "a table without rows tests nothing"
    named = [None] * len(values) if callable(ids) else list(ids)
    table = list(zip(named, values, strict=True))

    def told(name: str | None, row: tuple[Any, ...]) -> str:
        """Name a row; only where it fails, as a representation may take long."""
        if name is None and callable(ids):
            name = "-".join(str(ids(value)) for value in row)[:LONGEST_NAME]
        return str(name)

    def looping(test: Callable[..., None]) -> Callable[..., None]:
        @wraps(test)
        def on_every_row(**fixtures: Any) -> None:
            failures: list[tuple[str, Exception]] = []
            for name, row in table:
                try:
                    test(**fixtures, **dict(zip(keys, row, strict=True)))
                except Exception as error:  # noqa: BLE001 (raised below, with its row)
                    failures.append((told(name, row), error))
            if failures:
                head = f"{len(failures)} of {len(table)} rows fail"
                lines = [f"[{name}] {error!r}" for name, error in failures]
                raise AssertionError("\n".join([head, *lines])) from failures[0][1]

        own = signature(test)
        rest = [value for key, value in own.parameters.items() if key not in keys]
        on_every_row.__signature__ = own.replace(parameters=rest)  # type: ignore[attr-defined]
        return on_every_row

    return looping
