"""The pytest plugin, by running pytest on tests that use it."""

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from mockthingspace import MockThingSpace

from ..nested import FAST

OTHER = "0242078689-00002"
URL = "http://localhost:9000/cb"

USING = """
import pytest
import requests
from mockthingspace import Settings

accounts = set()

@pytest.fixture(scope="session")
def thingspace_settings():
    return Settings(deregister_missing="ok")

def deregister(thingspace, account):
    url = thingspace.url_for("fota-v1") + f"/callbacks/{account}/name/Fota"
    return requests.delete(url, timeout=30)

def test_the_settings_are_the_overridden_ones(thingspace, thingspace_account):
    assert deregister(thingspace, thingspace_account).status_code == 200

def test_the_server_is_the_sessions(thingspace, thingspace_server):
    assert thingspace is thingspace_server
    assert not thingspace.url.endswith(":8440")

@pytest.mark.parametrize("turn", range(3))
def test_each_test_has_an_account_and_a_fresh_server(
    thingspace, thingspace_account, turn
):
    assert thingspace.requests() == thingspace.registrations() == []
    assert thingspace_account not in accounts
    accounts.add(thingspace_account)
    assert deregister(thingspace, thingspace_account).status_code == 200
    thingspace.register(thingspace_account, "http://localhost:9000/cb")

@pytest.mark.thingspace(allow_unmatched=True)
def test_it_may_request_what_nothing_serves(thingspace):
    assert requests.get(thingspace.url + "/nowhere", timeout=30).status_code == 404

@pytest.mark.thingspace(allow_unmatched=False)
def test_a_refusal_is_not_unmatched(thingspace):
    url = thingspace.url_for("fota-v1") + "/callbacks/nobody"
    assert requests.get(url, timeout=30).status_code == 400
"""

FAILING = """
import pytest
import requests

session = requests.Session()
session.trust_env = False

def get(thingspace, path):
    return session.get(thingspace.url + path, timeout=30).status_code

def test_own_exception(thingspace):
    for n in range(26):
        get(thingspace, f"/nowhere/{n}")
    raise LookupError("mine")

def test_silent(thingspace):
    raise LookupError("mine too")

def test_registered(thingspace, thingspace_account):
    thingspace.register(thingspace_account, "http://localhost:9000/cb")
    thingspace.trigger("Fota.upgradeFinish", thingspace_account)

def test_reset(thingspace):
    get(thingspace, "/nowhere")
    thingspace.reset()
    raise LookupError("mine, after a reset")

def test_unmatched(thingspace):
    assert get(thingspace, "/api/fota/v1/callback/0242078689-00001") == 404

def test_broken(thingspace, thingspace_account, monkeypatch):
    monkeypatch.setattr("mockthingspace.backend.store.registrations.Registry.of", None)
    path = f"/api/fota/v1/callbacks/{thingspace_account}"
    assert get(thingspace, path) == 500

def test_gone(thingspace):
    thingspace.stop()
    raise LookupError("mine, after it was stopped")

def test_without():
    raise LookupError("no server involved")
"""

MISSED = {
    "requested": 'thingspace.assert_requested("register")',
    "not_requested": 'thingspace.assert_not_requested("list")',
    "delivered": "thingspace.assert_delivered(count=2)",
    "not_delivered": "thingspace.assert_not_delivered()",
    "delivery": "thingspace.wait_for_delivery(count=2, timeout_s=0)",
    "idle": "thingspace.wait_until_idle(timeout_s=0)",
    "message": "listener.wait_for(9, timeout_s=0)",
    "messages": "listener.messages[-9]",
    "check": 'check_listener(refusing, only=["acknowledges"])',
    "family": 'thingspace.url_for("fota-v9")',
    "event": 'thingspace.trigger("Fota.unheard", ACCOUNT)',
    "fault": 'thingspace.fault("unheard")',
    "clearing": 'thingspace.clear_faults("unheard")',
    "sent_again": 'thingspace.resend("unheard")',
    "account": 'thingspace.register("unheard", listener.url)',
}
MISSING = """
import pytest
import requests

from mockthingspace import Listener, MockThingSpace, check_listener

ACCOUNT = "0242078689-00001"

def refusing(environ, start_response):
    start_response("500 Broken", [])
    return []

@pytest.fixture(scope="module")
def busy():
    with MockThingSpace() as thingspace, Listener() as listener:
        requests.get(f"{thingspace.url_for('fota-v1')}/callbacks/{ACCOUNT}")
        thingspace.register(ACCOUNT, listener.url)
        listener.reply(200).hang()
        for _ in range(2):
            thingspace.trigger("Fota.firmwareList", ACCOUNT)
        listener.wait_for(2)
        yield thingspace, listener
""" + "".join(
    f"""
def test_{name}(busy):
    thingspace, listener = busy
    {line}
"""
    for name, line in MISSED.items()
)

