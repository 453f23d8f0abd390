"""Checking a listener: a good one passes, one broken in one way fails that check."""

import asyncio
import json
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socket import socket
from threading import Barrier, Event, Lock, Thread
from typing import Any
from xml.etree import ElementTree

import pytest

from mockthingspace import Listener, check_listener
from mockthingspace.apis import APIS
from mockthingspace.backend.delivery.outcome import Outcome
from mockthingspace.core.exceptions import SettingsError
from mockthingspace.core.signatures import verify
from mockthingspace.testing.conformance import bodies, checks, run
from mockthingspace.testing.conformance.checks import CHECKS
from mockthingspace.testing.conformance.reports import junit
from mockthingspace.testing.conformance.results import (
    SHOWN,
    STOPPED,
    Posted,
    Report,
    Result,
)
from mockthingspace.testing.conformance.subject import identity_of, subject

from ..rows import each

CERTIFICATE = Path(__file__).parents[1] / "self_signed.pem"
ACCOUNT, PASSWORD, OLD, SECRET = "0242078689-00001", "hunter2", "hunter1", "s3cret"
FOTA = {"account": ACCOUNT, "username": "me", "password": PASSWORD}
FOTA |= {"previous_password": OLD}
NIDD = FOTA | {"service": "NiddService"}
LOCATION = {"service": "Location", "secret": SECRET}
NAMES = [check.name for check in CHECKS]
Message = dict[str, Any]
Fault = Callable[[Message, bytes, str], int | None]


