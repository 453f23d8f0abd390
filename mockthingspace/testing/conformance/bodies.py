"""Messages changed as ThingSpace might change them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from mockthingspace.backend.delivery.connection import Pace
from mockthingspace.core.json_values import map_leaves

Message = dict[str, Any]
LARGE = 64 * 1024
LONG_NUMBER = 9


def together(number: int, timeout_s: float) -> Pace:
    """Return a pace that holds the last byte back until so many have come so far."""
    arrived = 0
    all_there = asyncio.Event()

    async def pace(body: bytes) -> AsyncIterator[bytes]:
        nonlocal arrived
        yield body[:-1]
        arrived += 1
        if arrived == number:
            all_there.set()
        with suppress(asyncio.TimeoutError):  # another could not connect
            await asyncio.wait_for(all_there.wait(), timeout_s)
        yield body[-1:]

    return pace


def encoded(message: Message) -> bytes:
    """Return a message as it is sent."""
    return json.dumps(message).encode()


def without_items(value: Any) -> Any:
    """Return a value with every array in it empty."""
    if isinstance(value, list):
        return []
    if isinstance(value, dict):
        return {key: without_items(item) for key, item in value.items()}
    return value


def with_nulls(message: Message) -> Message:
    """Return a message with null in the place of each empty object and array."""
    return {
        key: None if isinstance(value, dict | list) and not value else value
        for key, value in message.items()
    }


def with_numbers(value: Any) -> Any:
    """Return a value with numbers in the place of long texts of digits."""

    def number(item: Any) -> Any:
        digits = isinstance(item, str) and item.isdecimal() and len(item) > LONG_NUMBER
        return int(item) if digits else item

    return map_leaves(value, number)


def with_foreign_text(message: Message) -> bytes:
    """Return a message with a field of text that is not ASCII, in plain UTF-8."""
    noted = {**message, "note": "Zürich, Łódź, 東京, عمّان, 🛰"}
    return json.dumps(noted, ensure_ascii=False).encode()


def large(message: Message) -> bytes:
    """Return a message of 64 KiB, most of it white space."""
    return encoded(message).ljust(LARGE)
