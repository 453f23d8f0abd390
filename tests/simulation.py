"""A whole run from one seed: a server, its listeners and its clock, against a model.

Every step triggers, registers, deregisters, resets, plans a fault, lets time pass or
answers what a listener held back; after each the server's deliveries must stand as the
model's do, and the listeners must have been sent the same in the same order.

    python tests/simulation.py --seed 7 --steps 5000
"""

import argparse
import asyncio
import json
import random
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import pytest

from mockthingspace import create_app
from mockthingspace.backend.backend import Backend
from mockthingspace.backend.delivery.outcome import Outcome
from mockthingspace.core.settings import Settings
from mockthingspace.server.http.current import EXTENSION

ACCOUNTS = [f"0242078689-0000{number}" for number in range(1, 5)]
CALLBACKS = "/api/fota/v1/callbacks"
ORIGIN = "http://listener.example"
EVENT = "Fota.firmwareList"
ATTEMPTS, PAUSE_S, FAULT_S = 4, 300, 600
LATE_S = 30  # only ever over where something is stuck
RAISED = [
    *(ValueError("no"), SystemExit(1), KeyboardInterrupt(), asyncio.CancelledError()),
    pytest.fail.Exception("no"),
]
# What a listener does with a POST, and how often.
ANSWERS = {"200": 10, "503": 4, "raise": 2, "time out": 2, "hold 200": 1, "hold 503": 1}
STEPS = {
    "register": 4,
    "deregister": 2,
    "trigger": 16,
    "advance": 6,
    "fault": 4,
    "answer": 4,
    "reset": 1,
    "reset_account": 1,
    "let_run": 1,
}


@dataclass(eq=False)
class Message:
    """A delivery as the model has it; ``held`` while its listener holds it back."""

    number: int
    due_s: float
    status: str = "pending"
    attempts: int = 0
    held: str | None = None


@dataclass
class Account:
    """What the model knows of an account."""

    registered: bool = False
    queue: list[Message] = field(default_factory=list)
    kept: list[Message] = field(default_factory=list)
    held_back: list[Message] = field(default_factory=list)
    fault: tuple[str, float] | None = None
    fault_until_s: float = 0.0


