"""Whole runs, each from one seed, in which nothing is lost, stuck or out of order.

A failure names its seed; ``python tests/simulation.py --seed N`` does it again.
"""

import random
import socket

import pytest

from ..posting import OK, Poster, Scripted
from ..simulation import Simulation

STEPS = 500
MESSAGES = 300
CLOSING = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize("seed", [3, 7])
def test_the_server_does_as_the_model_says(seed: int) -> None:
    """Triggers, registrations, resets, faults, time and listeners in any order."""
    Simulation(seed).run(STEPS)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_message_has_the_outcome_of_its_connection(seed: int) -> None:
    """Listeners answer, close with and without a word, or break off, in any order."""
    drawn = random.Random(seed)
    answers = drawn.choices(["ok", "closing", "ok, closed", "dies", "half"], k=MESSAGES)
    left = iter(answers)

    def converse(listener: Scripted, connection: socket.socket) -> None:
        for answer in left:
            if answer != "dies":
                half_or_whole = {"half": OK[:9], "closing": CLOSING}.get(answer, OK)
                connection.sendall(half_or_whole)
            if answer != "ok":
                return
            listener.receive(connection)

    listener, post = Scripted(*[converse] * MESSAGES), Poster()
    expected, used = [], False
    messages = iter(answers[:-50])
    for answer in messages:
        if answer == "dies" and used:  # it is sent once more, on a fresh connection
            answer = next(messages)  # noqa: PLW2901
            used = False
        expected.append(None if answer in ("dies", "half") else 200)
        used = answer == "ok"
    outcomes = [post(listener.url).status_code for _ in expected]
    post.close()
    listener.close()
    assert outcomes == expected