SHARING = """
import requests

OTHER = "0242078689-00002"
URL = "http://localhost:9000/cb"

def test_reset_is_scoped(thingspace, thingspace_account):
    assert thingspace.url == "{url}"
    thingspace.register(thingspace_account, URL)
    thingspace.reset()
    assert thingspace.registrations() == []
    assert len(thingspace.registrations(OTHER)) == 1

def test_others_are_not_checked(thingspace):
    requests.get(thingspace.url + "/nowhere", timeout=30)
    requests.get(thingspace.url + f"/api/fota/v1/callback/{{OTHER}}", timeout=30)

def test_own_unmatched(thingspace, thingspace_account):
    path = f"/api/fota/v1/callback/{{thingspace_account}}"
    requests.get(thingspace.url + path, timeout=30)
"""


@pytest.fixture
def running() -> Iterator[MockThingSpace]:
    """A server that runs already, with somebody else's registration."""
    with MockThingSpace() as running:
        running.register(OTHER, URL)
        yield running


@pytest.fixture(autouse=True)
def _as_in_a_users_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what the run that these runs are nested in was told."""
    monkeypatch.delenv("MOCKTHINGSPACE_URL", raising=False)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    monkeypatch.delenv("PYTEST_XDIST_WORKER_COUNT", raising=False)


def _run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess(*FAST, *options)


def _failures(result: pytest.RunResult) -> dict[str, str]:
    """Return what pytest prints of each test that fails, by the test's name."""
    sections, name = {}, ""
    for line in result.outlines:
        if line.startswith("___"):
            name = line.strip("_ ")
        sections[name] = sections.get(name, "") + line + "\n"
    return sections


def test_the_fixtures_give_a_fresh_server_with_the_users_settings(pytester):
    """Tests get the session's server, reset, with the settings they override."""
    pytester.makepyfile(USING)

    result = _run(pytester, "--strict-markers", "-W", "error")

    result.assert_outcomes(passed=7)


def test_a_failure_shows_what_the_server_knows(pytester):
    """A report has the user's own exception, and the timeline beside it."""
    pytester.makepyfile(FAILING)
    result = _run(pytester)
    result.assert_outcomes(failed=6, passed=2, errors=2)
    failures = _failures(result)
    own, silent = failures["test_own_exception"], failures["test_silent"]
    unmatched = failures["ERROR at teardown of test_unmatched"]
    broken = failures["ERROR at teardown of test_broken"]
    gone, without = failures["test_gone"], failures["test_without"]

    assert "LookupError: mine\n" in own
    assert "- mockthingspace timeline -" in own
    assert "(the last 50 of 53)" in own
    assert "  --> GET /nowhere/25\n" in own
    assert "  <-x 404 (no operation has the path '/nowhere/25'" in own
    assert "GET /nowhere/0\n" not in own
    assert "ERROR at teardown of test_own_exception" not in failures

    assert "LookupError: mine too\n" in silent
    empty = "(empty: no request reached the server, and nothing was triggered)"
    assert empty in silent
    assert empty in failures["test_registered"]
    assert "(empty" not in failures["test_reset"]
    assert "### reset of everything" in failures["test_reset"]

    path = "/api/fota/v1/callback/0242078689-00001"
    assert f"nothing serves what this test requested:\n  GET {path} -> 404" in unmatched
    assert "nearest: GET /api/fota/v1/callbacks/{account} (list)" in unmatched
    assert "@pytest.mark.thingspace(allow_unmatched=True)" in unmatched
    assert "- mockthingspace timeline -" in unmatched

    assert "the server failed what this test requested:\n" in broken
    assert "-> 500" in broken
    assert "allow_unmatched" not in broken

    assert "LookupError: mine, after it was stopped\n" in gone
    assert "cannot be read: this server is not running" in gone
    assert "mockthingspace timeline" not in without