class Ours:
    """A listener as it should be, unless a fault answers in its place."""

    def __init__(self, fault: Fault = lambda *_: None, **about: Any) -> None:
        self.processed = 0
        self.bodies: list[bytes] = []
        self._fault = fault
        self._about = about
        self._seen: set[str] = set()
        self._lock = Lock()

    def __call__(self, environ: Message, start_response: Any) -> list[bytes]:
        """Answer a request."""
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        self.bodies.append(body)
        signature = environ.get("HTTP_X_THINGSPACE_SIGNATURE")
        try:
            message = json.loads(body)
        except ValueError:
            message = None
        status = self._fault(message, body, environ["CONTENT_TYPE"])
        status = status or self._answered(message, body, signature)
        start_response(f"{status} -", [("Content-Length", "0")])
        return []

    def _answered(self, message: Any, body: bytes, signature: str | None) -> int:
        if not isinstance(message, dict):
            return 400
        secret = self._about.get("secret")
        if secret and not verify(body, signature, secret):
            return 401
        text = json.dumps(message)
        known = message.get("password") in (PASSWORD, OLD, None)
        if self._about.get("password") and (not known or "password" not in message):
            return 403
        if "accountName" in text and self._about.get("account", "") not in text:
            return 403
        message.pop("callbackCount", None)
        with self._lock:
            text = json.dumps(message)
            self.processed += text not in self._seen
            self._seen.add(text)
        return 204


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send a smaller crowd."""
    monkeypatch.setattr(checks, "CROWD", 5)


@contextmanager
def served(
    handler: type[BaseHTTPRequestHandler], secure: bool = False
) -> Iterator[str]:
    """Serve one connection after another, and yield where."""
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        if secure:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, args=(0.005,))
        thread.start()
        try:
            yield f"{'https' if secure else 'http'}://localhost:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


class Plain(BaseHTTPRequestHandler):
    """Answers 204 to whatever comes."""

    def status(self) -> int:
        """Return how a request is answered."""
        self.rfile.read(int(self.headers["Content-Length"]))
        return 204

    def do_POST(self) -> None:
        """Answer."""
        self.send_response(self.status())
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def verdicts(report: Report) -> dict[str, str]:
    """Return how each check ended."""
    return {result.check.name: result.verdict for result in report.results}


def reason(report: Report, name: str) -> str:
    """Return why a check failed or was skipped."""
    [found] = [result.reason for result in report.results if result.check.name == name]
    return found


@pytest.mark.parametrize(
    ("about", "skipped"),
    [
        (
            FOTA,
            {"last-attempt", "kind-spelling"}
            | {"missing-signature", "wrong-signature", "certificate"},
        ),
        (
            NIDD,
            {"null-elements", "missing-signature", "wrong-signature", "certificate"},
        ),
        (
            LOCATION,
            {"last-attempt", "null-elements", "kind-spelling", "missing-credentials"}
            | {"wrong-password", "stale-password", "wrong-account", "certificate"},
        ),
    ],
    ids=["Fota", "NiddService", "Location"],
)
def test_a_good_listener_passes(quick, about, skipped):
    """Every check that applies passes, and it processed nothing twice."""
    ours = Ours(**about)

    report = check_listener(ours, processed=lambda: ours.processed, **about)

    told = verdicts(report)
    assert {name for name, verdict in told.items() if verdict == "skipped"} == skipped
    assert {told[name] for name in told.keys() - skipped} == {"passed"}
    assert list(told) == NAMES


def test_our_own_listener_passes_over_sockets_as_they_are():
    """Nothing is in between."""
    with Listener() as listener:
        report = check_listener(listener.url)

        assert listener.url == report.url
        assert report.passed


BROKEN = {
    "acknowledges": (FOTA, lambda m, b, t: 302),
    "every-event": (FOTA, lambda m, b, t: _is(m, type="firmwareList") and 422),
    "last-attempt": (NIDD, lambda m, b, t: _is(m, callbackCount=4) and 410),
    "unknown-fields": (FOTA, lambda m, b, t: b"addedLater" in b and 400),
    "empty-arrays": (FOTA, lambda m, b, t: b'"deviceList": []' in b and 500),
    "null-elements": (FOTA, lambda m, b, t: b": null" in b and 500),
    "kind-spelling": (NIDD, lambda m, b, t: b'"kind": "Imei"' in b and 404),
    "numeric-identifiers": (
        FOTA,
        lambda m, b, t: re.search(rb'": \d{10}', b) and 500,
    ),
    "non-ascii": (FOTA, lambda m, b, t: not b.isascii() and 500),
    "wrong-content-type": (FOTA, lambda m, b, t: t == "text/plain" and 500),
    "not-json": (FOTA, lambda m, b, t: not isinstance(m, dict) and 500),
    "large-body": (FOTA, lambda m, b, t: len(b) > 16384 and 413),
    "missing-credentials": (FOTA, lambda m, b, t: _lacks(m, "password") and 204),
    "wrong-password": (FOTA, lambda m, b, t: _is(m, password="not-hunter2") and 204),
    "stale-password": (FOTA, lambda m, b, t: _is(m, password=OLD) and 403),
    "wrong-account": (FOTA, lambda m, b, t: ACCOUNT.encode() not in b and _fits(m)),
}


def _is(message: Any, **fields: Any) -> bool:
    return isinstance(message, dict) and fields.items() <= message.items()


def _lacks(message: Any, name: str) -> bool:
    return isinstance(message, dict) and name not in message


def _fits(message: Any) -> int | None:
    return 204 if isinstance(message, dict) else None


@pytest.mark.parametrize("name", BROKEN)
def test_a_listener_broken_in_one_way_fails_that_check(quick, name):
    """And no other, so the report says what is wrong with it."""
    about, fault = BROKEN[name]

    report = check_listener(Ours(fault, **about), check=False, **about)

    assert report.failed == [name]
    assert not report.passed


def test_a_listener_that_takes_its_time_fails(monkeypatch):
    """It is acknowledged, but after the limit, and the report says how long it took."""
    monkeypatch.setattr(run, "PATIENCE_S", 30)
    ours = Ours(lambda *_: Event().wait(0.03) or None)
    only = ["acknowledges", "in-time", "duplicate"]

    report = check_listener(ours, only=only, timeout_s=0.02, check=False)

    assert report.failed == ["in-time"]
    told = r"it took \d+\.\d{3} s to answer; the limit is 0\.02 s"
    assert re.fullmatch(told, reason(report, "in-time"))


@pytest.mark.parametrize("about", [FOTA, NIDD], ids=["Fota", "NiddService"])
def test_a_listener_that_refuses_what_it_knows_fails(quick, about):
    """A message that comes again is refused, one after another or both at once."""
    seen = set()

    def conflict(message: Any, body: bytes, _: str) -> int | None:
        known = re.sub(rb'"callbackCount": \d', b"", body) in seen
        seen.add(re.sub(rb'"callbackCount": \d', b"", body))
        return 409 if known and _is(message) else None

    report = check_listener(Ours(conflict, **about), check=False, **about)

    retried = ["reordered"] if about is NIDD else []
    assert report.failed == ["duplicate", "overlapping-retry", *retried]


def test_a_listener_that_processes_a_duplicate_is_found_by_what_it_counts():
    """From outside nothing shows; the user's count does."""
    ours = Ours()
    only = ["duplicate"]

    blind = check_listener(ours, only=only)
    report = check_listener(
        ours, only=only, processed=lambda: len(ours.bodies), check=False
    )

    assert blind.passed
    assert report.failed == ["duplicate"]
    assert reason(report, "duplicate") == "it must process 1; it processed 2"


