"""Messages that can be triggered: what is in each, and how we know.

An event is a message as it is on the wire, and how each of its fields is known.
A value of a user's own must stand where the message has one.
"""

import json
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from functools import cached_property
from heapq import nlargest
from itertools import islice
from typing import Any
from uuid import UUID

from mockthingspace.core.exceptions import (
    LONGEST_COMPARED,
    AdminError,
    InvalidMessage,
    suggest,
)
from mockthingspace.core.json_values import (
    DEEPEST,
    is_deeper,
    leaves,
    map_leaves,
    type_name,
)
from mockthingspace.core.models import EVIDENCE, Evidence, Provenance, Registration

ECHOES = ("{account}", "{username}", "{password}")
MOST_COPIED = 1024 * 1024  # characters of items that overrides repeat, as JSON
MOST_COMPARED = 1000  # paths, when one leads nowhere
_EMPTY = Provenance("assumed", "the user's own message, which is empty")
INDEX = re.compile("[0-9]{1,9}")


class Id(str):
    """A UUID that is another one with each trigger; this one is an example."""

    __slots__ = ()


NewId = Callable[[str], str]


def ids(seed: str) -> NewId:
    """Return what makes a UUID of an example: of equal ones equal ones.

    Args:
        seed: What they are drawn from: the same seed, the same UUIDs.
    """

    def drawn(example: str) -> str:
        chance = random.Random(f"{seed} {example}")
        return str(UUID(int=chance.getrandbits(128), version=4))

    return drawn


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message.

    Args:
        path: Where it stands, such as ``firmwareList.0.toVersion``.
        default: What stands there unless the user says otherwise; ``{account}``,
            ``{username}`` and ``{password}`` are the registration's, and an ``Id``
            is another one with each trigger.
        evidence: How we know of the field.
        source: Where from.
    """

    path: str
    default: Any
    evidence: Evidence
    source: str


@dataclass(frozen=True, eq=False)
class Event:
    """One kind of message an API sends.

    Args:
        name: Such as ``Fota.firmwareList``.
        service: The callback service whose listener gets it.
        summary: When ThingSpace sends it.
        document: The message; ``{account}``, ``{username}`` and ``{password}`` are
            the registration's, and an ``Id`` is another one with each trigger.
        known: How its fields are known, by path; the longest that begins a field's
            path counts, and the empty one begins all.
        counter: The field at the top that counts the attempts, if one does.
        limit: The field at the top that tells how many there can be, if one does.
        retried: Whether it is sent again where it was not acknowledged.
    """

    name: str
    service: str
    summary: str
    document: Mapping[str, Any]
    known: Mapping[str, Provenance]
    counter: str | None = None
    limit: str | None = None
    retried: bool = True

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """What is in the message, value by value."""
        return tuple(
            Field(path, value, *self._provenance_of(path))
            for path, value in leaves(self.document)
        )

    def _provenance_of(self, path: str) -> Provenance:
        while path not in self.known:
            path = path.rpartition(".")[0]
        return self.known[path]

    @cached_property
    def places(self) -> tuple[tuple[str, str, Any], ...]:
        """What is in the message, outer before inner: path, last key and value."""
        return tuple(_places(self.document))

    @property
    def provenance(self) -> Provenance:
        """How the event is known: as its least known field is."""
        known = (Provenance(field.evidence, field.source) for field in self.fields)
        return max(
            known, key=lambda pair: EVIDENCE.index(pair.evidence), default=_EMPTY
        )

    def template(self) -> dict[str, Any]:
        """Return the message with its defaults, echoes as they are written."""
        return deepcopy(dict(self.document))

    def message(
        self,
        registration: Registration,
        overrides: Mapping[str, Any],
        new_id: NewId = str,
    ) -> dict[str, Any]:
        """Build the message for a registration.

        Args:
            registration: Whose account and credentials are echoed.
            overrides: Values by path.
            new_id: What stands in the place of an id; the example unless given.

        Raises:
            InvalidMessage: A path leads nowhere, or a value is of another type;
                the message names the nearest field. Or the copies are too large.
        """

        def echoed(value: Any) -> Any:
            if isinstance(value, Id):
                return new_id(value)
            if value in ECHOES:
                return getattr(registration, value[1:-1]) or ""
            return value

        made: dict[str, Any] = map_leaves(self.document, echoed)
        room = MOST_COPIED
        for path, value in overrides.items():
            room = override(made, path, value, room)
        return made


def checked_message(message: Any) -> Any:
    """Return a message that can be sent and shown.

    Raises:
        InvalidMessage: It is nested too deeply, or JSON cannot spell it.
    """
    if is_deeper(message, DEEPEST):
        raise InvalidMessage(f"a message is nested at most {DEEPEST} deep")
    try:
        json.dumps(message, allow_nan=False)
    except ValueError as error:
        raise InvalidMessage(f"a message must be JSON: {error}") from error
    return message


def unknown_event(name: str, known: Iterable[str]) -> AdminError:
    """Say that there is no such event, and which there are."""
    message = f"unknown event {name!r}; {suggest(name, known)}"
    return AdminError("unknown_event", message)


def counted(message: bytes, counter: str | None, number: int) -> bytes:
    """Return a message as its attempt ``number`` sends it.

    The counter goes up by one an attempt from where it stands; a message that
    has none is the same at each.
    """
    if counter is None or number == 1:
        return message
    document = json.loads(message)
    document[counter] += number - 1
    return json.dumps(document).encode()


def override(
    message: dict[str, Any], path: str, value: Any, room: int = MOST_COPIED
) -> int:
    """Put a value of the user's in the place of a default.

    An index one past the end of an array adds a copy of its last item, of at most
    ``room`` characters.

    Returns:
        The characters that are left of ``room``.

    Raises:
        InvalidMessage: The path leads nowhere, the value is of another type, or a
            copy is too large.
    """
    *way, last = path.split(".")
    place: Any = message
    for step in way:
        room = _lengthen(place, step, path, room)
        place = _below(message, place, step, path)
    room = _lengthen(place, last, path, room)
    before = _below(message, place, last, path)
    wanted, actual = type_name(before), type_name(value)
    if wanted != actual:
        raise InvalidMessage(f"{path}: must be {wanted}, got {actual}")
    place[int(last) if isinstance(place, list) else last] = value
    return room


def _lengthen(place: Any, step: str, path: str, room: int) -> int:
    """Add a copy of an array's last item where a step is one past its end."""
    if not isinstance(place, list) or not INDEX.fullmatch(step):
        return room
    if int(step) == len(place) > 0:
        room -= len(json.dumps(place[-1]))
        if room < 0:
            raise InvalidMessage(
                f"{path[:LONGEST_COMPARED]}: what paths one past the end of an array "
                "copy comes to 1 MiB at most"
            )
        place.append(deepcopy(place[-1]))
    return room


