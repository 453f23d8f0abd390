"""Passwords and tokens are hidden, whatever they stand in, and quickly."""

import json
import logging

import pytest
from flask.testing import FlaskClient

from mockthingspace.core import redaction, serializers
from mockthingspace.core.redaction import (
    HIDDEN,
    body_without_secrets,
    custom_header,
    printable,
    without_secrets,
)

from ..rows import each

CALLBACKS = "/api/fota/v1/callbacks/0242078689-00001"
SECRET = "hunter2"

TOKEN_KEYS = (
    "password",
    "oldPassword",
    "newPassword",
    "sessionToken",
    "access_token",
    "refresh_token",
    "client_secret",
    "token",
)

WITH_SECRETS = {
    "json": '{"password": "hunter2"}',
    "every token key": json.dumps(dict.fromkeys(TOKEN_KEYS, SECRET)),
    "another case": '{"PassWord": "hunter2"}',
    "nested": '{"a": [{"b": {"password": "hunter2"}}]}',
    "no space": '{"password":"hunter2"}',
    "much space": '{"password" \n : \t "hunter2"}',
    "escaped key": r'{"pass\u0077ord": "hunter2"}',
    "escaped quote": r'{"password": "a\"hunter2"}',
    "object value": '{"password": {"a": "hunter2"}}',
    "array value": '{"token": ["a", "hunter2"]}',
    "a header": '{"httpHeaders": {"X-Auth-Token": "hunter2"}}',
    "a header in another case": '{"HTTPHEADERS": {"cookie": "hunter2"}}',
    "a header that is no text": '{"httpHeaders": {"Cookie": ["hunter2"]}}',
    "headers as text": '{"httpHeaders": "X-A: b\\nCookie: hunter2"}',
    "a header that could hold one": '{"httpHeaders": {"X-Auth": "hunter2"}}',
    "a header that could, as text": '{"httpHeaders": "X-Key: hunter2"}',
    "headers as text on Windows": r'{"httpHeaders": "X-A: b\r\nCookie: hunter2\r\n"}',
    "headers as text of a Mac": r'{"httpHeaders": "X-A: b\rCookie: hunter2"}',
    "headers without a colon": '{"httpHeaders": "Authorization Bearer hunter2"}',
    "headers as an array": '{"httpHeaders": ["Cookie: hunter2"]}',
    "truncated": '{"password": "hunter2',
    "truncated in an escape": '{"password": "hunter2\\',
    "truncated with a line in it": '{"password": "a\\\nhunter2',
    "truncated escaped key": r'{"p\u0061ss\u0057ord": "hunter2',
    "truncated escaped value": r'{"pass\u0077ord": "a\u0022hunter2',
    "truncated array": '{"token": ["a", "hunter2',
    "truncated object": '{"a": "\\u0041", "token": {"a": "hunter2',
    "not JSON": '{"password": hunter2}',
    "a form": "grant_type=x&token=hunter2&b=c",
    "a form's first": "password=hunter2",
    "a form with spaces": "password=a hunter2",
    "a form with quotes": 'password=a"hunter2',
    "a form with an escaped name": "a=b&%74oken=hunter2",
    "a form with an escaped name and spaces": "pass%77ord=a hunter2&b=c",
    "a form with an escaped URL": "url=http%3A%2F%2Fann%3Ahunter2%40h%2F",
    "two fields of a form": "token=a=hunter2&password=hunter2",
    "a query": "/cb?token=hunter2",
    "a query in a query": "/cb?next=/cb?token=hunter2",
    "a query in JSON": '{"url": "http://h/?a=b&access_token=hunter2"}',
    "twice the same key": '{"password": "hunter2", "password": "a"}',
    "twice the same key hidden": '{"password": "***", "password": "hunter2"}',
    "a byte order mark": '\ufeff{"token": ["a", "hunter2"]}',
    "escapes in a value": r'{"url": "http:\u002f\u002fann\u003ahunter2\u0040h/"}',
    "an escaped query": r'{"url": "http://h/?token\u003dhunter2"}',
    "a URL in an array": '["http://ann:hunter2@h/"]',
    "a URL in an array in an object": '{"a": [["http://ann:hunter2@h/"]]}',
    "a URL as a string": '"http://ann:hunter2@h/"',
    "a URL as a key": '{"http://ann:hunter2@h/": 1}',
    "JSON in JSON": json.dumps({"a": json.dumps({"password": "hunter2"})}),
    "JSON in truncated JSON": json.dumps({"a": '{"token": "a hunter2"'})[:-1],
    "single quotes": "{'password': 'a hunter2'}",
    "single quotes truncated": "{'a': 1, 'password': 'a hunter2",
    "no quotes": "{password: hunter2}",
    "lines": "name: Fota\npassword: a, hunter2\n",
    "an arrow": "{:password => 'hunter2'}",
    "XML": "<a><password>hunter2</password></a>",
    "XML with an attribute": '<ns:token a="b">hunter2</ns:token>',
    "XML with a section": "<password><![CDATA[a<hunter2]]></password>",
    "XML in XML": "<token><a>b</a><a>hunter2</a></token>",
    "XML truncated": "<password>a hunter2",
    "an attribute of XML": '<a password="a hunter2" b="c"/>',
    "a part": '--b\r\nA: x; name="password"\r\n\r\na\r\nhunter2\r\n--b--',
    "a part in capitals": '--b\r\nA: x; NAME="password"\r\n\r\nhunter2\r\n--b--',
    "a part in single quotes": "--b\r\nA: x; name='password'\r\n\r\nhunter2",
    "a part with a type": '--b\nA: x; name="token"\nB: c\n\nhunter2\n--b--',
    "user info": "http://ann:hunter2@localhost/",
    "user info with an at sign": "http://ann:a@hunter2@localhost/",
    "user info without a name": "http://:hunter2@localhost/",
    "user info without a colon": "http://hunter2@localhost/",
    "user info with an escaped at sign": "/?url=http://ann:hunter2%40h/",
    "user info with an escaped slash": "http://ann:a%2Fhunter2@h/",
    "user info in an escaped URL": "/?url=http%3a%2f%2fann%3Ahunter2%40h%2F&a=b",
    "user info in JSON": '{"url": "https://ann:hunter2@localhost/"}',
    "a bracketed name": "?user[password]=hunter2",
    "an escaped bracketed name": "?user%5Bpassword%5D=hunter2",
    "a name of a list": "/cb?password[]=hunter2",
    "a name of an item": "password[0]=hunter2",
    "a bracketed part": '--b\r\nA: x; name="a[password]"\r\n\r\nhunter2\r\n--b--',
    "a part far down": f"--b\nX: {'a' * 200}\nA: x; name=pass\n\nhunter2\n--b--",
    "parts without a secret before": '--b\nA: x; name="a"\n\nb\n'
    '--b\nA: x; name="sid"\n\nhunter2\n--b--',
    "an escaped URL in a query": "?next=%2Fy%3Ftoken%3Dhunter2",
    "an escaped URL in an escaped URL": "?a=%2Fy%3Fa%3D%252Fz%253Fsid%253Dhunter2",
    "JSON in a query": "?a=%7B%22password%22%3A%22hunter2%22%7D",
    "JSON in a form": '{"password":"hunter2"}'.join(["a=b&c=", "&d=e"]),
    "escaped JSON in a form": "a=%7B%22pass%5Cu0077ord%22%3A%22a+hunter2%22%7D&b=c",
    "a form in JSON": '{"a": "b=c&user%5Bpwd%5D=a hunter2"}',
    "a sentence in JSON": '{"a": "password: hunter2"}',
    "a header's line in JSON": '{"a": "Authorization: Bearer hunter2"}',
    "headers in JSON": '{"headers": {"X-Auth": "hunter2"}}',
    "a header's line": "X-Auth: hunter2",
    "a line with quotes in it": 'password: "a" hunter2',
    "a line of truncated JSON": r'{"a": "b\nsid: hunter2',
    "a session of PHP": "PHPSESSID=hunter2",
    "like ThingSpace's own words": "Authorization: Basic ACCESS_TOKEN hunter2",
    "deeper than is looked": "?a=%252525252525253Ftoken%252525252525253Dhunter2",
    "user info with escaped slashes": r'{"url": "http:\/\/ann:hunter2@localhost\/"}',
}


