"""Hiding passwords and tokens in whatever a person or a script is shown.

And escaping what would move a terminal's cursor there. One rule: a name says
whether its value is a secret (``is_secret``), and a URL may have user info. It is
looked for in JSON, forms, queries, XML, parts and plain text, and in what those
have for values. Each pattern is linear in the text: large bodies and long URLs
come through here.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus, unquote_plus

HIDDEN = "***"
EMPTY: tuple[Any, ...] = (None, "", [], {})  # no secret: shown as it is
CUSTOM = "httpheaders"
MOST_ESCAPED = 256  # characters that are escaped twice or more
DEPTH = 5  # of texts within texts; what is deeper and may hold a secret is hidden
PLAIN_HEADERS = frozenset(
    {"Accept", "Allow", "Connection", "Content-Length", "Content-Type", "Date"}
    | {"Retry-After", "Server", "User-Agent", "X-Mock-Reason"}
)
# A name is a secret's by a word like this, or that ends like this, or by a key's kind.
_WORDS = {
    "pass",
    "passcode",
    "pwd",
    "auth",
    "oauth",
    "jwt",
    "bearer",
    "session",
    "sid",
    "sig",
}
_ENDS = (
    *("password", "passwd", "passphrase", "secret", "token", "credential", "cookie"),
    *("authorization", "authentication", "signature", "assertion", "sessionid"),
    *("sessid", "apikey", "accesskey", "privatekey", "secretkey"),
)
_KEYS = {
    *("api", "access", "private", "secret", "subscription", "functions", "function"),
    *("master", "shared", "signing", "encryption", "client", "account", "host", "x"),
}
# What is in each such name: a text without any of these has no secret by its name.
_HINTS = (
    *("pass", "pwd", "auth", "jwt", "bearer", "session", "sid", "sig", "secret"),
    *("token", "credential", "cookie", "assertion", "key", CUSTOM),
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_NAMED = re.compile(r"(?<![\w%+.[\]-])([\w%+.[\]-]+)(\\*[\"']?)\s*(=>?|:)\s*")
_STRING = (
    r"\\+\"(?:[^\"\\]|\\[^\"])*(?:\\\")?"
    r"|\"(?:[^\"\\]|\\.)*\"?"
    r"|'(?:[^'\\]|\\.)*'?"
    r"|[\[{].*"
)
# After a colon ThingSpace itself says "Authorization: Basic ACCESS_TOKEN".
_AFTER = {
    ":": re.compile(rf"{_STRING}|[^\r\n]*", re.DOTALL),
    "line": re.compile(r"(?!Basic ACCESS_TOKEN\")(?:[\[{].*|[^\r\n]*)", re.DOTALL),
    "=": re.compile(rf"{_STRING}|[^&\s\"]*", re.DOTALL),
    "&": re.compile(r"[^&]*"),
}
_TAG = re.compile(r"<(?:[\w.-]*:)?([\w.[\]-]+)(?:\s[^<>]*)?(?<!/)>")
_ELEMENT = re.compile(rf"{_TAG.pattern}.*?(?=</(?:[\w.-]*:)?\1\s*>|\Z)", re.DOTALL)
_PART = re.compile(r"(?<![^\n])--[^\n]*\n((?:(?!--)[^\r\n][^\n]*\n)*)\r?\n")
_PART_NAME = re.compile(r"\bname\*?=\"?([^\";\r\n]*)", re.IGNORECASE)
_PART_VALUE = re.compile(r".*?(?=\r?\n--|\Z)", re.DOTALL)
_ESCAPED = re.compile(r"[^\s\"&?=]+")
_LINE = re.compile(r"[^\r\n]+")
# User info: in a URL; where what follows a colon is no port, so that a password may
# hold what ends it elsewhere; and in a text that is nothing but an address.
_NO_PORT = r"(?![0-9]*(?:[/?#\s\"'),.:;]|\Z))"
_URL_USER = re.compile(r"(:\\?/\\?/)([^/\s\"]*)(@|%40)")
_LONG_USER = re.compile(rf"(:\\?/\\?/)([^\s/@:\"\[]*)(?=:{_NO_PORT})")
_UP_TO_AT = re.compile(r"[^@\n\"]+@?")
_MOST_PASSWORD = 200  # characters of a password that holds what ends it elsewhere
_USERS = (
    re.compile(
        rf"(\A\s*(?:[A-Za-z][\w+.-]*:)?/+)([^/@:\s\[]*:{_NO_PORT}[^@]{{1,200}})(@)"
    ),
    re.compile(rf"((?:\A|(?<=')))([^/@:\s\"'\[]+:{_NO_PORT}[^@\s\"']{{1,200}})(@)"),
)
_NO_USER = re.compile(r"[\s\"]")
_COLON = re.compile(":|%3A", re.IGNORECASE)
_ESCAPED_LETTER = re.compile(
    r"\\u00(4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9a]|2d|32)", re.IGNORECASE
)

Found = tuple[int, re.Pattern[str], int]  # start, what a value is, and from where


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
    """Say whether what has this name, of a field, parameter or header, is a secret.

    Its words tell, however they are joined: ``client_secret``, ``newPassword1``,
    ``user[tokens][]``, ``X-Functions-Key``. A ``token_type`` is none.
    """
    lower = name.lower()
    return _hinted(lower) and any(
        _tells([word.lower() for word in _WORD.findall(spelled)])
        for spelled in {name, lower}
    )


def _tells(words: list[str]) -> bool:
    return words[-1:] != ["type"] and any(
        word in _WORDS
        or word.removesuffix("s").endswith(_ENDS)
        or (word in ("key", "keys") and before in _KEYS)
        for before, word in zip(["", *words], words, strict=False)
    )


def _hinted(lower: str) -> bool:
    return any(hint in lower for hint in _HINTS)


def without_secrets(text: str) -> str:
    """Return a sentence, a URL or a query with passwords and tokens hidden.

    What follows a name and a colon is a secret if the name is quoted: a sentence
    may say ``password: must be a string``.
    """
    return _named_without_secrets(text, _depth(text)) if _may_hold(text) else text


def body_without_secrets(body: bytes) -> str:
    """Return a body with passwords and tokens hidden.

    One that holds none is returned as it came, to the letter. One that is not
    JSON is searched for what looks like them.
    """
    return _text_without_secrets(body.decode("utf-8", "replace"))


def _may_hold(text: str) -> bool:
    """Say whether it is worth a closer look: most texts are not, which is cheap."""
    if "\\u" in text or "%25" in text:
        return True
    plain = unquote_plus(text) if "%" in text else text
    at = plain.rfind("@")
    if 0 <= plain.find("//") < at or (at > 0 and _may_have_user(plain)):
        return True
    return _hinted(plain.lower())


def _may_have_user(text: str) -> bool:
    """Say whether a colon stands before an ``@``, with a password between them."""
    before = (part[-_MOST_PASSWORD - 1 :] for part in text.split("@")[:-1])
    return any(":" in _NO_USER.split(part)[-1][:-1] for part in before)


def _text_without_secrets(text: str, depth: int = DEPTH) -> str:
    """Hide what is secret in a body, or in a value of one."""
    if not _may_hold(text):
        return text
    if not depth:
        return HIDDEN
    depth = _depth(text, depth)
    try:
        return _json_without_secrets(text, depth)
    except (ValueError, RecursionError):
        return _loose_without_secrets(text, depth)


def _depth(text: str, most: int = DEPTH) -> int:
    """Return how deep to look: one level where so much is escaped more than once."""
    return min(most, 1) if text.count("%25") > MOST_ESCAPED else most


def value_without_secrets(path: str, value: Any) -> Any:
    """Return what stands at a path of a document, with what is secret hidden."""
    if any(map(is_secret, path.split("."))):
        return HIDDEN if value not in ("", None) else value
    return json.loads(body_without_secrets(json.dumps(value).encode()))


def _json_without_secrets(text: str, depth: int) -> str:
    found = False

    def seen(value: Any, kept: Any) -> Any:
        nonlocal found
        found = found or kept != value
        return kept

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {
            seen(name, shown(name)): seen(value, member(name, value))
            for name, value in pairs
        }

    def member(name: str, value: Any) -> Any:
        if is_secret(name):
            return value if value in EMPTY else HIDDEN
        return (
            _custom_without_secrets(value) if name.lower() == CUSTOM else shown(value)
        )

    def shown(value: Any) -> Any:
        if isinstance(value, list):
            return [shown(item) for item in value]
        if isinstance(value, str):
            return _text_without_secrets(value, depth - 1)
        return value

    document = json.loads(text.lstrip("\ufeff"), object_pairs_hook=members)
    kept = seen(document, shown(document))
    return json.dumps(kept) if found else text


def _custom_without_secrets(headers: Any) -> Any:
    """Hide a listener's own headers as a request's are; what is none is hidden."""
    if isinstance(headers, str):
        return _LINE.sub(lambda line: _line_without_secret(line[0]), headers)
    if not isinstance(headers, dict):
        return HIDDEN if isinstance(headers, list) and headers else headers
    return {
        name: custom_header(name, value) if isinstance(value, str) else value and HIDDEN
        for name, value in headers.items()
    }


def _line_without_secret(line: str) -> str:
    name, colon, value = line.partition(":")
    if not colon:
        return HIDDEN
    shown = custom_header(name.strip(), value.strip())
    return line if shown == value.strip() else f"{name}: {shown}"


def _loose_without_secrets(text: str, depth: int) -> str:
    plain = _ESCAPED_LETTER.sub(lambda letter: chr(int(letter[1], 16)), text)
    hidden = _without(plain, _parts(plain))
    hidden = _without(hidden, _elements(hidden))
    form = hidden.lstrip()[:1] not in ("{", "[", "<", "-")
    hidden = _named_without_secrets(hidden, depth, "&" if form else "=")
    return text if hidden == plain else hidden


def _named_without_secrets(text: str, depth: int, equals: str = "") -> str:
    """Hide what follows a secret's name, and user info.

    Args:
        text: Any text but whole JSON.
        depth: How many texts within it are looked into.
        equals: How what follows ``=`` ends, a key of ``_AFTER``. Empty for a
            sentence, in which a colon counts after a quoted name only.
    """
    if "@" in text or "%40" in text:
        text = _URL_USER.sub(_without_user, text)
        text = _UP_TO_AT.sub(_without_long_user, text)
        for user in _USERS:
            text = user.sub(_without_user, text)
    text = _without(text, _values(text, equals))
    if "%" not in text:
        return text
    return _ESCAPED.sub(lambda part: _escaped_without_secrets(part[0], depth), text)


def _without(text: str, values: Iterator[Found]) -> str:
    parts = []
    at = 0
    for start, pattern, opened in values:
        if start >= at and (value := pattern.match(text, opened)):
            shown = text[start : value.end()]
            told = shown.strip("\\\"'") not in ("", HIDDEN)
            parts += [text[at:start], HIDDEN if told else shown]
            at = value.end()
    return "".join([*parts, text[at:]])


def _parts(text: str) -> Iterator[Found]:
    """Find the secrets among the parts of a form (multipart/form-data)."""
    for part in _PART.finditer(text):
        name = _PART_NAME.search(part[1])
        if name and is_secret(name[1]):
            yield part.end(), _PART_VALUE, part.end()


def _elements(text: str) -> Iterator[Found]:
    """Find the secrets among XML's elements."""
    for tag in _TAG.finditer(text):
        if is_secret(tag[1]):
            yield tag.end(), _ELEMENT, tag.start()


