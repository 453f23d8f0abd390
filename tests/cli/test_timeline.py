"""The command that shows all that happened, in one order."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from click.testing import CliRunner, Result

from mockthingspace import MockThingSpace
from mockthingspace.cli.main import cli, main
from mockthingspace.client.transport import AdminClient

ACCOUNT, OTHER = "0242078689-00001", "0242078689-00002"


def _invoke(*args: str) -> Result:
    return CliRunner().invoke(cli, ["timeline", *args], catch_exceptions=False)


def _request(thingspace: MockThingSpace, account: str = ACCOUNT) -> None:
    url = thingspace.url_for("fota-v1")
    requests.get(f"{url}/callbacks/{account}", timeout=5)


@pytest.mark.parametrize("wanted", ["text", "mermaid"])
def test_it_prints_what_the_admin_api_would(thingspace, wanted):
    """Both are the same words."""
    _request(thingspace)
    url = f"{thingspace.url}/__admin/timeline?format={wanted}"

    assert requests.get(url, timeout=5).text == _invoke("--format", wanted).output


@pytest.mark.parametrize("args", [["--json"], ["--format", "json"]], ids=" ".join)
def test_it_prints_the_admin_apis_document(thingspace, args):
    """``--json`` and ``--format json`` are the same."""
    document = json.loads(_invoke(*args, "--json").output)

    assert (document["timeline"], document["meta"]["total"]) == ([], 0)


@pytest.mark.parametrize(
    ("args", "count"),
    [
        ((), 4),
        (("--account", OTHER), 2),
        (("--since", "1"), 2),
        (("--limit", "1"), 2),  # one more says how many there are
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_it_can_be_cut(thingspace, args, count):
    """The filters are the admin API's."""
    _request(thingspace)
    _request(thingspace, OTHER)

    assert len(_invoke(*args).output.splitlines()) == count


def test_a_held_reply_says_what_to_type(thingspace):
    """At a terminal nobody calls ``advance``; the API's document names the call."""
    thingspace.fault("delay", on="requests", seconds=3)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_request, thingspace)
        since, told = 0, ""
        while "frees it" not in told:
            document = thingspace.admin.ask("GET", "/timeline", since=since, wait_s=20)
            assert document["timeline"], f"nothing more came after: {told}"
            since, told = document["meta"]["last_seq"], str(document["timeline"])
        shown = _invoke().output
        thingspace.clear_faults()

    assert "advance(seconds=3) frees it" in told
    assert "; 'mockthingspace clock advance 3' frees it\n" in shown


@pytest.mark.usefixtures("thingspace")
def test_nothing_is_told():
    """An empty timeline says so."""
    assert _invoke().output == "(empty)\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--json", "--format", "text"), "--json contradicts --format text"),
        (("--follow", "--format", "mermaid"), "--follow cannot draw a diagram"),
        (("--format", "xml"), "'xml' is not one of"),
    ],
    ids=["two formats", "a diagram", "unknown"],
)
def test_what_does_not_go_together_is_a_usage_error(args, said):
    """Nothing is asked, and the sentence says why."""
    result = _invoke(*args)

    assert result.exit_code == 2
    assert said in result.output


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_it_is_followed_until_ctrl_c(thingspace, monkeypatch, capsys, before, as_json):
    """What is there is printed, then each as it comes; Ctrl-C is exit code 130."""
    for _ in range(before):
        _request(thingspace)
    ask, waits = AdminClient.ask, iter([True, True, False])

    def scripted(self, method, path, body=None, **query):
        if "wait_s" in query and not next(waits):
            raise KeyboardInterrupt
        if "wait_s" in query:
            assert query["limit"] is None
            _request(thingspace)
        return ask(self, method, path, body, **query)

    monkeypatch.setattr(AdminClient, "ask", scripted)
    with pytest.raises(SystemExit) as ended:
        main(["timeline", "--follow", "--limit", "2", *["--json"] * as_json])

    out = capsys.readouterr().out
    count = out.count('"sort"') if as_json else len(out.splitlines())
    assert (ended.value.code, count) == (130, 2 * before + 4)
    if not as_json:  # the date is said once: it does not change
        dated = re.compile(r"  \d{4}-\d\d-\d\d ")
        assert [n for n, line in enumerate(out.splitlines()) if dated.search(line)] == [
            0
        ]


def test_the_signs_are_explained():
    """``--help`` says what each sign is."""
    said = CliRunner().invoke(cli, ["timeline", "--help"]).output
    signs = ("-->", "<--", "<-x", "***", "...", "==>", "!!!", "~~~", "###")

    assert [item for item in signs if f"{item}  " not in said] == []