@each("text", WITH_SECRETS.values(), ids=WITH_SECRETS)
def test_a_secret_is_hidden(text: str) -> None:
    """No spelling of a password or a token, whole or cut off, is shown."""
    shown = body_without_secrets(text.encode())
    assert (SECRET in shown, HIDDEN in shown) == (False, True)


SENTENCES = {
    "query": ("/cb?token=hunter2", "/cb?token=***"),
    "fields": ("?a=b&token=hunter2&c=d", "?a=b&token=***&c=d"),
    "escaped name": ("?%74oken=hunter2&c=d", "?%74oken=***&c=d"),
    "plus": ("?client+id=a&TOKEN=hunter2", "?client+id=a&TOKEN=***"),
    "in a value": ("?a=/b?token=hunter2", "?a=/b?token=***"),
    "again in it": ("?token=a?token=hunter2&b", "?token=***&b"),
    "user": ("no (got: 'http://ann:hunter2@h/')", "no (got: 'http://ann:***@h/')"),
    "token": ("https://hunter2@h/a", "https://***@h/a"),
    "escaped": ("?url=http%3A%2F%2Fann%3Ahunter2%40h", None),
    "quoted": ('no {"pwd": "hunter2"}', 'no {"pwd": ***}'),
    "escaped in a value": ("?a=%3Fpwd%3Dhunter2&b=c", "?a=%3Fpwd%3D***&b=c"),
    "a colon": ("password: must be a string", "password: must be a string"),
    "two": ("http://a:hunter2@h/ http://hunter2@h/", "http://a:***@h/ http://***@h/"),
}


