"""Waiting for requests."""

from threading import Thread

import pytest
import requests

from mockthingspace.core.notifier import Notifier

PATH = "/api/fota/v1/callbacks/0242078689-00001"


def _asked_meanwhile(thingspace, act):
    """Wait for a request while something is done in another thread."""
    doing = Thread(target=act)
    doing.start()
    try:
        return thingspace.admin.ask("GET", "/requests", wait_s=5)["requests"]
    finally:
        doing.join()


def test_a_wait_ends_with_the_request_it_waited_for(thingspace):
    """``wait_s`` holds the list back until there is something in it."""
    found = _asked_meanwhile(
        thingspace, lambda: requests.get(thingspace.url + PATH, timeout=5)
    )

    assert [exchange["request"]["url"] for exchange in found] == [PATH]


@pytest.mark.thingspace(allow_unmatched=True)
def test_a_wait_for_the_unmatched_passes_over_the_others(thingspace):
    """Only what nothing serves ends it."""
    requests.get(thingspace.url + PATH, timeout=5)
    assert (
        thingspace.admin.ask("GET", "/requests/unmatched", wait_s=0)["requests"] == []
    )
    requests.get(thingspace.url + "/nowhere", timeout=5)

    found = thingspace.admin.ask("GET", "/requests/unmatched", wait_s=5)["requests"]

    assert [exchange["request"]["url"] for exchange in found] == ["/nowhere"]


def test_a_wait_ends_with_a_reset(thingspace, monkeypatch):
    """Nobody waits for a journal that has been left behind."""
    watching = Notifier.watching

    def meanwhile_reset(notifier, met, over):
        thingspace.reset()
        return watching(notifier, met, over)

    monkeypatch.setattr(Notifier, "watching", meanwhile_reset)
    found = thingspace.admin.ask("GET", "/requests", wait_s=60)["requests"]
    assert found == []