def test_a_failure_shows_no_frame_of_ours(pytester):
    """Under --tb=short it is the line of the test and what it missed."""
    pytester.makepyfile(MISSING)

    result = _run(pytester, "--tb=short")

    result.assert_outcomes(failed=len(MISSED))
    frames = {
        name.removeprefix("test_"): re.findall(r"^(\S+):\d+: in (.*)", told, re.M)
        for name, told in _failures(result).items()
        if name.startswith("test_")
    }
    test = "test_a_failure_shows_no_frame_of_ours.py"
    assert frames == {name: [(test, f"test_{name}")] for name in MISSED}


@pytest.mark.parametrize("way", ["option", "variable"])
def test_a_running_server_is_shared_by_account(pytester, monkeypatch, running, way):
    """With a URL, the server there is used, and only the test's account touched."""
    pytester.makepyfile(SHARING.format(url=running.url))
    options = ["--thingspace-url", running.url] if way == "option" else []
    if way == "variable":
        monkeypatch.setenv("MOCKTHINGSPACE_URL", running.url)

    result = _run(pytester, *options)

    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_own_unmatched*"])
    assert [registration.account for registration in running.registrations()] == [OTHER]


@pytest.mark.parametrize("source", ["--thingspace-url", "MOCKTHINGSPACE_URL"])
def test_a_url_is_named_with_where_it_came_from(pytester, monkeypatch, source):
    """In the report's head, and in the failure of tests where no server answers."""
    pytester.makepyfile("def test_it(thingspace): pass")
    url = "http://127.0.0.1:1"
    monkeypatch.setenv("MOCKTHINGSPACE_URL", "" if source[0] == "-" else url)

    result = _run(pytester, *([f"{source}={url}"] if source[0] == "-" else []))

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            f"mockthingspace: the server at {url}, from {source}",
            f"{source}: no server answers at {url};*",
        ]
    )


def test_without_a_url_the_head_of_the_report_has_no_line(pytester):
    """A run with servers of its own is as any other."""
    _run(pytester, "--collect-only").stdout.no_fnmatch_line("mockthingspace:*")


THERE = {
    "auth": "strict",
    "credentials": {"ann": "hunter2"},
    "accounts": ["0242078689-00002", "0242078689-00003"],
    "seed": "there/seed.json",
}


@pytest.mark.parametrize(
    ("here", "differing"),
    [
        ({}, []),
        ({"port": 1, "auth": "strict", "seed": "here/seed.json"}, []),
        ({"accounts": [*reversed(THERE["accounts"])], "clock": "manual"}, []),
        (
            {"auth": "off", "clock": "real", "credentials": {"bob": "hunter2"}},
            [
                "auth: 'off', there 'strict'",
                "clock: 'real', there 'manual'",
                "credentials: {'bob': '***'}, there {'ann': '***'}",
            ],
        ),
        ({"seed": "other.json"}, ["seed: 'other.json', there 'there/seed.json'"]),
    ],
)
def test_settings_are_held_to_those_of_a_shared_server(
    pytester, monkeypatch, here, differing
):
    """One that was asked for and is not so there fails the tests, with both."""
    monkeypatch.chdir(pytester.path)
    for folder in ("here", "there"):
        pytester.mkdir(folder).joinpath("seed.json").write_text("{}")
    pytester.path.joinpath("other.json").write_text("{}")
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.fixture(scope="session")
        def thingspace_settings():
            return {here}

        def test_it(thingspace):
            pass
        """
    )
    with MockThingSpace(THERE) as running:
        monkeypatch.setenv("MOCKTHINGSPACE_URL", running.url)

        result = _run(pytester)

        told = f"thingspace_settings differs from the server at {running.url} "
        wanted = [f"{told}(from MOCKTHINGSPACE_URL):", *differing]
    result.assert_outcomes(**({"errors": 1} if differing else {"passed": 1}))
    result.stdout.fnmatch_lines(
        [f"*{line}".replace("[", "[[]") for line in wanted if differing]
    )


UNUSABLE = {
    "value": (
        '{"auth": "stirct"}',
        "auth: 'stirct' cannot be used; allowed: off | present | strict",
    ),
    "key": (
        '{"auht": "strict"}',
        "unknown setting 'auht' in what it returns: did you mean 'auth'? known: *",
    ),
    "shape": ("[]", "the settings in what it returns must be an object"),
}


@pytest.mark.parametrize(("returned", "told"), UNUSABLE.values(), ids=UNUSABLE)
def test_settings_that_cannot_be_used_fail_the_tests(pytester, returned, told):
    """With the fixture, the key, the value and what is allowed, and no frame."""
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.fixture(scope="session")
        def thingspace_settings():
            return {returned}

        def test_it(thingspace):
            pass

        def test_of_an_account(thingspace_account):
            pass
        """
    )

    result = _run(pytester)

    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines([f"the fixture thingspace_settings: {told}"] * 2)
    assert re.findall(r"^\S+\.py:\d+", result.stdout.str(), re.M) == []


