"""Documents on the wire: how they are read, checked and spelled.

A schema is the marshmallow schema of one document. It loads into, and dumps
from, the project's own names; ``data_key`` is the whole translation. What a
API shares with another is here, what is its own stands in its file.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qsl

from marshmallow import EXCLUDE, Schema, ValidationError, fields, missing

from mockthingspace.core import sources
from mockthingspace.core.exceptions import (
    LONGEST_QUOTE,
    EmptyRequest,
    InvalidCharacter,
    InvalidRequest,
    NotJson,
    ThingSpaceError,
)
from mockthingspace.core.json_values import type_name
from mockthingspace.core.models import Provenance, assumed, documented
from mockthingspace.core.redaction import without_secrets

MAX_BODY = 1024 * 1024
AWKWARD = "'<\\"  # what plain_object does not take
LONGEST_KEY = 200
_ITEM = re.compile(r"(.+?)\[(\d+)\]\[(\w+)\](.*)")  # array, index, member, the rest
Read = Callable[[bytes], Mapping[str, Any]]


def form(body: bytes) -> Mapping[str, Any]:
    """Read a body that is a form, whatever its Content-Type said."""
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def json_object(body: bytes) -> Mapping[str, Any]:
    """Read a body that must be a JSON object, whatever its Content-Type said.

    Raises:
        InvalidRequest: It is empty, not UTF-8, not JSON, or not an object.
    """
    if not body.strip():
        raise EmptyRequest("the body is empty; a JSON object was expected")
    try:
        document = _DECODER.decode(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise NotJson(f"the body is not UTF-8: {error.reason}") from error
    except RecursionError as error:
        raise NotJson("the body is nested too deeply") from error
    except ValueError as error:
        raise NotJson(f"the body is not JSON: {error}") from error
    if not isinstance(document, Mapping):
        raise InvalidRequest(
            f"the body is {type_name(document)} in JSON; a JSON object was expected"
        )
    return document


def _no_constant(word: str) -> object:
    raise ValueError(f"{word} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


class Alias(NamedTuple):
    """That a key has another spelling: the key, and how that is known."""

    key: str
    known: Provenance


class BaseSchema(Schema):
    """The base of all schemas: unknown fields are ignored, absent ones left out.

    ``known`` says how we know of its fields; a field of which we know otherwise
    has its own under ``known`` in its metadata. ``also`` is other spellings of
    keys, each with the key.
    """

    class Meta:
        """Ignore unknown fields; ``load`` names them to the developer."""

        unknown = EXCLUDE

    known: ClassVar[Provenance | None] = None
    also: ClassVar[Mapping[str, Alias]] = {}
    reader: ClassVar[Any] = staticmethod(json_object)

    @cached_property
    def keys(self) -> Mapping[str, str]:
        """Its fields' names in our terms, by their names on the wire."""
        return {
            value.data_key or name: name for name, value in self.load_fields.items()
        }

    @cached_property
    def account_key(self) -> str:
        """What the account is called on the wire; empty where it has none."""
        return next((key for key, name in self.keys.items() if name == "account"), "")

    def read(self, body: bytes) -> Mapping[str, Any]:
        """Make a document of a body's bytes."""
        document: Mapping[str, Any] = self.reader(body)
        return document

    def of_query(self, query: Mapping[str, str]) -> Mapping[str, Any]:
        """Make a document of a query."""
        return query

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Spell an object, or many, on the wire; what is absent is left out.

        ``Schema.dump`` would do the same with hooks, of which there are none.
        """
        if many:
            return [self.dump(item) for item in obj]
        get = dict.get if isinstance(obj, dict) else getattr
        spelled = {}
        for name, field in self.dump_fields.items():
            value = field.serialize(name, obj, get)
            if value is not None and value is not missing:
                spelled[field.data_key or name] = value
        return spelled


class Form(BaseSchema):
    """The base of schemas whose body is a form."""

    reader = staticmethod(form)


class ItemByItem(BaseSchema):
    """The base of schemas of queries that spell arrays item by item."""

    def of_query(self, query: Mapping[str, str]) -> Mapping[str, Any]:
        """Make a document of a query."""
        return with_arrays(query)


def schema(
    known: Provenance,
    also: Mapping[str, Alias] | None = None,
    read: Read = json_object,
    /,
    **members: "fields.Field[Any]",
) -> BaseSchema:
    """Make a schema.

    Args:
        known: How we know of its fields.
        also: Other spellings of keys, each with the key and how it is known.
        read: Makes a document of a body's bytes.
        **members: Its fields, by their names in our terms.
    """
    own = {"known": known, "also": also or {}, "reader": staticmethod(read)}
    kind = type("Shaped", (BaseSchema,), own)
    made: BaseSchema = kind.from_dict(dict(members), name="Shaped")()  # type: ignore[attr-defined]
    return made


class Success(BaseSchema):
    """``{success: true}``."""

    known = documented(sources.SDK)

    success = fields.Constant(True)


class ResponseCodeAndMessage(BaseSchema):
    """``{responseCode, message}``, with nothing but good news."""

    known = assumed(
        f"{sources.HYPER_PRECISE_DEREGISTER} has the two fields; the text is not said"
    )

    code = fields.Constant("SUCCESS", data_key="responseCode")
    message = fields.Constant("Success")


def gateway_error(code: int, message: str, description: str) -> Mapping[str, Any]:
    """Spell the API gateway's error body, ``{fault: {…}}``."""
    return {"fault": {"code": code, "message": message, "description": description}}