def test_what_nobody_counts_is_not_said_to_be_ok():
    """Where it shows that a message came, but not how often it was processed."""
    only = ["acknowledges", "duplicate"]

    report = check_listener(Ours(), only=only)

    first, second, last = report.text().splitlines()
    assert first.startswith("ok    acknowledges: ")
    assert second.startswith("ok    duplicate (not counted): ")
    assert last.endswith(": 2 passed (1 not counted), 0 failed, 0 skipped")
    assert "counted not: processed= or --processed-url would tell" in report.text(True)


def test_two_attempts_are_handled_at_the_same_time():
    """A listener that looks first and stores later has both in hand at once."""
    seen: set[bytes] = set()
    counts: list[int] = []
    both = Barrier(2)

    def racing(_: Any, body: bytes, __: str) -> None:
        known = body in seen
        both.wait(30)
        seen.add(body)
        if not known:
            counts.append(1)

    report = check_listener(
        Ours(racing),
        only=["overlapping-retry"],
        processed=lambda: len(counts),
        check=False,
    )

    assert reason(report, "overlapping-retry") == "it must process 1; it processed 2"


def test_an_end_before_its_beginning_is_sent():
    """A listener that refuses it fails; the messages tell of one upgrade."""
    over: set[str] = set()

    def backwards(message: Any, _: bytes, __: str) -> int | None:
        upgrade = message[message["type"]]["upgradeId"]
        if upgrade in over:
            return 409
        over.add(upgrade)
        return None

    report = check_listener(Ours(backwards), only=["reordered"], check=False)

    assert report.failed == ["reordered"]
    assert "Fota.upgradeProgress must be acknowledged" in reason(report, "reordered")
    assert reason(report, "reordered").endswith("(and 1 more)")


def test_a_listener_that_gives_up_after_a_while_fails():
    """One that takes only so many messages is told from one that takes all."""
    ours = Ours(lambda *_: 503 if len(ours.bodies) > 20 else None)
    only = ["acknowledges", "fifty-at-once"]

    report = check_listener(ours, only=only, check=False)

    assert report.failed == ["fifty-at-once"]


@pytest.mark.parametrize("name", ["missing-signature", "wrong-signature"])
def test_a_listener_that_does_not_check_signatures_fails(quick, name):
    """Whether it takes what has none, or looks only whether there is one."""

    class Careless(Ours):
        def _answered(self, message: Any, body: bytes, signature: str | None) -> int:
            forged = {None: "missing-signature", "0" * 64: "wrong-signature"}
            known = forged.get(signature) != name
            return super()._answered(message, body, signature) if known else 204

    report = check_listener(Careless(**LOCATION), check=False, **LOCATION)

    assert report.failed == [name]


def test_a_self_signed_certificate_fails():
    """All else is checked as if it were good."""
    with served(Plain, secure=True) as url:
        report = check_listener(url, only=["acknowledges", "certificate"], check=False)

    assert report.failed == ["certificate"]
    assert "certificate verify failed" in reason(report, "certificate")


def test_every_check_has_a_listener_that_fails_it():
    """No check is there that none of these tests has seen fail."""
    text = Path(__file__).read_text("utf-8")

    assert [name for name in NAMES if f'"{name}"' not in text] == []


def test_where_nothing_answers_the_rest_is_skipped():
    """A port nobody listens on costs one attempt, and the report says so."""
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        report = check_listener(f"127.0.0.1:{taken.getsockname()[1]}/cb", check=False)

    assert report.failed == ["acknowledges"]
    assert "connection refused" in reason(report, "acknowledges")
    assert {result.reason for result in report.results[1:]} == {STOPPED}
    assert report.text().splitlines()[-2] == f"skip  23 more: {STOPPED}"
    assert report.text().count(STOPPED) == 1