@each(("text", "expected"), SENTENCES.values(), ids=SENTENCES)
def test_a_secret_in_a_sentence_is_hidden(text: str, expected: str | None) -> None:
    """Of a sentence, a URL and a query, just the secret is hidden."""
    assert without_secrets(text) == (expected or "?url=http%3A%2F%2Fann%3A***%40h")


@each("value", ["12345", "-1.5", "true", "0"])
@each("end", ["}", ""], ids=["whole", "cut off"])
def test_a_secret_that_is_no_string_is_hidden(value: str, end: str) -> None:
    """A password of another JSON type is still a password."""
    shown = body_without_secrets(f'{{"password": {value}{end}'.encode())
    assert ('{"password": "***"}' if end else '{"password": ***') == shown


def test_what_stands_beside_a_secret_is_shown() -> None:
    """Hiding one field leaves the others as they were."""
    text = '{"url": "http://h/?token=hunter2", "name": "Fota", "password": "hunter2"}'
    assert json.loads(body_without_secrets(text.encode())) == {
        "url": "http://h/?token=***",
        "name": "Fota",
        "password": "***",
    }


def test_what_follows_a_secret_in_a_form_is_shown() -> None:
    """A hidden value ends where the next field of the form begins."""
    shown = body_without_secrets(b"a=b&token=hunter2&c=d")
    assert shown == "a=b&token=***&c=d"


def test_what_stands_before_a_secret_in_any_other_text_is_shown() -> None:
    """Of what is neither JSON nor a form all is hidden from the name on."""
    text = b"<a><b>c</b><password>hunter2</password><d/></a>"
    assert body_without_secrets(text) == "<a><b>c</b><password>***"