def test_settings_that_refuse_themselves_show_the_users_line_alone(pytester):
    """``Settings(…)`` raises in the fixture, where the mistake is."""
    pytester.makepyfile(
        """
        import pytest
        from mockthingspace import Settings

        @pytest.fixture(scope="session")
        def thingspace_settings():
            return Settings(port="none")

        def test_it(thingspace):
            pass
        """
    )

    result = _run(pytester, "--tb=short")

    result.assert_outcomes(errors=1)
    frames = [line for line in result.outlines if ": in " in line]
    assert [frame.partition(": in ")[2] for frame in frames] == ["thingspace_settings"]


SOME = ["0242078689-00002", "0242078689-00003", "0242078689-00004", "TestAccount-2"]
LIMITED = """
import pytest

from mockthingspace import MockThingSpaceError

@pytest.fixture(scope="session")
def thingspace_settings():
    return {settings}

@pytest.mark.parametrize("turn", range(4))
def test_it(thingspace_account, thingspace, turn):
    print("given", thingspace_account)
    thingspace.register(thingspace_account, "http://localhost:9000/cb")
    with pytest.raises(MockThingSpaceError, match="not one of the accounts setting"):
        thingspace.register("0242078689-00009", "http://localhost:9000/cb")
"""


def _given(result: pytest.RunResult) -> list[str]:
    return [line.split()[1] for line in result.outlines if line.startswith("given")]


@pytest.mark.parametrize(
    ("accounts", "more", "given"),
    [
        (SOME, "", [*SOME[:3], SOME[0]]),
        (SOME[3:], ', family="connectivity", service="NiddService"', SOME[3:] * 4),
    ],
)
def test_an_account_is_one_of_those_accepted(pytester, accounts, more, given):
    """In turn, those that every API takes first; registering holds to them too."""
    text = LIMITED.format(settings={"accounts": accounts})
    pytester.makepyfile(text.replace('/cb")', f'/cb"{more})'))

    result = _run(pytester, "-rP")

    result.assert_outcomes(passed=4)
    assert _given(result) == given


@pytest.mark.parametrize(
    ("worker", "given"), [("gw0", [SOME[0], SOME[2]] * 2), ("gw3", [SOME[1]] * 4)]
)
def test_workers_of_a_shared_server_share_no_account(
    pytester, monkeypatch, worker, given
):
    """The accounts it accepts are dealt out, and a later worker takes a turn."""
    pytester.makepyfile(LIMITED.format(settings={}))
    monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "2")
    with MockThingSpace(accounts=SOME) as running:
        result = _run(pytester, "-rP", "--thingspace-url", running.url)

    result.assert_outcomes(passed=4)
    assert _given(result) == given


def test_more_workers_than_accounts_are_refused(pytester, monkeypatch):
    """The failure says how many there must be."""
    pytester.makepyfile(LIMITED.format(settings={}))
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "4")
    with MockThingSpace(accounts=SOME) as running:
        result = _run(pytester, "--thingspace-url", running.url)

    result.assert_outcomes(errors=4)
    result.stdout.fnmatch_lines(["*accounts must have at least 4, one for each*has 3"])


