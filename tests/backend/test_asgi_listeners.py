"""Listeners that are ASGI applications: messages for them need no socket."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from fastapi import BackgroundTasks, FastAPI, Request, Response
from flask import Flask

from mockthingspace import MockThingSpace, check_listener
from mockthingspace.backend.delivery.outcome import KEPT, Outcome
from mockthingspace.backend.delivery.wsgi_asgi import is_asgi
from mockthingspace.testing.conformance import run

from ..posting import WAIT_S, Poster
from ..rows import each

ACCOUNT = "0242078689-00001"
HERE = "https://listener.example"
TIMEOUT_S = 0.1
Posting = Callable[..., Poster]


def answer(status: int, body: bytes = b"", more: bool = False) -> list[dict[str, Any]]:
    """Return the events of an answer."""
    start = {"type": "http.response.start", "status": status, "headers": []}
    return [start, {"type": "http.response.body", "body": body, "more_body": more}]


async def answering(scope: Any, receive: Any, send: Any) -> None:
    """Answer 200."""
    for event in answer(200):
        await send(event)


class Answering:
    """The same as an object."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer 200."""
        await answering(scope, receive, send)


class Odd:
    """What does not tell what it is called with."""

    __signature__ = "?"

    def __call__(self) -> None:
        """Do nothing."""


def returning(scope: Any, receive: Any, send: Any) -> Any:
    """Return what answers 200."""
    return answering(scope, receive, send)


@pytest.fixture
def posting() -> Iterator[Posting]:
    """Makes what posts to an application, and closes it afterwards."""
    made: list[Poster] = []

    def posting(application: Any, timeout_s: float = WAIT_S) -> Poster:
        made.append(Poster(timeout_s, deliver_to={HERE: application}))
        return made[-1]

    yield posting
    for post in made:
        post.close()


@each(
    ("application", "expected"),
    [
        (answering, True),
        (Answering(), True),
        (returning, True),
        (partial(returning), True),
        (FastAPI(), True),
        (lambda environ, start_response: [], False),
        (Flask("listener"), False),
        (Answering, False),
        (dict.fromkeys, False),
        (Odd(), False),
    ],
)
def test_an_asgi_application_is_told_from_a_wsgi_one(
    application: Any, expected: bool
) -> None:
    """By what it is called with, or by being a coroutine."""
    assert is_asgi(application) == expected


def test_fastapi_gets_its_messages_without_a_socket() -> None:
    """Blocking and async endpoints answer, with what was sent to them."""
    app = FastAPI()
    came: list[Any] = []

    @app.post("/async")
    async def _(request: Request, message: dict[str, Any]) -> None:
        came.append((str(request.url), request.headers["user-agent"], message["type"]))

    @app.post("/blocking", status_code=202)
    def _(message: dict[str, Any]) -> None:
        came.append(message["type"])

    with MockThingSpace(deliver_to={HERE: app}) as thingspace:
        codes = []
        for path in ("async?x=1", "blocking"):
            thingspace.register(ACCOUNT, f"{HERE}/{path}")
            made = thingspace.trigger("Fota.upgradeFinished", ACCOUNT)[0]
            done = thingspace.wait_for_delivery(ACCOUNT, since=made.seq - 1)
            codes.append(done.attempts[0].status_code)

    url = f"{HERE}/async?x=1"
    assert codes == [200, 202]
    assert came == [
        (url, "Verizon's callback service", "upgradeFinished"),
        "upgradeFinished",
    ]


def test_a_path_that_is_no_utf_8_is_read_as_well_as_it_can_be() -> None:
    """ASGI has it as text; a server replaces what it cannot read."""
    paths: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        paths.append(scope["path"])
        await answering(scope, receive, send)

    with MockThingSpace(deliver_to={HERE: application}) as thingspace:
        thingspace.register(ACCOUNT, f"{HERE}/n%C3%A9%FF")
        thingspace.trigger("Fota.upgradeFinished", ACCOUNT)
        thingspace.wait_for_delivery(ACCOUNT)

    assert paths == ["/né\ufffd"]