def _below(message: dict[str, Any], place: Any, step: str, path: str) -> Any:
    if isinstance(place, dict) and step in place:
        return place[step]
    if isinstance(place, list) and INDEX.fullmatch(step) and int(step) < len(place):
        return place[int(step)]
    asked, first = path[:LONGEST_COMPARED], islice(paths(message), MOST_COMPARED)
    every = [other[:LONGEST_COMPARED] for other in first]
    below = [other for other in every if other.endswith(f".{asked}")]
    likely = nlargest(3, every, lambda other: _letters_shared(asked, other))
    near = below[:3] or get_close_matches(asked, likely, 1, cutoff=0)
    meant = " or ".join(map(repr, near))
    hint = f"did you mean {meant}?" if near else "the message is empty"
    raise InvalidMessage(f"no field {asked!r}; {hint}")


def _letters_shared(asked: str, other: str) -> float:
    """Say how alike two texts are, in a time that grows with their length only."""
    return SequenceMatcher(None, other, asked).quick_ratio()


def paths(value: Any) -> Iterator[str]:
    """Return the paths of every field below a value."""
    return (path for path, _, _ in _places(value))


def _places(value: Any, above: str = "") -> Iterator[tuple[str, str, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for step, below in pairs:
        path = f"{above}{step}"
        yield path, str(step), below
        if isinstance(below, dict | list):
            yield from _places(below, f"{path}.")