def test_only_a_test_that_passed_is_checked(pytester):
    """A skipped or expected failure stays what it is, whatever was unmatched."""
    pytester.makepyfile("""
        import pytest, requests

        @pytest.mark.xfail(strict=True)
        def test_xfail(thingspace):
            requests.get(thingspace.url + "/nowhere")
            assert False

        def test_skip(thingspace):
            requests.get(thingspace.url + "/nowhere")
            pytest.skip()

        def test_stopped(thingspace):
            thingspace.stop()

        def test_after_that(thingspace):
            assert thingspace.registrations() == []

        def test_last(thingspace):
            requests.get(thingspace.url + "/nowhere")
        """)

    result = _run(pytester)

    result.assert_outcomes(xfailed=1, skipped=1, passed=3, errors=1)
    result.stdout.fnmatch_lines(
        ["*ERROR at teardown of test_last*", "*mockthingspace timeline*", "*/nowhere*"]
    )


def test_the_settings_can_be_given_by_name(pytester):
    """An overridden ``thingspace_settings`` may return a dict."""
    pytester.makepyfile("""
        import pytest, requests

        @pytest.fixture(scope="session")
        def thingspace_settings():
            return {"auth": "strict"}

        def test_it(thingspace):
            url = thingspace.url_for("fota-v1") + "/callbacks/0242078689-00001"
            assert requests.get(url).status_code == 401
        """)

    _run(pytester).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "given", ["allow_unmached=True", "True"], ids=["a typo", "a position"]
)
def test_a_marker_with_what_it_does_not_take_is_refused(pytester, given):
    """A mistake in the marker fails the test instead of being ignored."""
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.thingspace({given})
        def test_it(thingspace):
            pass
        """
    )

    result = _run(pytester)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["the marker thingspace takes allow_unmatched=*"])


def test_the_marker_and_the_option_are_documented(pytester):
    """``--markers`` and ``--help`` say what there is."""
    markers = _run(pytester, "--markers")
    options = _run(pytester, "--help")

    markers.stdout.fnmatch_lines(
        ["@pytest.mark.thingspace(allow_unmatched=False): how the thingspace fixture*"]
    )
    options.stdout.fnmatch_lines(["*--thingspace-url=URL*"])


def test_each_xdist_worker_has_a_server_of_its_own(pytester, monkeypatch):
    """Beside the server of another process it shares neither port nor account."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("turn", range(2))
        def test_it(thingspace, thingspace_account, worker_id, turn):
            thingspace.register(thingspace_account, "http://localhost:9000/cb")
            assert len(thingspace.registrations()) == 1
            assert thingspace_account.endswith("-00001")
            print(worker_id, thingspace.url)
        """
    )
    plugins = ("-p", "xdist.plugin", "-p", "mockthingspace.pytest_plugin")
    with MockThingSpace() as other:
        result = pytester.runpytest_inprocess(
            *plugins, *FAST, "-d", "--tx", "popen//id=gw1", "-rP"
        )

        result.assert_outcomes(passed=2)
        [told] = {line for line in result.outlines if line.startswith("gw")}
        assert told.split()[0] == "gw1"
        assert told.split()[1] != other.url


def test_the_plugin_costs_a_run_that_does_not_use_it_nothing():
    """Importing the plugin imports no framework, no client and no server."""
    heavy = ("flask", "werkzeug", "marshmallow", "requests", "waitress", "click")
    code = (
        "import sys, mockthingspace.pytest_plugin; "
        f"print([name for name in {heavy} if name in sys.modules])"
    )

    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert (printed.stdout, printed.stderr) == ("[]\n", "")


def test_a_report_of_all_locals_has_no_secret(pytester):
    """With -vv -l pytest spells every value in every frame."""
    pytester.makepyfile(
        """
        def test_it(thingspace, thingspace_account, thingspace_listener):
            url = thingspace_listener.url.replace("//", "//ann:hunt" "er2@")
            thingspace.register(thingspace_account, url, password="hunt" "er2")
            del url
            registered = thingspace.registrations(thingspace_account)
            made = thingspace.trigger("Fota.upgradeFinished", thingspace_account)
            messages = thingspace_listener.wait_for(1)
            delivery = thingspace.wait_for_delivery(thingspace_account)
            state = thingspace._server.state
            kept = state.registry.every(), state.deliveries.every()
            thingspace.assert_delivered(thingspace_account, event="Fota.firmwareList")
        """
    )

    said = _run(pytester, "-vv", "-l").stdout.str()

    assert ("1 failed" in said, "registered = [" in said) == (True, True)
    assert [line for line in said.splitlines() if "hunter2" in line] == []