def raising(error: BaseException) -> Any:
    """Return an application that raises."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        raise error

    return application


async def silent(scope: Any, receive: Any, send: Any) -> None:
    """Answer nothing."""


async def headless(scope: Any, receive: Any, send: Any) -> None:
    """Answer a body without a status."""
    await send({"type": "http.response.start"})


@each(
    ("application", "said"),
    [
        (raising(LookupError("no")), "raised LookupError('no')"),
        (raising(SystemExit(1)), "raised SystemExit(1)"),
        (raising(KeyboardInterrupt()), "raised KeyboardInterrupt()"),
        (raising(asyncio.CancelledError()), "raised CancelledError()"),
        (raising(StopIteration()), "coroutine raised StopIteration"),
        (raising(pytest.fail.Exception("no")), "raised no"),
        (silent, "ended without an answer"),
        (headless, "raised KeyError('status')"),
        (lambda scope, receive, send: None, "raised TypeError("),
    ],
)
def test_whatever_an_application_raises_is_an_outcome(
    posting: Posting, application: Any, said: str
) -> None:
    """It ends the attempt and nothing else: the next message is answered."""
    outcome = posting(application)(f"{HERE}/cb")

    assert outcome.status_code is None
    assert said in (outcome.error or "")


def test_an_application_that_raised_gets_the_next_message(posting: Posting) -> None:
    """SystemExit does not end the loop that they share."""
    errors: list[BaseException] = [SystemExit(1)]

    async def application(*exchange: Any) -> None:
        if errors:
            raise errors.pop()
        await answering(*exchange)

    post = posting(application)

    assert [post(HERE).status_code for _ in range(2)] == [None, 200]


def test_an_answer_without_a_body_is_empty(posting: Posting) -> None:
    """ASGI lets an application leave the body out."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    assert posting(application)(HERE) == Outcome(204, None, b"")


def test_an_application_that_never_answers_is_cancelled(posting: Posting) -> None:
    """Its time is up like a socket's, and no thread is left of any message."""
    cancelled = threading.Semaphore(0)

    async def waiting(scope: Any, receive: Any, send: Any) -> None:
        try:
            await receive()
            await receive()  # nothing more comes
        finally:
            cancelled.release()

    post = posting(waiting, TIMEOUT_S)
    post(HERE)
    before = threading.active_count()

    outcomes = {post(HERE) for _ in range(2)}

    assert outcomes == {Outcome(None, "no answer within 0.1 s", b"")}
    assert all(cancelled.acquire(timeout=WAIT_S) for _ in range(3))
    assert threading.active_count() == before


def test_an_application_that_blocks_its_loop_is_given_up(posting: Posting) -> None:
    """Nobody can end it, but later messages leave no thread behind either."""
    released = threading.Event()

    async def blocking(scope: Any, receive: Any, send: Any) -> None:
        released.wait(WAIT_S)

    post = posting(blocking, TIMEOUT_S)
    post(HERE)
    before = threading.active_count()
    outcome = post(HERE)
    after = threading.active_count()
    released.set()

    assert outcome == Outcome(None, "no answer within 0.1 s", b"")
    assert after == before