WITHOUT_SECRETS = {
    "empty": "",
    "blank": " \n",
    "json": '{"name":  "Fota",\n "url": "http://localhost:9001/cb"}',
    "escapes": r'{"n\u0061me": "\u0041"}',
    "array": '[1,  2, "a@b:c"]',
    "truncated": '{"name": "Fo',
    "truncated escapes": r'{"n\u00zz": "Fo',
    "too deep": '{"\\u0041": ' + "[" * 5000,
    "already hidden": '{"password":"***", "a":\t1}',
    "headers": '{"httpHeaders":  {"User-Agent": "b", "Accept": "x:y"}}',
    "no headers": '{"httpHeaders":  null}',
    "like a secret": '{"tokenized": true, "token_type": "x", "key": "a"}',
    "like a secret in a form": "monkey=a&keyboard=b&requestId=c&token_type=d",
    "like a secret in lines": "X-Request-Id: a\nIdempotency-Key: b\nDesign: c",
    "no password": '{"password":  ""}',
    "no password in a form": "password=&a=b",
    "escaped": "?next=%2Fy%3Fa%3Db+c&d=100%&e=%25",
    "ThingSpace's own words": r'{"a": "has: \"Authorization: Basic ACCESS_TOKEN\""}',
    "a value": '{"name": "password"}',
    "form": "grant_type=client_credentials&scope=a b",
    "address": "http://localhost:8440/a@b",
    "text": "the password is none, token",
    "JSON in JSON": json.dumps({"a": json.dumps({"b": "c"})}),
    "not Latin": "密码 🔑 \x00",
}


@each("text", WITHOUT_SECRETS.values(), ids=WITHOUT_SECRETS)
def test_a_text_without_secrets_is_shown_to_the_letter(text: str) -> None:
    """Where nothing is hidden, nothing is changed."""
    assert (without_secrets(text), body_without_secrets(text.encode())) == (text, text)


HEADERS = [
    ("HTTP_AUTHORIZATION", "Bearer hunter2", {"Authorization": "Bearer ***"}),
    ("HTTP_AUTHORIZATION", "Basic aHVudGVyMg==", {"Authorization": "Basic ***"}),
    ("HTTP_AUTHORIZATION", "hunter2", {"Authorization": "***"}),
    ("HTTP_PROXY_AUTHORIZATION", "a hunter2", {"Proxy-Authorization": "a ***"}),
    ("HTTP_VZ_M2M_TOKEN", "hunter2", {"Vz-M2M-Token": "***"}),
    ("HTTP_COOKIE", "a=hunter2", {"Cookie": "***"}),
    ("HTTP_X_CSRF_TOKEN", "hunter2", {"X-Csrf-Token": "***"}),
    ("HTTP_X_API_KEY", "hunter2", {"X-Api-Key": "***"}),
    ("HTTP_APIKEY", "hunter2", {"Apikey": "***"}),
    ("HTTP_X_CLIENT_SECRET", "hunter2", {"X-Client-Secret": "***"}),
    ("HTTP_REFERER", "http://a:hunter2@h/", {"Referer": "http://a:***@h/"}),
    ("CONTENT_TYPE", "text/plain", {"Content-Type": "text/plain"}),
    ("HTTP_X_JWT", "hunter2", {"X-Jwt": "***"}),
    ("HTTP_X_AUTH", "hunter2", {"X-Auth": "***"}),
    ("HTTP_SIGNATURE", "hunter2", {"Signature": "***"}),
    ("HTTP_X_HUB_SIGNATURE_256", "hunter2", {"X-Hub-Signature-256": "***"}),
    ("HTTP_X_SESSION_ID", "hunter2", {"X-Session-Id": "***"}),
    ("HTTP_OCP_APIM_SUBSCRIPTION_KEY", "a", {"Ocp-Apim-Subscription-Key": "***"}),
    ("HTTP_X_FUNCTIONS_KEY", "hunter2", {"X-Functions-Key": "***"}),
    ("HTTP_X_KEY", "hunter2", {"X-Key": "***"}),
    ("HTTP_X_PASS", "hunter2", {"X-Pass": "***"}),
    ("HTTP_X_SID", "hunter2", {"X-Sid": "***"}),
    ("HTTP_X_JSON", '{"password": "a"}', {"X-Json": '{"password": "***"}'}),
    ("HTTP_X_JWT_ASSERTION", "hunter2", {"X-Jwt-Assertion": "***"}),
    ("HTTP_IDEMPOTENCY_KEY", "a", {"Idempotency-Key": "a"}),
    ("HTTP_X_A", "b", {"X-A": "b"}),
]