def _values(text: str, equals: str) -> Iterator[Found]:
    """Find the secrets among what follows a name and an equals sign or a colon."""
    for name in _NAMED.finditer(text):
        start, colon = name.start(), name[3] == ":"
        spelled = unquote_plus(name[1])
        after_a_backslash = text[start - 1 : start] == "\\"  # \n and the like
        secret = is_secret(spelled) or (after_a_backslash and is_secret(spelled[1:]))
        if secret and (equals or name[2] or not colon):
            ends = equals or "="
            if colon:
                ends = "line" if equals == "&" and not name[2] else ":"
            yield name.end(), _AFTER[ends], name.end()


def _escaped_without_secrets(text: str, depth: int) -> str:
    plain = unquote_plus(text)
    shown = plain if plain == text else _text_without_secrets(plain, depth - 1)
    return text if shown == plain else quote_plus(shown, safe="*")


def _without_long_user(before: re.Match[str]) -> str:
    """Hide the password of a URL in what ends with an ``@``, the first that fits."""
    text = before[0]
    for user in _LONG_USER.finditer(text) if text.endswith("@") else ():
        if 1 <= len(text) - user.end() - 2 <= _MOST_PASSWORD:
            colon = _COLON.search(text, user.end(1))
            assert colon is not None
            return f"{text[: colon.end()]}{HIDDEN}@"
    return text


def _without_user(url: re.Match[str]) -> str:
    colon = _COLON.search(url[2])
    return f"{url[1]}{url[2][: colon.end()] if colon else ''}{HIDDEN}{url[3]}"


def header(name: str, value: str) -> str:
    """Return a request header's value, hidden where it is a token."""
    if name.title() in ("Authorization", "Proxy-Authorization"):
        scheme, space, _ = value.partition(" ")
        return f"{scheme} {HIDDEN}" if space else _hidden(value)
    return _hidden(value) if is_secret(name) else _text_without_secrets(value)


def custom_header(name: str, value: str) -> str:
    """Return a listener's own header's value: hidden unless it can be no secret."""
    return without_secrets(value) if name.title() in PLAIN_HEADERS else _hidden(value)


def reply_header(name: str, value: str) -> str:
    """Return a reply header's value, hidden unless it is known to hold no secret."""
    return without_secrets(value) if name in PLAIN_HEADERS else _hidden(value)


def _hidden(value: str) -> str:
    return value and HIDDEN
