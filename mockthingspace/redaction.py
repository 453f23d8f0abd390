"""Hiding passwords and tokens in whatever a person or a script is shown.

And escaping what would move a terminal's cursor there. Each pattern is linear in
the text: large bodies and long URLs come through here.
"""

import json
import re
from typing import Any
from urllib.parse import unquote_plus

HIDDEN = "***"
CUSTOM = "httpheaders"
PLAIN_HEADERS = frozenset(
    {"Accept", "Allow", "Connection", "Content-Length", "Content-Type", "Date"}
    | {"Retry-After", "Server", "User-Agent", "X-Mock-Reason"}
)
# How the names of secrets end, in whatever capitals: clientSecret, old_password.
_WORDS = (
    *("password", "passwd", "pwd", "passphrase", "secret", "token", "jwt", "bearer"),
    *("api-key", "access-key", "private-key", "secret-key", "authorization"),
    *("signature", "credential", "credentials", "cookie"),
)
_ENDS = tuple(word.replace("-", "") for word in _WORDS)
_NAMES = "|".join(word.replace("-", "[-_]?") for word in _WORDS)
# A header of these anywhere in its name: X-Auth, X-JWT-Assertion, Set-Cookie2.
_SECRET_HEADER = re.compile(rf"{_NAMES}|auth|session", re.IGNORECASE)
_PAIR = re.compile(r"(?<![\w%+.-])([\w%+.-]+)=")
_END_OF_VALUE = re.compile(r"[&\s\"]|\Z")
_LINE = re.compile(r"[^\r\n]+")
_IN_URL = re.compile(r"(:\\?/\\?/)([^/\s\"]*)(@|%40)")
_IN_QUOTED_URL = re.compile(r"(%3A%2F%2F)((?:(?!%2F)[^/&\s\"])*)(@|%40)", re.IGNORECASE)
_COLON = re.compile(":|%3A", re.IGNORECASE)
_IN_XML = re.compile(
    rf"(<(?:[\w.-]*:)?([\w.-]*(?:{_NAMES}))(?:\s[^<>]*)?(?<!/)>)"
    r".*?(?=</(?:[\w.-]*:)?\2\s*>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_IN_PART = re.compile(
    rf"(name=\"?[\w.-]{{0,99}}(?:{_NAMES})\"?[^\n]{{0,99}}\n"
    r"(?:\r?\n|[^\r\n][^\n]{0,99}\n\r?\n))"
    r"(?:(?!\r?\n--).)*",
    re.IGNORECASE | re.DOTALL,
)
_LOOSE = re.compile(
    rf"((?:{_NAMES})\\*[\"']?\s*)(?:"
    r"(=>?|:)(\s*)(?:"
    r"\\+\"(?:[^\"\\]|\\[^\"])*(?:\\\")?"
    r"|\"(?:[^\"\\]|\\.)*\"?"
    r"|'(?:[^'\\]|\\.)*'?"
    r"|[\[{].*"
    r"|(?<=[=>])[^&\s\"]+"
    r"|[^\r\n]+))",
    re.IGNORECASE | re.DOTALL,
)
_ESCAPED_LETTER = re.compile(
    r"\\u00(4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9a]|2d|32)", re.IGNORECASE
)