@each(
    ("name", "value", "shown"), HEADERS, ids=[f"{row[0]} {row[1]}" for row in HEADERS]
)
def test_headers_are_shown_by_their_http_names_and_without_tokens(
    name: str, value: str, shown: dict[str, str]
) -> None:
    """Of a credential header, at most its scheme is shown."""
    assert serializers.headers([(name, value)]) == shown


REPLY_HEADERS = [
    ("Content-Type", "application/json", "application/json"),
    ("Content-Length", "7", "7"),
    ("Allow", "GET, HEAD", "GET, HEAD"),
    ("X-Mock-Reason", "no (got: 'http://a:hunter2@h/')", None),
    ("X-ThingSpace-Secret", "hunter2", "***"),
    ("X-Anything", "hunter2", "***"),
]


@each(("name", "value", "shown"), REPLY_HEADERS, ids=[row[0] for row in REPLY_HEADERS])
def test_a_reply_header_is_shown_if_it_is_known_to_hold_no_secret(
    name: str, value: str, shown: str | None
) -> None:
    """A setting may call the secret's header anything, so any other is hidden."""
    assert custom_header(name, value) == (shown or "no (got: 'http://a:***@h/')")


DIAGNOSTICS = "/api/diagnostics/v1/callbacks"
CUSTOM: dict[str, object] = {
    "Authorization": {"Authorization": f"Bearer {SECRET}"},
    "an API key": {"X-Api-Key": SECRET},
    "another case": {"AUTHORIZATION": f"Basic {SECRET}"},
    "a token": {"X-Auth-Token": SECRET},
    "a cookie": {"Cookie": f"a={SECRET}"},
    "a secret": {"X-Shared-Secret": SECRET},
    "text": f"Authorization: Bearer {SECRET}",
    "text of two lines": f"X-A: b\nX-Auth-Token: {SECRET}",
}


@each("headers", CUSTOM.values(), ids=CUSTOM)
def test_a_listeners_own_header_is_hidden_as_a_requests_is(
    client: FlaskClient, headers: object
) -> None:
    """What a listener wants to be called with is its credential."""
    names = {"accountName": "0242078689-00001", "serviceName": "Diagnostics"}
    wanted = {**names, "endpoint": "http://l/", "httpHeaders": headers}
    made = client.post(DIAGNOSTICS, json=wanted)
    client.get(f"{DIAGNOSTICS}?accountName={names['accountName']}")
    assert SECRET in made.text
    assert SECRET not in client.get("/__admin/requests").text


LONG = {
    "colons": "://" + ":" * 12_000,
    "colons and an at sign": "@://" + ":" * 12_000,
    "schemes": "@" + "://" * 15_000,
    "escaped schemes": "%40" + "%3A%2F%2F" * 10_000,
    "an escaped scheme": "%40%3A%2F%2F" + "%" * 12_000,
    "keys": '{"password' * 10_000,
    "keys and quotes": '{"password"' * 10_000,
    "keys and spaces": "password " * 10_000,
    "keys and lines": "password\n" * 10_000,
    "keys and backslashes": "{password\\" * 10_000,
    "fields": "token=" * 10_000,
    "names": "a=" * 12_000,
    "one name": "=" + "a" * 15_000,
    "one value": "token=" + "a" * 15_000,
    "elements": "<password>" * 10_000,
    "opened elements": "<password " * 10_000,
    "closings": "<password>" + "</a" * 15_000,
    "namespaces": "<a" * 10_000 + ":" * 10_000,
    "parts": "-" + 'name="password"' * 7_000,
    "part": '-name="password"\n\n' + "\n-" * 12_000,
    "spaces": "password" + " " * 12_000,
    "spaces after": "{password:" + " " * 12_000,
    "line ends after": "{password:" + "\n" * 12_000,
    "backslashes": '{"password' + "\\" * 12_000,
    "backslashes after": '{"password": ' + "\\" * 12_000,
    "quotes": '"' * 12_000,
    "escaped quotes": '{"password": "' + '\\"' * 12_000,
    "escapes": "\\u00" * 12_000,
    "deep": '{"password":' * 10_000,
    "deep arrays": "[" * 12_000,
    "escaped": "%74oken%3D" * 5_000,
    "escaped twice": "%2574" * 10_000,
    "unlike elements": "".join(f"<token{n}></token{n}>" for n in range(2_000)),
    "delimiters": "--token\n" * 10_000,
    "colons and an at": ":" * 12_000 + "@",
    "users": "://:x" * 1_000 + "@",
    "users in quotes": "':x" * 1_000 + "@",
    "heads": "--a\n" + "name=token\n" * 5_000,
}