def to_json(document: object) -> str:
    """Spell a document as JSON."""
    return json.dumps(document)


def with_arrays(query: Mapping[str, str]) -> dict[str, Any]:
    """Read a query whose arrays are spelled item by item, as the SDK does.

    ``a[0][b]=c`` is ``{"a": [{"b": "c"}]}``; a very long key stays as it is.
    """
    document: dict[str, Any] = {}
    arrays: dict[str, dict[str, dict[str, str]]] = {}
    for key, value in query.items():
        found = _ITEM.fullmatch(key) if len(key) <= LONGEST_KEY else None
        if found is None:
            document[key] = value
        else:
            array, index, member, rest = found.groups()
            arrays.setdefault(array, {}).setdefault(index, {})[member + rest] = value
    for array, items in arrays.items():
        document[array] = [with_arrays(item) for item in items.values()]
    return document


def object_or_array(body: bytes) -> Mapping[str, Any]:
    """Read a body that is a JSON object, or an array of one.

    Raises:
        InvalidRequest: As ``json_object`` does.
    """
    text = body.strip()
    return json_object(text[1:-1] if text[:1] + text[-1:] == b"[]" else body)


def plain_object(body: bytes) -> Mapping[str, Any]:
    """Read a body that must be a JSON object without certain characters.

    Raises:
        InvalidCharacter: An apostrophe, ``<`` or a backslash is in a value.
        InvalidRequest: It is empty, not UTF-8, not JSON, or not an object.
    """
    document = json_object(body)
    for name, value in document.items():
        found = [item for item in AWKWARD if isinstance(value, str) and item in value]
        if found:
            raise InvalidCharacter(f"{name[:LONGEST_QUOTE]}: must not hold {found[0]}")
    return document


def load(
    declared: BaseSchema, document: Mapping[str, Any], note: Callable[[str], None]
) -> dict[str, Any]:
    """Load a document into our names.

    Args:
        declared: The schema it should have.
        document: The document, in ThingSpace's names.
        note: Told of what was ignored, in words for the developer.

    Raises:
        ThingSpaceError: It does not fit; which refusal it is, the first field
            that is wrong decides. The reason names every field that is.
    """
    document = _respelled(declared, document, note)
    loaded: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for key, name in declared.keys.items():
        field = declared.load_fields[name]
        try:
            value = field.deserialize(document.get(key, missing), key, document)
        except ValidationError as error:
            messages[key] = error.messages
        else:
            if value is not missing:
                loaded[name] = value
    if len(loaded) < len(document):
        _note_unknown(declared, document, note)
    if messages:
        raise _refusal(declared, document, messages)
    return loaded


def _note_unknown(
    declared: BaseSchema, document: Mapping[str, Any], note: Callable[[str], None]
) -> None:
    unknown = ", ".join(repr(key) for key in document if key not in declared.keys)
    if unknown:
        known = ", ".join(sorted({*declared.keys, *declared.also}))
        note(f"ignored unknown {unknown}; known: {known}")


def _respelled(
    declared: BaseSchema, document: Mapping[str, Any], note: Callable[[str], None]
) -> Mapping[str, Any]:
    """Return a document with keys of other spellings as the schema spells them."""
    for other, (key, _) in declared.also.items():
        if other in document:
            rest = {name: value for name, value in document.items() if name != other}
            if key in rest:
                note(f"ignored {other}, since {key} is given")
            document = {key: document[other], **rest}
    return document


def _refusal(
    declared: BaseSchema, document: Mapping[str, Any], messages: dict[str, Any]
) -> ThingSpaceError:
    refusals: list[type[ThingSpaceError]] = []
    reasons = []
    for key, name in declared.keys.items():
        if key in messages:
            field: Any = declared.load_fields[name]
            value = document.get(key)
            refusals.append(field.refusal_of(value))
            got = f" (got: {_quoted(value, field)})" if key in document else ""
            reasons.append(f"{key}: {', '.join(messages[key])}{got}")
    return refusals[0]("; ".join(reasons))


def _quoted(value: object, field: Any) -> str:
    if field.secret:
        return "a secret, not shown"
    if isinstance(value, str):
        return shortened(value)
    return type_name(value)


def shortened(text: str) -> str:
    """Quote what came, without secrets, cut to a length a person reads."""
    text = without_secrets(text)
    return repr(text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…")
