"""The fields of schemas: what text must be, and how it is refused when it is not."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timezone
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from marshmallow import ValidationError, fields

from mockthingspace.core import sources
from mockthingspace.core.exceptions import (
    InvalidAccount,
    InvalidIndex,
    InvalidRequest,
    InvalidUrl,
    InvalidUuid,
    MissingAccount,
    MissingField,
    ThingSpaceError,
    UnknownService,
)
from mockthingspace.core.models import (
    ACCOUNT_FORMAT,
    HEADER_NAME,
    QA_ACCOUNT,
    SIMULATOR_ACCOUNT,
    TRANSPORT_HEADERS,
    Claim,
    Provenance,
)
from mockthingspace.core.urls import ascii_host

LONGEST_URL = 8000
LONGEST_NAME = 254  # with a dot at its end
_UUID = re.compile("[0-9A-Fa-f-]{1,50}")
_INDEX = re.compile("[0-9]{1,9}")
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")

# URLs for JSON Schema: of plain names, IPv4 addresses and [::1]. The field takes more.
_LABEL = "[A-Za-z0-9_](?:-?[A-Za-z0-9_]){0,30}"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PORT = (
    "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|"
    "6553[0-5]"
)
_PLAIN_URL = (
    r"^https?://(?:[A-Za-z0-9._~:-]+@)?"
    rf"(?:(?![0-9]){_LABEL}(?:\.{_LABEL}){{0,6}}|(?:{_OCTET}\.){{3}}{_OCTET}|\[::1\])"
    rf"(?::(?:{_PORT}))?(?:[/?#][A-Za-z0-9._~:/?#@!$&()*+,;=%-]*)?$"
)
_IN_NO_URL = re.compile(r'["<>\\^`{|}]')
_BRACKETS = re.compile(r"([^\[\]]*@)?\[[^\[\]]*\](:[0-9]*)?")


class Text(fields.String):
    """Text a service could store: a JSON string, without NUL or half characters.

    ``refusal`` is how text that will not do is refused, ``absent`` how no text
    at all is; ``secret`` keeps the value out of the reason; ``words`` are all
    that it may be, where there are such.
    """

    refusal: type[ThingSpaceError] = InvalidRequest
    absent: type[ThingSpaceError] = MissingField
    claims: tuple[Claim, ...] = ()
    secret = False
    words: tuple[str, ...] = ()
    default_error_messages = {  # noqa: RUF012 (marshmallow's own idiom)
        "required": "is required",
        "null": "must be a string",
        "invalid": "must be a string",
    }

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if "\0" in value:
            raise ValidationError("must not hold a NUL character")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ValidationError("must not hold half a surrogate pair") from error
        self.check(value)
        return value

    def check(self, text: str) -> None:
        """Raise ``ValidationError`` for text that will not do; any will."""

    def refusal_of(self, value: object) -> type[ThingSpaceError]:
        """Say how a value that will not do is refused."""
        return self.refusal if isinstance(value, str) else self.absent

    def described(self, refused: str) -> dict[str, Any]:
        """Say in JSON Schema what it takes.

        Args:
            refused: Characters the document it is in does not take.
        """
        if self.words:
            return {"type": "string", "enum": list(self.words)}
        return {"type": "string", "pattern": self.pattern(refused)}

    def pattern(self, refused: str) -> str:
        """Return what matches all it takes."""
        return "^[^\\x00" + refused.replace("\\", r"\\") + "]*$"


class OrEmpty(Text):
    """Text that is spelled as an empty string where there is none."""

    def _serialize(self, value: Any, *_: Any, **__: Any) -> str:
        return value or ""


class Secret(Text):
    """Text that is never repeated in a reason, such as a password."""

    secret = True


class Account(Text):
    """An account name: ten digits, a hyphen, five digits.

    ``besides`` is a pattern of names an API takes besides, for which ``example``
    stands.
    """

    refusal = InvalidAccount
    absent = MissingAccount
    besides: re.Pattern[str] | None = None
    example = ""

    def check(self, text: str) -> None:
        """Hold it to the documented format, in ASCII digits."""
        if ACCOUNT_FORMAT.fullmatch(text):
            return
        if self.besides is None or not self.besides.fullmatch(text):
            raise ValidationError(
                "must be ten digits, a hyphen and five digits, such as "
                f"0242078689-00001{self.example}"
            )

    def refusal_of(self, value: object) -> type[ThingSpaceError]:
        """Say how a value is refused; an empty account is none."""
        return super().refusal_of(value or None)

    def pattern(self, _: str) -> str:
        """Return what matches an account."""
        besides = f"|{self.besides.pattern}" if self.besides else ""
        return f"^(?:{ACCOUNT_FORMAT.pattern}{besides})$"


class SimulatorAccount(Account):
    """An account name, or one that the API's simulator uses."""

    claims = (
        Claim(
            "TestAccount- and a number is an account too",
            "documented",
            sources.SIMULATOR,
        ),
    )
    besides = SIMULATOR_ACCOUNT
    example = ", or TestAccount-2"


