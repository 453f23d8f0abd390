"""Hiding passwords and tokens in whatever a person or a script is shown.

And escaping what would move a terminal's cursor there. One rule: a name says
whether its value is a secret (``is_secret``), and a URL may have user info. In
JSON, forms and queries just the value is hidden; in any other text all that
follows the name is. Each pattern is linear in the text: large bodies and long URLs
come through here.
"""

import json
import re
from typing import Any
from urllib.parse import quote_plus, unquote_plus

HIDDEN = "***"
EMPTY: tuple[Any, ...] = (None, "", [], {})  # no secret: shown as it is
CUSTOM = "httpheaders"
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
_HINT = re.compile(
    "pass|pwd|auth|jwt|bearer|session|sid|sig|secret"
    f"|token|credential|cookie|assertion|key|{CUSTOM}"
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# A name and what it is followed by, or a tag of XML, or the name of a form's part.
# ThingSpace itself says "Authorization: Basic ACCESS_TOKEN".
_NAMED = re.compile(
    r"(?<![\w%+.[\]-])(?P<before><(?:[\w-]+:)?|\b(?i:name)\*?=[\"']?)?(?P<name>[\w%+.[\]-]+)"
    r"(?:(?P<quote>\\*[\"'])?\s*(?P<sign>[=:>])\s*)?(?!\s*Basic ACCESS_TOKEN\")"
)
_IN_A_SENTENCE = re.compile(
    r"\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|[\[{\\].*|[^&\s\"]*", re.DOTALL
)
_IN_A_FORM = re.compile(r"[^&]*")
_REST = re.compile(r".*", re.DOTALL)
# User info: in a URL; and in a text that is nothing but an address, or quoted. A
# colon that a port follows begins no password.
_PASSWORD = r":(?![0-9]*(?:[/?#\s\"'),.:;]|\Z))"
_USERS = (
    re.compile(
        rf"(:\\?/\\?/)(?:([^/@:\s\"\[]*{_PASSWORD})[^@\n]{{1,200}}@|[^/@:\s\"]+@)"
        r"(?:[^/@\s\"]*@)*"
    ),
    re.compile(
        rf"(\A\s*(?:[A-Za-z][\w+.-]*:)?/+)([^/@:\s\[]*{_PASSWORD})[^@]{{1,200}}@"
    ),
    re.compile(rf"(\A|(?<='))([^/@:\s\"'\[]+{_PASSWORD})[^@\s\"']{{1,200}}@"),
)
_ESCAPED = re.compile(r"[^\s\"&?=]+")
_ESCAPED_LETTER = re.compile(
    r"\\(?:u00(4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9a]|2d|32)|[nrt])", re.IGNORECASE
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
    return _HINT.search(lower) is not None


def without_secrets(text: str) -> str:
    """Return a sentence, a URL or a query with passwords and tokens hidden.

    What follows a name and a colon is a secret if the name is quoted: a sentence
    may say ``password: must be a string``.
    """
    return _named_without_secrets(text, _IN_A_SENTENCE) if _may_hold(text) else text


def body_without_secrets(body: bytes) -> str:
    """Return a body with passwords and tokens hidden.

    One that holds none is returned as it came, to the letter. Of one that is
    neither JSON nor a form all is hidden from the first secret's name on.
    """
    return _text_without_secrets(body.decode("utf-8", "replace"))


def _may_hold(text: str) -> bool:
    """Say whether it is worth a closer look: most texts are not, which is cheap."""
    return any(mark in text for mark in ("@", "%", "\\u")) or _hinted(text.lower())


def _text_without_secrets(text: str, depth: int = DEPTH) -> str:
    """Hide what is secret in a body, or in a value of one."""
    if not _may_hold(text):
        return text
    if not depth:
        return HIDDEN
    try:
        return _json_without_secrets(text, depth)
    except (ValueError, RecursionError):
        plain = _ESCAPED_LETTER.sub(
            lambda letter: chr(int(letter[1], 16)) if letter[1] else "\n", text
        )
    form = plain.lstrip()[:1] not in ("{", "[", "-") and "<" not in plain
    hidden = _named_without_secrets(plain, _IN_A_FORM if form else _REST, depth)
    return text if hidden == plain else hidden


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
    if not isinstance(headers, dict):
        return headers and HIDDEN
    return {
        name: custom_header(name, value) if isinstance(value, str) else value and HIDDEN
        for name, value in headers.items()
    }


def _named_without_secrets(
    text: str, value: re.Pattern[str], depth: int = DEPTH
) -> str:
    """Hide what follows a secret's name, and user info.

    Args:
        text: Any text but whole JSON.
        value: What follows a name and ``=``; after anything else, if it is not in a
            sentence, all is hidden.
        depth: How many texts within it are looked into.
    """
    if "@" in text:
        for user in _USERS:
            text = user.sub(lambda url: f"{url[1]}{url[2] or ''}{HIDDEN}@", text)
    parts, at = [], 0
    for name in _NAMED.finditer(text):
        if name.start() >= at and _names_a_secret(name, value is _IN_A_SENTENCE):
            rest = name["sign"] != "=" and value is not _IN_A_SENTENCE
            ends = _REST if rest else value
            found = ends.match(text, name.end())
            assert found is not None
            told = found[0].strip("\\\"'{}[] \n") not in ("", HIDDEN)
            parts += [text[at : name.end()], HIDDEN if told else found[0]]
            at = found.end()
    text = "".join([*parts, text[at:]])
    if "%" not in text:
        return text
    return _ESCAPED.sub(lambda part: _escaped_without_secrets(part[0], depth), text)


def _names_a_secret(name: re.Match[str], in_a_sentence: bool) -> bool:
    colon = name["sign"] == ":" and (name["quote"] or not in_a_sentence)
    followed = name["sign"] == "=" or colon or name["before"]
    return bool(followed) and is_secret(unquote_plus(name["name"]))


def _escaped_without_secrets(text: str, depth: int) -> str:
    plain = unquote_plus(text)
    shown = plain if plain == text else _text_without_secrets(plain, depth - 1)
    return text if shown == plain else quote_plus(shown, safe="*")


def header(name: str, value: str) -> str:
    """Return a request header's value, hidden where it is a token."""
    if name.title() in ("Authorization", "Proxy-Authorization"):
        scheme, space, _ = value.partition(" ")
        return f"{scheme} {HIDDEN}" if space else _hidden(value)
    return _hidden(value) if is_secret(name) else _text_without_secrets(value)


def custom_header(name: str, value: str) -> str:
    """Return a listener's or a reply's header: hidden unless it can be no secret."""
    return without_secrets(value) if name.title() in PLAIN_HEADERS else _hidden(value)


def _hidden(value: str) -> str:
    return value and HIDDEN
