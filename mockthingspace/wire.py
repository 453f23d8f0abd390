"""Documents on the wire: how they are read, checked and spelled.

A shape is the marshmallow schema of one document. It loads into, and dumps
from, the project's own names; ``data_key`` is the whole translation. What a
family shares with another is here, what is its own stands in its file.
"""

import json
import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_dump

from mockthingspace.errors import (
    InvalidAccount,
    InvalidRequest,
    InvalidUrl,
    ThingSpaceError,
    UnknownService,
)
from mockthingspace.model import ACCOUNT_FORMAT
from mockthingspace.redaction import without_secrets

MAX_BODY = 1024 * 1024
LONGEST_QUOTE = 80
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")


class Text(fields.String):
    """Text a service could store: a JSON string, without NUL or half characters.

    ``refusal`` is how text that will not do is refused, ``absent`` how no text
    at all is; ``secret`` keeps the value out of the reason.
    """

    refusal: type[ThingSpaceError] = InvalidRequest
    absent: type[ThingSpaceError] = InvalidRequest
    secret = False
    default_error_messages = {  # noqa: RUF012 (marshmallow's own idiom)
        "required": "is required",
        "null": "must be a string",
        "invalid": "must be a string",
    }

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, *args, **kwargs)
        if "\0" in text:
            raise ValidationError("must not hold a NUL character")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValidationError("must not hold half a surrogate pair") from error
        self.check(text)
        return text

    def check(self, text: str) -> None:
        """Raise ``ValidationError`` for text that will not do; any will."""


class Secret(Text):
    """Text that is never repeated in a reason, such as a password."""

    secret = True


class Account(Text):
    """An account name: ten digits, a hyphen, five digits."""

    refusal = InvalidAccount

    def check(self, text: str) -> None:
        """Hold it to the documented format, in ASCII digits."""
        if not ACCOUNT_FORMAT.fullmatch(text):
            raise ValidationError(
                "must be ten digits, a hyphen and five digits, such as 0242078689-00001"
            )


class ServiceName(Text):
    """The name of one of a family's callback services, in its exact case."""

    refusal = UnknownService

    def __init__(self, services: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.services = services

    def check(self, text: str) -> None:
        """Hold it to the family's services."""
        if text not in self.services:
            raise ValidationError(f"must be one of {', '.join(self.services)}")


class ListenerUrl(Text):
    """Where a listener is: http or https and a host, of any network.

    Not marshmallow's ``Url``: that one refuses the host names of Compose and
    Kubernetes that hold an underscore, and compiles an e-mail pattern at its
    first use.
    """

    refusal = InvalidUrl

    def check(self, text: str) -> None:
        """Hold it to a URL that an HTTP client can POST to."""
        if not text.isprintable() or " " in text:
            raise ValidationError("must not hold white space or control characters")
        try:
            parts = urlsplit(text)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise ValidationError(f"is not a URL: {error}") from error
        if parts.scheme not in ("http", "https"):
            raise ValidationError("must begin with http:// or https://")
        if port == 0 or not _is_host(host):
            raise ValidationError(
                "must name a host, such as http://localhost:9001/callback"
            )


def _is_host(host: str) -> bool:
    try:
        name = host if ":" in host else host.encode("idna").decode()
        if ":" in name or name.replace(".", "").isdigit():
            return bool(ip_address(name))
    except ValueError:
        return False
    return _HOST.fullmatch(name) is not None


class Shape(Schema):
    """The base of all shapes: unknown fields are ignored, absent ones left out."""

    class Meta:
        """Ignore unknown fields; ``load`` names them to the developer."""

        unknown = EXCLUDE

    @post_dump
    def _leave_out_absent(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {key: value for key, value in data.items() if value is not None}


class Path(Shape):
    """``{account}`` as a family's paths hold it."""

    account = Account(required=True)


class Result(Shape):
    """``{errorCode, errorMessage}``."""

    code = fields.String(data_key="errorCode")
    message = fields.String(data_key="errorMessage")


class Success(Shape):
    """``{success: true}``."""

    success = fields.Constant(True)


def result(code: str, message: str) -> Mapping[str, Any]:
    """Spell ThingSpace's error body, ``{errorCode, errorMessage}``."""
    return {"errorCode": code, "errorMessage": message}


def fault(code: int, message: str, description: str) -> Mapping[str, Any]:
    """Spell the API gateway's error body, ``{fault: {…}}``."""
    return {"fault": {"code": code, "message": message, "description": description}}


def spelled(document: object) -> str:
    """Spell a document as JSON."""
    return json.dumps(document)


def form(body: bytes) -> Mapping[str, Any]:
    """Read a body that is a form, whatever its Content-Type said."""
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def json_object(body: bytes) -> Mapping[str, Any]:
    """Read a body that must be a JSON object, whatever its Content-Type said.

    Raises:
        InvalidRequest: It is empty, not UTF-8, not JSON, or not an object.
    """
    if not body.strip():
        raise InvalidRequest("the body is empty; a JSON object was expected")
    try:
        document = json.loads(body.decode("utf-8-sig"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"the body is not UTF-8: {error.reason}") from error
    except RecursionError as error:
        raise InvalidRequest("the body is nested too deeply") from error
    except ValueError as error:
        raise InvalidRequest(f"the body is not JSON: {error}") from error
    if not isinstance(document, Mapping):
        raise InvalidRequest(
            f"the body is {_kind(document)} in JSON; a JSON object was expected"
        )
    return document


def load(
    shape: Shape, document: Mapping[str, Any], note: Callable[[str], None]
) -> dict[str, Any]:
    """Load a document into our names.

    Args:
        shape: The shape it should have.
        document: The document, in ThingSpace's names.
        note: Told of what was ignored, in words for the developer.

    Raises:
        ThingSpaceError: It does not fit; which refusal it is, the first field
            that is wrong decides. The reason names every field that is.
    """
    try:
        loaded: dict[str, Any] = shape.load(document)
    except ValidationError as error:
        raise _refusal(shape, document, error.messages_dict) from error
    if len(loaded) < len(document):
        known = {field.data_key or name for name, field in shape.load_fields.items()}
        unknown = ", ".join(repr(key) for key in document if key not in known)
        note(f"ignored unknown {unknown}; known: {', '.join(sorted(known))}")
    return loaded


def _refusal(
    shape: Shape, document: Mapping[str, Any], messages: dict[str, Any]
) -> ThingSpaceError:
    refusals: list[type[ThingSpaceError]] = []
    reasons = []
    for name, field in shape.load_fields.items():
        key = field.data_key or name
        if key in messages:
            value = document.get(key)
            assert isinstance(field, Text)
            refusals.append(field.refusal if isinstance(value, str) else field.absent)
            came = f" (came: {_shown(value, field)})" if key in document else ""
            reasons.append(f"{key}: {', '.join(messages[key])}{came}")
    return refusals[0]("; ".join(reasons))


def _shown(value: object, field: Text) -> str:
    if field.secret:
        return "a secret, not shown"
    if isinstance(value, str):
        return shortened(value)
    return _kind(value)


def shortened(text: str) -> str:
    """Quote what came, without secrets, cut to a length a person reads."""
    text = without_secrets(text)
    return repr(text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…")


def _kind(value: object) -> str:
    words = {type(None): "null", bool: "a boolean", str: "a string", list: "an array"}
    numbers = {int: "a number", float: "a number"}
    return ({dict: "an object"} | words | numbers)[type(value)]


def _no_constant(word: str) -> object:
    raise ValueError(f"{word} is not JSON")