@pytest.mark.parametrize("url", ["http://8.8.8.8/cb", "http://169.254.169.254/"])
def test_a_public_address_is_not_reached(url):
    """Nothing leaves for it."""
    report = check_listener(url, check=False)

    assert "not delivered" in reason(report, "acknowledges")


def test_a_refusal_asks_whether_the_credentials_are_right():
    """A listener that refuses the plain message most often has others."""
    report = check_listener(Ours(lambda *_: 403), check=False)

    assert reason(report, "acknowledges").endswith(checks.HINT)


def test_a_failure_raises_with_the_report():
    """A test of the user's is one line."""
    with pytest.raises(AssertionError) as caught:
        check_listener(Ours(lambda *_: 500), only=["acknowledges"])

    assert "FAIL  acknowledges: a message must be acknowledged" in str(caught.value)
    assert "0 passed, 1 failed, 0 skipped" in str(caught.value)


@each(
    ("about", "told"),
    [
        ({"service": "Fotta"}, "unknown service 'Fotta'; "),
        ({"family": "fota"}, "unknown family 'fota'; known: connectivity, "),
        ({"family": "fota-v1", "service": "Location"}, "known: Fota"),
        ({"event": "Fota.finished"}, "Fota has no event 'Fota.finished'; "),
        ({"only": ["in-tme"]}, "unknown check 'in-tme'; nearest of 24: in-time"),
        ({"target": "ftp://127.0.0.1/"}, "is not the URL of a listener"),
        ({"target": "http://127.0.0.1:99999/"}, "is not the URL of a listener"),
    ],
)
def test_what_there_is_not_is_named(about, told):
    """The message says what there is."""
    with pytest.raises(SettingsError) as caught:
        check_listener(**{"target": "http://127.0.0.1:1/", **about})

    assert told in str(caught.value)


@each(
    ("about", "family", "event"),
    [
        ({"service": "Fota"}, "fota-v1", "Fota.upgradeScheduled"),
        (
            {"service": "Fota", "family": "fota-v3"},
            "fota-v3",
            "FotaV3.campaignRequestPending",
        ),
        (
            {"service": "Fota", "event": "FotaV2.campaignEnded"},
            "fota-v2",
            "FotaV2.campaignEnded",
        ),
        ({"service": "AlertsService"}, "connectivity", "AlertService.triggered"),
    ],
)
def test_the_family_follows_from_the_service_and_the_event(about, family, event):
    """The first that has the service, unless another is asked for."""
    chosen = subject(**about)

    assert (chosen.family.name, chosen.event.name) == (family, event)


def test_every_service_has_messages_that_can_be_told_apart():
    """So no check's message is taken for another's."""
    services = [(api, name) for api in APIS for name in api.services]
    for family, service in services:
        about = subject(service, family=family.name)
        for event in about.events:
            one, other = about.message(event), about.message(event)
            assert one != other, event.name
            assert identity_of(event)


@each(
    ("name", "about", "told"),
    [
        ("missing-credentials", {}, "no password was given"),
        ("wrong-password", {"family": "fota-v2"}, "carries no credentials"),
        ("stale-password", {}, "no previous password was given"),
        ("wrong-account", {}, "no account was given"),
        (
            "wrong-account",
            {"service": "CarrierService", "account": ACCOUNT},
            "CarrierService.activate names no account",
        ),
        ("missing-signature", {}, "fota-v1 does not sign messages"),
        ("wrong-signature", {"service": "Location"}, "no secret was given"),
        ("certificate", {}, "the URL is not https"),
        ("last-attempt", {}, "Fota.upgradeScheduled counts no attempts"),
        (
            "reordered",
            {"event": "Fota.firmwareList"},
            "nothing comes before Fota.firmwareList, or after it",
        ),
        ("empty-arrays", {"service": "DeviceLocation"}, "has no array with items"),
        ("null-elements", {"service": "NiddService"}, "has no empty element"),
        ("kind-spelling", {}, "has no kind of identifier"),
        (
            "numeric-identifiers",
            {"service": "Location", "event": "Location.usageTrigger"},
            "no identifier of digits",
        ),
    ],
)
def test_a_check_that_does_not_apply_is_skipped_with_the_reason(name, about, told):
    """That is no failure."""
    report = check_listener("http://127.0.0.1:1/", only=[name], **about)

    assert verdicts(report) == {name: "skipped"}
    assert told in reason(report, name)