def printable(text: str) -> str:
    r"""Return a text as a terminal may have it, on one line.

    Control and bidirectional characters, line ends, invisible ones and lone
    surrogates are escaped as Python does (``\x1b``, ``\u202e``); the rest is kept.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def is_secret(name: str) -> bool:
    """Say whether what has this name, of a field or a parameter, is a secret."""
    return name.rstrip().lower().replace("-", "").replace("_", "").endswith(_ENDS)


def without_secrets(text: str) -> str:
    """Return a sentence, a URL or a query with passwords and tokens hidden."""
    if "=" in text:
        text = _pairs_without_secrets(text)
    if "@" in text or "%40" in text:
        text = _IN_URL.sub(_without_user, text)
        text = _IN_QUOTED_URL.sub(_without_user, text)
    return text


def body_without_secrets(body: bytes) -> str:
    """Return a body with passwords and tokens hidden.

    One that holds none is returned as it came, to the letter. One that is not
    JSON is searched for what looks like them.
    """
    return _document_without_secrets(body.decode("utf-8", "replace"))


def _document_without_secrets(text: str) -> str:
    found = False

    def hide(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal found
        found = found or any(
            value not in (HIDDEN, "") for key, value in pairs if is_secret(key)
        )
        return {shown(key): hidden(key, value) for key, value in pairs}

    def hidden(key: str, value: Any) -> Any:
        if is_secret(key):
            return "" if value == "" else HIDDEN
        return custom(value) if key.lower() == CUSTOM else shown(value)

    def custom(headers: Any) -> Any:
        nonlocal found
        kept = _custom_without_secrets(headers)
        found = found or kept != headers
        return kept

    def shown(value: Any) -> Any:
        nonlocal found
        if isinstance(value, list):
            return [shown(one) for one in value]
        if not isinstance(value, str):
            return value
        nested = value.lstrip()[:1] in ("{", "[")
        hidden = _document_without_secrets(value) if nested else without_secrets(value)
        found = found or hidden != value
        return hidden

    try:
        document = shown(json.loads(text.lstrip("\ufeff"), object_pairs_hook=hide))
        return json.dumps(document) if found else text
    except (ValueError, RecursionError):
        return _loose_without_secrets(text)


def _custom_without_secrets(headers: Any) -> Any:
    """Hide a listener's own headers as a request's are; what is none is hidden."""
    if isinstance(headers, str):
        return _LINE.sub(lambda line: _line_without_secret(line[0]), headers)
    if not isinstance(headers, dict):
        return HIDDEN if isinstance(headers, list) and headers else headers
    return {
        name: custom_header(name, one) if isinstance(one, str) else one and HIDDEN
        for name, one in headers.items()
    }


def _line_without_secret(line: str) -> str:
    name, colon, value = line.partition(":")
    if not colon:
        return HIDDEN
    shown = custom_header(name.strip(), value.strip())
    return line if shown == value.strip() else f"{name}: {shown}"


def _loose_without_secrets(text: str) -> str:
    plain = _ESCAPED_LETTER.sub(lambda one: chr(int(one[1], 16)), text)
    hidden = plain
    if plain.lstrip()[:1] not in ("{", "[", "<", "-"):
        hidden = "&".join(map(_field_without_secret, plain.split("&")))
    hidden = _IN_XML.sub(rf"\1{HIDDEN}", hidden)
    hidden = _IN_PART.sub(rf"\1{HIDDEN}", hidden)
    hidden = _LOOSE.sub(rf"\1\2\3{HIDDEN}", hidden)
    hidden = without_secrets(hidden)
    return text if hidden == plain else hidden


def _field_without_secret(field: str) -> str:
    name, equals, _ = field.partition("=")
    secret = equals and is_secret(unquote_plus(name))
    return f"{name}={HIDDEN}" if secret else field


def _pairs_without_secrets(text: str) -> str:
    parts = []
    at = 0
    for one in _PAIR.finditer(text):
        if one.start() >= at and is_secret(unquote_plus(one[1])):
            parts += [text[at : one.end()], HIDDEN]
            at = next(_END_OF_VALUE.finditer(text, one.end())).start()
    return "".join([*parts, text[at:]])


def _without_user(url: re.Match[str]) -> str:
    colon = _COLON.search(url[2])
    return f"{url[1]}{url[2][: colon.end()] if colon else ''}{HIDDEN}{url[3]}"


def header(name: str, value: str) -> str:
    """Return a request header's value, hidden where it is a token."""
    if name.title() in ("Authorization", "Proxy-Authorization"):
        scheme, space, _ = value.partition(" ")
        return f"{scheme} {HIDDEN}" if space else HIDDEN
    return HIDDEN if _SECRET_HEADER.search(name) else without_secrets(value)


def custom_header(name: str, value: str) -> str:
    """Return a listener's own header's value: hidden unless it can be no secret."""
    return without_secrets(value) if name.title() in PLAIN_HEADERS else HIDDEN


def reply_header(name: str, value: str) -> str:
    """Return a reply header's value, hidden unless it is known to hold no secret."""
    return without_secrets(value) if name in PLAIN_HEADERS else HIDDEN