class QaAccount(Account):
    """An account name, or the one the API's examples use."""

    claims = (Claim("TestQAAccount is an account too", "documented", sources.SDK),)
    besides = QA_ACCOUNT
    example = ", or TestQAAccount"


class Word(Text):
    """One of a few words.

    Args:
        words: The words.
    """

    def __init__(self, words: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(metadata={"example": words[0]}, **kwargs)
        self.words = words

    def check(self, text: str) -> None:
        """Hold it to the words."""
        if text not in self.words:
            raise ValidationError(f"must be one of {', '.join(self.words)}")


class Day(Text):
    """A day, such as ``2024-01-31``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"example": "2099-04-01"}, **kwargs)

    def check(self, text: str) -> None:
        """Hold it to a day that there is."""
        try:
            if date.fromisoformat(text).isoformat() == text:
                return
        except ValueError:
            pass
        raise ValidationError("must be a day, such as 2024-01-31")

    def pattern(self, _: str) -> str:
        """Return what matches a day of any month."""
        return "^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])$"


class Uuid(Text):
    """The id of a request, such as ``e3a8d88a-04c6-4ef3-b039-89b62f91e962``."""

    refusal = InvalidUuid

    def check(self, text: str) -> None:
        """Hold it to the digits of a UUID."""
        if not _UUID.fullmatch(text):
            raise ValidationError("must be a UUID: hexadecimal digits and hyphens")

    def pattern(self, _: str) -> str:
        """Return what matches such digits."""
        return f"^{_UUID.pattern}$"


class Index(Text):
    """The number of a record, from 0."""

    refusal = InvalidIndex

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"example": "0"}, **kwargs)

    def check(self, text: str) -> None:
        """Hold it to a number."""
        if not _INDEX.fullmatch(text):
            raise ValidationError("must be a number, from 0")

    def pattern(self, _: str) -> str:
        """Return what matches a number."""
        return f"^{_INDEX.pattern}$"


class ServiceName(Text):
    """The name of one of an API's callback services, in its exact case.

    Args:
        services: The names.
        spellings: Other spellings of some of them, each with the name.
    """

    refusal = UnknownService

    def __init__(
        self,
        services: tuple[str, ...],
        spellings: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.services = services
        self.spellings = spellings or {}
        self.words = (*services, *self.spellings)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, *args, **kwargs)
        return self.spellings.get(name, name)

    def check(self, text: str) -> None:
        """Hold it to the API's services."""
        if text not in self.words:
            raise ValidationError(f"must be one of {', '.join(self.services)}")


class ListenerUrl(Text):
    """Where a listener is: http or https and a host, of any network.

    Not marshmallow's ``Url``: that one refuses the host names of Compose and
    Kubernetes that hold an underscore, and compiles an e-mail pattern at its
    first use.
    """

    refusal = InvalidUrl
    claims = (
        Claim(
            f"a URL has at most {LONGEST_URL} characters",
            "assumed",
            f"{sources.UNSAID}; as many as RFC 9110 wants every server to take",
        ),
    )

    def check(self, text: str) -> None:
        """Hold it to a URL that an HTTP client can POST to."""
        if len(text) > LONGEST_URL:
            raise ValidationError(f"must have at most {LONGEST_URL} characters")
        if not text.isprintable() or " " in text:
            raise ValidationError("must not hold white space or control characters")
        try:
            parts = urlsplit(text)
            host = parts.hostname or ""
        except ValueError:  # what it says may quote a password
            raise ValidationError("is not a URL: its host cannot be read") from None
        if parts.scheme not in ("http", "https"):
            raise ValidationError("must begin with http:// or https://")
        if not _is_port(parts):
            raise ValidationError("must have a port from 1 to 65535, or none")
        if not (_is_host(host) and _is_bracketed(parts.netloc, host)):
            raise ValidationError(
                "must name a host, such as http://localhost:9001/callback"
            )
        if _IN_NO_URL.search(parts.netloc):
            raise ValidationError('must not hold " < > \\ ^ ` { | } before its path')

    def described(self, refused: str) -> dict[str, Any]:
        """Say in JSON Schema what it takes."""
        return {**super().described(refused), "maxLength": LONGEST_URL}

    def pattern(self, _: str) -> str:
        """Return what matches the usual ones of what it takes."""
        return _PLAIN_URL


def _is_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


def _is_bracketed(netloc: str, host: str) -> bool:
    """Say whether brackets are around an IPv6 address and nothing else."""
    return _BRACKETS.fullmatch(netloc) is not None if ":" in host else "[" not in netloc


@lru_cache(maxsize=1000)
def _is_host(host: str) -> bool:
    """Say whether a host is an address or a name that DNS could know.

    A name that is not ASCII is encoded by IDNA 2008: an emoji is in none. An
    address with a zone is of one machine's links, and link-local.
    """
    try:
        if ":" in host:
            return "%" not in host and bool(ip_address(host))
        name = ascii_host(host) if not host.isascii() else host.encode("idna").decode()
        if name.replace(".", "").isdigit():
            return bool(ip_address(name))
    except ValueError:
        return False
    return len(name) <= LONGEST_NAME and _HOST.fullmatch(name) is not None


class HttpHeaders(fields.Raw):
    """Headers a listener wants with each message.

    An object of names and values, or text with a ``Name: value`` a line; pairs
    in our terms. Those that HTTP itself sets are refused.
    """

    refusal = absent = MissingField
    secret = True
    own = TRANSPORT_HEADERS
    default_error_messages = {  # noqa: RUF012 (marshmallow's own idiom)
        "null": "must be an object of header names and values",
    }
    claims = (
        Claim(
            "headers are an object, or text with a Name: value a line",
            "assumed",
            f"{sources.DIAGNOSTICS_REGISTER} says text, not how; the SDK an object",
        ),
        Claim(
            "a header that HTTP itself sets, or given twice, is refused",
            "assumed",
            sources.UNSAID,
        ),
    )

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[Any, ...]:
        if isinstance(value, str):
            text = value.replace("\r\n", "\n").removesuffix("\n")
            lines = [line.partition(":") for line in text.split("\n") if text]
            if not all(colon for _, colon, _ in lines):
                raise ValidationError("must have a 'Name: value' on each line")
            value = {name.strip(" \t"): text.strip(" \t") for name, _, text in lines}
        if not isinstance(value, Mapping):
            raise ValidationError("must be an object of header names and values")
        for number, (name, text) in enumerate(value.items(), 1):
            self._check(number, name, text)
        if len({name.lower() for name in value}) < len(value):
            raise ValidationError("must have each header once, in whatever capitals")
        return tuple((name, text.strip(" ")) for name, text in value.items())

    def _check(self, number: int, name: str, text: object) -> None:
        if name.lower() in self.own:
            raise ValidationError(f"{name!r} is not a header that can be set")
        if not HEADER_NAME.fullmatch(name):
            raise ValidationError(f"header {number} has an invalid name")
        if not (isinstance(text, str) and text.isascii() and text.isprintable()):
            raise ValidationError(f"{name}: must be printable ASCII text")

    def _serialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return None if value is None else dict(value)

    def refusal_of(self, _: object) -> type[ThingSpaceError]:
        """Say how headers that will not do are refused."""
        return self.refusal

    def described(self, _: str) -> dict[str, Any]:
        """Say in JSON Schema what it takes."""
        line = f"{HEADER_NAME.pattern}:[ -~]*"
        text = {"type": "string", "pattern": "^[ -~]*$"}
        lines = {"type": "string", "pattern": f"^(?:{line}(?:\\n{line})*)?$"}
        pairs = {
            "type": "object",
            "propertyNames": {"pattern": f"^{HEADER_NAME.pattern}$"},
            "additionalProperties": text,
        }
        return {"anyOf": [pairs, lines]}


def millis(instant: datetime) -> str:
    """Spell an instant as ThingSpace does: UTC, to the millisecond, with a Z."""
    text = instant.astimezone(timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


class Millis(fields.Raw):
    """An instant, spelled as ``millis`` does."""

    def __init__(self, *, known: Provenance | None = None, **kwargs: Any) -> None:
        example = datetime(2024, 1, 15, 23, 57, 53, tzinfo=timezone.utc)
        own = {"known": known} if known else {}
        super().__init__(metadata={"example": example, **own}, **kwargs)

    def _serialize(self, value: datetime | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else millis(value)