def test_other_accounts_end_otherwise():
    """Whatever the account's last digit is, the wrong account has another."""
    for account in (ACCOUNT, "0242078689-00002"):
        ours = Ours()
        about = {"account": account, "only": ["wrong-account"]}
        check_listener(ours, check=False, **about)
        assert account != json.loads(ours.bodies[0])["accountName"]


@pytest.mark.parametrize("service", ["Fota", "DeviceLocation"])
def test_the_large_message_has_64_kib_and_is_one(service):
    """White space does the rest."""
    body = bodies.large(subject(service).message())

    assert len(body) == 64 * 1024
    assert json.loads(body).keys() == subject(service).message().keys()


def test_a_body_held_back_goes_when_another_never_comes():
    """A connection that failed does not keep the other for ever."""
    pace = bodies.together(2, 0.01)

    async def pieces() -> list[bytes]:
        return [piece async for piece in pace(b"{}")]

    assert asyncio.run(pieces()) == [b"{", b"}"]


def test_passwords_are_in_no_report(quick):
    """Whatever was sent is shown without them."""
    report = check_listener(Ours(**FOTA), **FOTA)

    for text in (report.text(verbose=True), junit(report)):
        assert PASSWORD not in text
        assert OLD not in text


@pytest.fixture
def mixed() -> Report:
    """A report of a check that passed, of one that failed, of one that was skipped."""
    only = ["acknowledges", "wrong-content-type", "fifty-at-once", "certificate"]
    broken = BROKEN["wrong-content-type"][1]
    return check_listener(Ours(broken), only=only, check=False)


def test_the_text_tells_all_of_what_failed(mixed):
    """What was sent, what came, why it matters, and how that is known."""
    lines = mixed.text().splitlines()

    assert lines[0] == "ok    acknowledges: a message must be acknowledged with a 2xx"
    told = "a message as text/plain must be taken with a 2xx or refused with a 4xx; 500"
    assert lines[1].startswith(f"FAIL  wrong-content-type: {told} in ")
    names = ["does", "sent", "got", "matters", "source"]
    assert [line.split()[0] for line in lines[2:7]] == names
    assert lines[8] == "skip  certificate: the URL is not https"
    assert lines[9].endswith(
        " of fota-v1: 2 passed (1 not counted), 1 failed, 1 skipped"
    )


def test_the_verbose_text_tells_as_much_of_the_others(mixed):
    """Of many messages a few are shown, and how many there were."""
    text = mixed.text(verbose=True)

    assert text.count("        matters ") == 4
    assert f"        more    {50 - SHOWN} messages besides" in text


def test_of_much_what_was_refused_and_what_took_long_is_shown():
    """Those are what a check that failed is about."""
    outcomes = {200: Outcome(200, None, b""), 500: Outcome(500, None, b"")}
    posted = tuple(
        Posted(f"message {number}", b"{}", outcomes[status], float(number))
        for number, status in enumerate([200] * 9 + [500])
    )
    shown = Result(CHECKS[0], "failed", "", posted).shown()

    assert [item.what for item in shown[:3]] == ["message 9", "message 8", "message 7"]


def test_the_junit_is_junit(mixed):
    """It parses; its counts are those of its cases."""
    root = ElementTree.fromstring(junit(mixed))

    [suite] = root
    assert root.tag == "testsuites"
    for item in (root, suite):
        counts = [item.get(name) for name in ("tests", "failures", "errors", "skipped")]
        assert counts == ["4", "1", "0", "1"]
    cases = {item.get("name"): item for item in suite.iter("testcase")}
    assert list(cases) == [result.check.name for result in mixed.results]
    failure = cases["wrong-content-type"].find("failure")
    assert failure.get("message") == reason(mixed, "wrong-content-type")
    assert "matters: " in failure.text
    skipped = cases["certificate"].find("skipped")
    assert skipped.get("message") == "the URL is not https"
    assert "sent: a message, " in cases["acknowledges"].find("system-out").text


def test_what_a_listener_answers_cannot_break_a_report():
    """Control characters in its answer are shown, not printed."""
    with Listener() as listener:
        listener.reply(500, body=b"\x1b[31m\0\xff oops")
        report = check_listener(listener.url, only=["acknowledges"], check=False)

    assert "\\x1b[31m\\x00\ufffd oops" in report.text()
    assert ElementTree.fromstring(junit(report)) is not None