class Simulation:
    """One run.

    Args:
        seed: What everything in it follows from.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.log: list[str] = []
        self._random = random.Random(seed)
        self._now_s = 0.0
        self._number = 0
        self._accounts = {name: Account() for name in ACCOUNTS}
        self._sent: dict[str, list[int]] = defaultdict(list)
        self._expected: dict[str, list[int]] = defaultdict(list)
        self._counts: dict[str, Counter[int]] = {
            "model": Counter(),
            "listener": Counter(),
        }
        self._answers: dict[int, tuple[str, int]] = {}
        self._gates: dict[tuple[int, int], Event] = {}
        self._holding: list[tuple[int, int]] = []
        self._letting_run = False
        self._advancing = False  # an advance waits for who holds back, so none does
        app = create_app(Settings(clock="manual"), {ORIGIN: self._listen})
        self._client = app.test_client()
        self._backend: Backend = app.extensions[EXTENSION]
        transport = self._backend.runtime.transport
        send = transport.send

        async def scripted(url: str, body: bytes, **more: Any) -> Outcome:
            number = json.loads(body)
            if self._letting_run:
                self._letting_run = False
                self._backend.set_mode("real")
            answer, count = self._answer_to(number, "listener")
            if answer == "time out":
                self._sent[url[-1]].append(number)
                return Outcome(None, "no answer in time", b"")
            self._answers[number] = answer, count
            return await send(url, body, **more)

        transport.send = scripted  # type: ignore[method-assign]

    def run(self, steps: int) -> None:
        """Do so many steps.

        Raises:
            AssertionError: The server and the model differ; the message has the seed
                and the last steps.
        """
        try:
            names, weights = list(STEPS), list(STEPS.values())
            for _ in range(steps):
                getattr(self, f"_{self._random.choices(names, weights)[0]}")()
                self._compare()
        finally:
            for held in self._holding:
                self._gate(*held).set()
            self._backend.close()

    # What listeners do.

    def _answer_to(self, number: int, whose: str) -> tuple[str, int]:
        """Return how a listener answers the next POST of a message, and which it is."""
        count = self._counts[whose][number]
        self._counts[whose][number] += 1
        drawn = random.Random(f"{self.seed} {number} {count}")
        answer = drawn.choices(list(ANSWERS), list(ANSWERS.values()))[0]
        return answer.removeprefix("hold ") if self._advancing else answer, count

    def _listen(self, environ: Any, start: Any) -> list[bytes]:
        number = json.load(environ["wsgi.input"])
        self._sent[environ["PATH_INFO"][-1]].append(number)
        answer, count = self._answers[number]
        self._backend.state.notifier.notify()  # for who compares what was sent
        if answer == "raise":
            raise RAISED[number % len(RAISED)]
        if answer.startswith("hold"):
            assert self._gate(number, count).wait(LATE_S)
        start(f"{answer[-3:]} As Told", [])
        return []

    def _gate(self, number: int, count: int) -> Event:
        return self._gates.setdefault((number, count), Event())

    # Steps.

    def _register(self) -> None:
        name, account = self._any_account()
        url = f"{ORIGIN}/{name[-1]}"
        reply = self._client.post(
            f"{CALLBACKS}/{name}", json={"name": "Fota", "url": url}
        )
        self._did(f"register {name}", reply.status_code, 200)
        account.registered = True

    def _deregister(self) -> None:
        name, account = self._any_account()
        reply = self._client.delete(f"{CALLBACKS}/{name}/name/Fota")
        expected = 200 if account.registered else 400
        self._did(f"deregister {name}", reply.status_code, expected)
        account.registered = False
        self._cancel(account)

    def _trigger(self) -> None:
        name, account = self._any_account()
        self._number += 1
        body = {"event": EVENT, "account": name, "message": self._number}
        reply = self._client.post("/__admin/deliveries", json=body, buffered=True)
        expected = 202 if account.registered else 404
        self._did(f"trigger {self._number} {name}", reply.status_code, expected)
        if account.registered:
            self._model_trigger(account)
            self._settle()

    def _advance(self) -> None:
        self._answer_all()
        self._advancing = True
        seconds = self._random.choice([0, 1, 10, 299, 300, 301, 900])
        reply = self._client.post("/__admin/clock/advance", json={"seconds": seconds})
        self._did(f"advance {seconds}", reply.status_code, 200)
        until_s = self._now_s + seconds
        while (due_s := self._next_due(until_s)) is not None:
            self._now_s = max(self._now_s, due_s)
            self._settle()
        self._now_s = until_s
        self._compare()
        self._advancing = False

    def _let_run(self) -> None:
        """Let the clock run in the middle of an advance, and start over."""
        self._answer_all()
        self._compare()
        self._advancing = self._letting_run = True
        due_s = self._next_due(self._now_s + 1200)
        reply = self._client.post("/__admin/clock/advance", json={"seconds": 1200})
        self._did("let run", reply.status_code, 200)
        if due_s is not None and not self._letting_run:
            self._now_s = due_s
            self._settle()
            self._compare()
        self._advancing = self._letting_run = False
        self._backend.set_mode("manual")
        self._reset()
        self._now_s = 0.0

    def _fault(self) -> None:
        name, account = self._any_account()
        kind, options = self._random.choice(
            [
                ("drop", {}),
                ("duplicate", {"copies": 1}),
                ("delay", {"seconds": 30}),
                ("reorder", {"seconds": 60}),
            ]
        )
        if account.fault is None or account.fault_until_s <= self._now_s:
            on = {"on": "deliveries"} if kind == "delay" else {}
            body = {"kind": kind, "account": name, "times": 1, "ttl_s": FAULT_S}
            body |= on | options
            reply = self._client.post("/__admin/faults", json=body)
            self._did(f"fault {kind} {name}", reply.status_code, 201)
            account.fault = (kind, float(next(iter(options.values()), 0)))
            account.fault_until_s = self._now_s + FAULT_S

    def _answer(self) -> None:
        """Let a listener answer what it held back longest."""
        for number, count in self._holding[:1]:
            self._did(f"answer {number}")
            self._let_go(number, count)
            self._settle()

    def _reset(self) -> None:
        reply = self._client.post("/__admin/reset", json={})
        self._did("reset", reply.status_code, 200)
        self._accounts = {name: Account() for name in ACCOUNTS}
        self._answer_all()

    def _reset_account(self) -> None:
        name, _ = self._any_account()
        reply = self._client.post(f"/__admin/reset?account={name}", json={})
        self._did(f"reset {name}", reply.status_code, 200)
        self._accounts[name] = Account()

    # The model.

    def _any_account(self) -> tuple[str, Account]:
        name = self._random.choice(ACCOUNTS)
        return name, self._accounts[name]

    def _model_trigger(self, account: Account) -> None:
        kind, option = "", 0.0
        if account.fault and account.fault_until_s > self._now_s:
            kind, option = account.fault
        account.fault = None
        message = Message(self._number, self._now_s)
        made = [message]
        if kind == "drop":
            message.status = "abandoned"
        elif kind == "duplicate":
            made.append(Message(self._number, self._now_s))
        elif kind in ("delay", "reorder"):
            message.due_s += option
        account.kept += made
        if kind == "drop":
            return
        waiting = [
            other
            for other in account.held_back
            if other in account.queue
            and other.due_s > self._now_s
            and not other.attempts
        ]
        at = account.queue.index(waiting[0]) if waiting else len(account.queue)
        account.queue[at:at] = made
        for other in waiting:
            other.due_s = self._now_s
        account.held_back = made if kind == "reorder" else []

    def _next_due(self, until_s: float) -> float | None:
        due = [
            account.queue[0].due_s
            for account in self._accounts.values()
            if account.queue and not account.queue[0].held
        ]
        return min((due_s for due_s in due if due_s <= until_s), default=None)

    def _settle(self) -> None:
        """Make every attempt that is due."""
        for name, account in self._accounts.items():
            while account.queue and not account.queue[0].held:
                message = account.queue[0]
                if message.due_s > self._now_s:
                    break
                answer, count = self._answer_to(message.number, "model")
                self._expected[name[-1]].append(message.number)
                if answer.startswith("hold"):
                    message.held = answer
                    self._holding.append((message.number, count))
                else:
                    self._attempted(account, message, answer)

    def _attempted(self, account: Account, message: Message, answer: str) -> None:
        message.attempts += 1
        if answer.endswith("200"):
            message.status = "delivered"
        elif message.attempts == ATTEMPTS:
            message.status = "abandoned"
        else:
            message.due_s = self._now_s + PAUSE_S
            return
        account.queue.remove(message)

    def _cancel(self, account: Account) -> None:
        for message in account.queue:
            message.status = "cancelled"
        account.queue.clear()
        account.held_back.clear()

    def _let_go(self, number: int, count: int) -> None:
        """Let a message that is held back be answered, and wait until it is."""
        for account in self._accounts.values():
            for message in account.kept:
                if message.number == number and message.held:
                    answer, message.held = message.held, None
                    if message.status == "cancelled":
                        message.attempts += 1
                        message.status = "stale"
                    else:
                        self._attempted(account, message, answer)
        self._holding.remove((number, count))
        self._gate(number, count).set()

    def _answer_all(self) -> None:
        while self._holding:
            self._answer()
            self._compare()

    # Comparing.

    def _did(self, what: str, actual: object = None, expected: object = None) -> None:
        self.log.append(what)
        assert actual == expected, self._words(f"{actual}, not {expected}")

    def _compare(self) -> None:
        """Wait until the server stands as the model does."""
        over = Event()
        notifier = self._backend.state.notifier
        with notifier.watching(lambda _: self._actual() == self._model(), over):
            if self._actual() != self._model() and not over.wait(LATE_S):
                raise AssertionError(
                    self._words(f"{self._actual()}\nmodel:  {self._model()}")
                )

    def _actual(self) -> tuple[list[tuple[int, str, int]], dict[str, list[int]]]:
        deliveries = self._backend.state.deliveries.every()
        stand = sorted(
            (json.loads(delivery.message), delivery.status, len(delivery.attempts))
            for delivery in deliveries
        )
        return stand, dict(self._sent)

    def _model(self) -> tuple[list[tuple[int, str, int]], dict[str, list[int]]]:
        stand = sorted(
            (message.number, message.status, message.attempts)
            for account in self._accounts.values()
            for message in account.kept
        )
        return stand, dict(self._expected)

    def _words(self, what: str) -> str:
        steps = "\n  ".join(self.log[-30:])
        return f"seed {self.seed}, step {len(self.log)}:\n  {steps}\nserver: {what}"


def main() -> None:
    """Run the simulation from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=1000)
    given = parser.parse_args()
    Simulation(given.seed).run(given.steps)
    sys.stdout.write(f"seed {given.seed}: {given.steps} steps\n")


if __name__ == "__main__":
    main()