@each("text", LONG.values(), ids=LONG)
def test_a_long_text_is_searched_in_one_go(text: str) -> None:
    """The time grows with the text's length, not faster: this test would not end."""
    shown = [without_secrets(text), body_without_secrets(text.encode())]
    assert [len(item) < 2 * len(text) + 9 for item in shown] == [True, True]


@each("start", ["://fred:", "fred:", f"://a:b/{'c' * 300}://fred:"])
def test_a_long_password_with_slashes_is_user_info(start: str) -> None:
    """It has at most 200 characters between its colon and the ``@``."""
    shown = without_secrets(f"{start}{'p/' * 100}@h")
    assert shown == f"{start}{HIDDEN}@h"
    longer = f"{start}{'p/' * 100}p@h"
    assert without_secrets(longer) == longer


def test_a_text_without_a_word_for_a_secret_is_not_searched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A journal full of long bodies is shown at once: one glance at each will do."""
    monkeypatch.setattr(redaction, "_named_without_secrets", None)
    text = "All of what fred said: a=b, <c>d</c>\n" * 1000
    shown = (without_secrets(text), body_without_secrets(text.encode()))
    assert shown == (text, text)


@each("depth", range(150, 1000, 50))
def test_a_deep_document_is_hidden_too(depth: int) -> None:
    """However deep a password stands, and whatever gives up first, it is hidden."""
    text = '{"a": [' * depth + '{"password": "hunter2"}' + "]}" * depth
    assert SECRET not in body_without_secrets(text.encode())


def test_a_secret_that_is_cut_is_hidden_before(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A reason quotes a long URL cut; its password is not in what is left."""
    url = f"http://u:SEKRET{'x' * 80}@h:0/"
    with caplog.at_level(logging.INFO, "mockthingspace"):
        reply = client.post(CALLBACKS, json={"name": "Fota", "url": url})
    (record,) = caplog.records
    shown = (
        str(reply.headers),
        reply.get_data(as_text=True),
        client.get("/__admin/requests").get_data(as_text=True),
        record.getMessage(),
        json.dumps(record.exchange()),
    )
    assert "http://u:***@h:0/" in reply.headers["X-Mock-Reason"]
    assert [item for item in shown if "SEKRET" in item] == []


def test_a_log_record_carries_what_is_shown(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The document is made when a handler of the log asks for it."""
    with caplog.at_level(logging.INFO, "mockthingspace"):
        client.get(f"{CALLBACKS}?token={SECRET}")
    (record,) = caplog.records
    shown = client.get("/__admin/requests/1").get_json()
    assert (shown, serializers.line(shown)) == (record.exchange(), record.getMessage())


def test_what_a_terminal_would_obey_is_escaped() -> None:
    """Control, bidirectional and separating characters come out as their codes."""
    escaped = {
        "\x1b[2J": "\\x1b[2J",
        "a\r\nb\t": "a\\r\\nb\\t",
        "\0\x07\x7f\x9b": "\\x00\\x07\\x7f\\x9b",
        "\u2028\u2029\u202e\u2066\u200f": "\\u2028\\u2029\\u202e\\u2066\\u200f",
        "\ud800": "\\ud800",
        "\U000e0001": "\\U000e0001",
    }
    assert {text: printable(text) for text in escaped} == escaped


def test_what_a_terminal_can_show_is_kept() -> None:
    """Text of any script, emoji and backslashes stay as they are."""
    text = "a b \\n ü 密码 🔑 עברית"
    assert printable(text) == text
