"""Waiting for requests, and following them from the command line."""

from threading import Thread

import pytest
import requests

from mockthingspace.cli import main
from mockthingspace.client.transport import AdminClient
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


@pytest.mark.parametrize("before", [0, 1])
def test_requests_are_followed_until_ctrl_c(thingspace, monkeypatch, capsys, before):
    """What is there is printed, then each as it comes; Ctrl-C is exit code 130."""
    for _ in range(before):
        requests.get(thingspace.url + PATH, timeout=5)
    ask, waits = AdminClient.ask, iter([True, False])

    def scripted(self, method, path, body=None, **query):
        if "wait_s" in query and not next(waits):
            raise KeyboardInterrupt
        if "wait_s" in query:
            requests.get(f"{thingspace.url}{PATH}?later", timeout=5)
        return ask(self, method, path, body, **query)

    monkeypatch.setattr(AdminClient, "ask", scripted)
    with pytest.raises(SystemExit) as ended:
        main.main(["requests", "--follow", "--url", thingspace.url])

    lines = capsys.readouterr().out.splitlines()
    assert (ended.value.code, len(lines)) == (130, before + 1)
    assert f"{PATH}?later -> 200" in lines[-1]