def test_closing_waits_for_no_application_that_blocks(
    posting: Posting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is left behind in its thread."""
    monkeypatch.setattr(
        "mockthingspace.backend.delivery.transport.ASGI_PATIENCE_S", 0.01
    )
    released = threading.Event()

    async def blocking(scope: Any, receive: Any, send: Any) -> None:
        released.wait(WAIT_S)

    post = posting(blocking, TIMEOUT_S)
    post(HERE)
    post.close()

    assert "mockthingspace-asgi" in {thread.name for thread in threading.enumerate()}
    released.set()


def test_an_answer_that_never_ends_is_cancelled(posting: Posting) -> None:
    """Although sending never waits, and what is kept of it is bounded."""
    ended = threading.Event()

    async def flooding(scope: Any, receive: Any, send: Any) -> None:
        try:
            while True:
                for event in answer(200, b"x" * 1000, more=True):
                    await send(event)
        finally:
            ended.set()

    outcome = posting(flooding, TIMEOUT_S)(HERE)

    assert outcome == Outcome(None, "no answer within 0.1 s", b"")
    assert ended.wait(WAIT_S)


def test_of_a_long_answer_the_beginning_is_kept(posting: Posting) -> None:
    """As of one that comes over a socket; other events of a server's are ignored."""

    async def long(scope: Any, receive: Any, send: Any) -> None:
        head, body = answer(200, b"x" * 2 * KEPT, more=True)
        for event in (head, body, {"type": "http.response.debug"}, *answer(200)):
            await send(event)

    assert posting(long)(HERE) == Outcome(200, None, b"x" * KEPT)


def test_work_after_the_answer_goes_on(posting: Posting) -> None:
    """A background task delays no acknowledgement, and is not cut off by it."""
    acknowledged, worked = threading.Event(), threading.Event()

    async def work() -> None:
        await asyncio.to_thread(acknowledged.wait, WAIT_S)
        worked.set()

    app = FastAPI()

    @app.post("/")
    async def _(tasks: BackgroundTasks) -> Response:
        tasks.add_task(work)
        return Response(status_code=204)

    outcome = posting(app)(HERE)
    acknowledged.set()

    assert outcome == Outcome(204, None, b"")
    assert worked.wait(WAIT_S)


def test_what_is_raised_after_the_answer_is_logged(
    posting: Posting, caplog: pytest.LogCaptureFixture
) -> None:
    """With its traceback: FastAPI answers 500 to an error first, and raises it then."""
    app = FastAPI()

    @app.post("/")
    async def _() -> None:
        raise LookupError("no such device")

    with caplog.at_level(logging.WARNING):
        post = posting(app)
        outcome = post(HERE)
        post.close()

    assert outcome == Outcome(500, None, b"Internal Server Error")
    [record] = caplog.records
    assert record.getMessage() == "the application raised LookupError('no such device')"
    assert record.exc_info is not None


def test_an_application_is_told_when_its_answer_is_complete(posting: Posting) -> None:
    """What still listens then hears that the other side has gone."""
    heard: list[str] = []
    told = threading.Event()

    async def listening(scope: Any, receive: Any, send: Any) -> None:
        heard.append((await receive())["type"])
        await answering(scope, receive, send)
        heard.append((await receive())["type"])
        told.set()

    posting(listening)(HERE)

    assert told.wait(WAIT_S)
    assert heard == ["http.request", "http.disconnect"]


def test_closing_cancels_what_an_application_still_does(posting: Posting) -> None:
    """Its work after the answer included, and no thread is left."""
    ended, answered = threading.Event(), threading.Event()

    async def working(scope: Any, receive: Any, send: Any) -> None:
        await answering(scope, receive, send)
        answered.set()
        try:
            await asyncio.sleep(WAIT_S)
        finally:
            ended.set()

    post = posting(working)
    post(HERE)
    assert answered.wait(WAIT_S)
    post.close()

    assert ended.is_set()
    assert "mockthingspace-asgi" not in {
        thread.name for thread in threading.enumerate()
    }


def test_a_fastapi_listener_is_checked() -> None:
    """It is served for the while, and fifty messages at once wait for no thread."""
    app = FastAPI()
    together = asyncio.Event()
    waiting = 0

    @app.post("/fota", status_code=204)
    async def _(message: dict[str, Any]) -> None:
        nonlocal waiting
        waiting += 1
        if waiting == 50 + 1:
            together.set()
        if waiting > 1:
            await together.wait()

    report = check_listener(app, path="/fota", only=["acknowledges", "fifty-at-once"])

    assert report.passed


def test_a_checked_application_that_never_answers_is_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When the check has given up, and before the report is there."""
    monkeypatch.setattr("mockthingspace.testing.conformance.run.PATIENCE_S", TIMEOUT_S)
    ended = threading.Event()

    async def waiting(scope: Any, receive: Any, send: Any) -> None:
        try:
            await asyncio.sleep(WAIT_S)
        finally:
            ended.set()

    report = check_listener(waiting, only=["acknowledges"], timeout_s=0.01, check=False)

    assert report.failed == ["acknowledges"]
    assert ended.is_set()


@asynccontextmanager
async def in_this_loop() -> AsyncIterator[str]:
    """Run a listener in the loop of the test; gives its URL."""

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(
            int(head.lower().split(b"content-length: ")[1].split()[0])
        )
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listener:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"


@each("method", ["wait_for_delivery", "wait_until_idle"])
def test_a_wait_that_blocks_its_listeners_loop_says_so(method: str) -> None:
    """And names the way round, by which the message arrives."""

    async def test(thingspace: MockThingSpace) -> None:
        async with in_this_loop() as url:
            thingspace.register(ACCOUNT, url)
            thingspace.trigger("Fota.firmwareList", ACCOUNT)
            wait = getattr(thingspace, method)

            with pytest.raises(AssertionError) as caught:
                wait(timeout_s=0.01)
            await asyncio.to_thread(wait, timeout_s=WAIT_S)

        instead = f"Instead: await asyncio.to_thread(thingspace.{method}, ...)"
        assert str(caught.value).endswith(instead)
        thingspace.assert_delivered(ACCOUNT)

    with MockThingSpace() as thingspace:
        asyncio.run(test(thingspace))


def test_an_assertion_in_its_listeners_loop_says_what_to_await() -> None:
    """Where a message is missing, not where there is one too many."""

    async def test(thingspace: MockThingSpace) -> None:
        async with in_this_loop() as url:
            thingspace.register(ACCOUNT, url)
            thingspace.trigger("Fota.firmwareList", ACCOUNT)

            with pytest.raises(AssertionError) as missing:
                thingspace.assert_delivered(ACCOUNT)
            await asyncio.to_thread(thingspace.wait_for_delivery, timeout_s=WAIT_S)
            with pytest.raises(AssertionError) as unwanted:
                thingspace.assert_not_delivered(ACCOUNT)

        instead = "Instead: await asyncio.to_thread(thingspace.wait_for_delivery, ...)"
        assert str(missing.value).endswith(instead)
        assert "event loop" not in str(unwanted.value)

    with MockThingSpace() as thingspace:
        asyncio.run(test(thingspace))


def test_checks_that_block_their_listeners_loop_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The report of a listener by its URL ends with what to await."""
    monkeypatch.setattr(run, "PATIENCE_S", 0.01)

    async def test() -> str:
        async with in_this_loop() as url:
            with pytest.raises(AssertionError) as caught:
                check_listener(url, only=["acknowledges"], timeout_s=0.01)
            return str(caught.value)

    instead = "Instead: await asyncio.to_thread(check_listener, ...)"
    assert asyncio.run(test()).endswith(instead)


def test_moving_the_clock_in_its_listeners_loop_warns() -> None:
    """Where an attempt had no answer in time, not where there was none."""

    async def test(thingspace: MockThingSpace) -> list[str]:
        async with in_this_loop() as url:
            thingspace.advance(300)
            thingspace.register(ACCOUNT, url)
            thingspace.trigger("Fota.firmwareList", ACCOUNT)
            with pytest.warns(RuntimeWarning) as caught:
                thingspace.advance(300)
        return [str(warned.message) for warned in caught]

    with MockThingSpace(attempt_timeout_s=0.01) as thingspace:
        [told] = asyncio.run(test(thingspace))
    assert told.startswith("an attempt that fell due had no answer in time\n\n")
    assert told.endswith("Instead: await asyncio.to_thread(thingspace.advance, ...)")


def test_a_wait_in_a_thread_without_a_loop_says_nothing_of_loops() -> None:
    """There is nothing to be said."""
    with MockThingSpace() as thingspace, pytest.raises(AssertionError) as caught:
        thingspace.wait_for_delivery(ACCOUNT, timeout_s=0)

    assert "loop" not in str(caught.value)
