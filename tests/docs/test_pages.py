"""The README does what it says: every block of it runs, every table is true."""

import gc
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from mockthingspace import Listener, MockThingSpace, Settings

from ..nested import FAST
from ..rows import each
from . import tables

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = (README, *sorted((ROOT / "docs").glob("*.md")), ROOT / "docs" / "faults.md")
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
BLOCKS = FENCED.findall(README.read_text("utf-8"))
COMMANDS = FENCED.findall((ROOT / "docs" / "command-line.md").read_text("utf-8"))
ADMIN = FENCED.findall((ROOT / "docs" / "admin-api.md").read_text("utf-8"))
ACCOUNT = "0242078689-00001"
LISTENER = "http://localhost:9001/callback"
ANY = "…"
VARYING = re.compile(
    r".*_at|at|now|id|seq|last_seq|delivery|pid|version|duration_s|uptime_s|ahead_s"
    r"|loggedDate.*|User-Agent|url|admin"
)
DEFAULT_URL = "http://127.0.0.1:8440"
COMMAND = str(Path(sys.executable).with_name("mockthingspace"))


def _blocks(language: str, holding: str = "") -> list[str]:
    return [text for name, text in BLOCKS if name == language and holding in text]


def test_every_block_is_of_a_kind_that_runs_here():
    """A block in another language would be one that no test runs.

    The text is what a failure says; ``test_failure_reports`` compares it.
    """
    assert {name for name, _ in BLOCKS} == {"python", "sh", "console", "json", "text"}
    assert _blocks("sh") == ["make run\n"]
    assert len(_blocks("python")) == 8


@each("page", PAGES, ids=lambda one: one.name)
def test_every_table_is_what_the_code_says(page):
    """The tables are written by ``make docs``; nobody edits them by hand."""
    text = page.read_text("utf-8")

    assert text == tables.written(text)


def test_every_table_stands_somewhere():
    """No table is written for nobody."""
    text = "".join(page.read_text("utf-8") for page in PAGES)

    assert [name for name in tables.TABLES if f"<!-- {name} -->\n\n" not in text] == []


def test_every_table_has_its_rows():
    """Writing a page fills in each table, whatever stood there."""
    empty = "".join(
        f"<!-- {name} -->\nstale\n<!-- /{name} -->\n" for name in tables.TABLES
    )

    page = tables.written(empty)

    assert "\nstale\n" not in page
    assert "`POST /api/fota/v1/callbacks/{account}`" in page
    assert "`--journal-limit`" in page
    assert "| family | documented | observed | assumed |" in page


def test_make_docs_writes_the_tables_into_a_page(tmp_path):
    """A page's tables are rewritten in place."""
    page = tmp_path / "page.md"
    page.write_text("<!-- totals -->\n?\n<!-- /totals -->")

    tables.main(str(page))

    assert tables.written(page.read_text()) == page.read_text()
    assert "documented" in page.read_text()


def test_the_pytest_examples_pass_and_are_short(pytester):
    """A new user can copy them; they are under 15 and under 20 lines."""
    first, loop, *others = _blocks("python", "def test_")
    named = {f"test_{number}": block for number, block in enumerate(others)}
    pytester.makepyfile(test_first=first, test_loop=loop, **named)

    pytester.runpytest_inprocess(*FAST).assert_outcomes(passed=6)
    assert len(first.splitlines()) < 15
    assert len(loop.splitlines()) < 20


def test_the_python_example_runs(capsys):
    """The handle works as shown."""
    [example] = _blocks("python", "MockThingSpace(")

    exec(compile(example, str(README), "exec"), {})

    assert re.fullmatch(r"http://127\.0\.0\.1:\d+ 1\n", capsys.readouterr().out)


def test_the_sdk_example_calls_this_server(thingspace, capsys):
    """After its one line, the SDK's client is answered here."""
    pytest.importorskip("verizon")
    [example] = _blocks("python", "verizon")
    names = {}

    exec(compile(example.replace(DEFAULT_URL, thingspace.url), README, "exec"), names)
    names["pointed"].restore()
    gc.collect()  # the SDK leaves its connections to it

    assert capsys.readouterr().out == "[]\n"
    thingspace.assert_requested("list", count=1)


def test_the_terminal_blocks_print_what_they_show(thingspace):
    """Each command, in the README's order, prints what stands below it."""
    entries = re.split(r"^\$ ", "".join(_blocks("console")), flags=re.M)[1:]
    for entry in entries:
        command, _, expected = entry.partition("\n")
        command = command.replace(DEFAULT_URL, thingspace.url)
        command = command.replace(".venv/bin/mockthingspace", COMMAND)
        environ = {**os.environ, "MOCKTHINGSPACE_URL": thingspace.url}
        ran = subprocess.run(
            command,
            shell=True,
            check=True,
            capture_output=True,
            text=True,
            timeout=20,
            env=environ,
        )
        assert ran.stdout.strip() == expected.strip(), (command, ran.stderr)


def _differences(shown, came, at=""):
    """Give where a reply is not as a page shows it; what varies has the same type."""
    if isinstance(shown, dict) and isinstance(came, dict):
        if shown.keys() != came.keys():
            yield f"{at}: {[*shown]} is shown, {[*came]} came"
        for key in shown.keys() & came.keys():
            same = type(shown[key]) is type(came[key]) is not dict
            if not (same and VARYING.fullmatch(key)):
                yield from _differences(shown[key], came[key], f"{at}.{key}")
    elif isinstance(shown, list) and isinstance(came, list):
        whole = shown[-1:] != [ANY]
        if len(shown) != len(came) if whole else len(shown) > len(came) + 1:
            yield f"{at}: {len(shown)} are shown, {len(came)} came"
        for index, pair in enumerate(zip(shown, came, strict=False)):
            yield from _differences(*pair, f"{at}.{index}")
    elif shown not in (ANY, came):
        yield f"{at}: {shown!r} is shown, {came!r} came"


def test_the_admin_page_shows_what_is_answered():
    """Each command, in the page's order, is answered as shown, key by key."""
    assert {name for name, _ in ADMIN} == {"console"}
    entries = re.split(r"^\$ ", "".join(text for _, text in ADMIN), flags=re.M)[1:]
    with MockThingSpace() as thing, Listener() as listener:
        listener.reply(503)
        for entry in entries:
            command, _, shown = entry.partition("\n")
            command = command.replace(DEFAULT_URL, thing.url)
            command = command.replace(LISTENER, listener.url)
            ran = subprocess.run(
                command, shell=True, check=True, capture_output=True, timeout=30
            )
            came = ran.stdout.decode().replace(thing.url, DEFAULT_URL)
            came = came.replace(thing.url[7:], DEFAULT_URL[7:])
            different = [*_differences(json.loads(shown), json.loads(came))]
            assert (command, different) == (command, [])


def test_what_is_typed_beside_make_run_is_there_after_it():
    """A checkout has the program in its virtual environment, not on the path."""
    text = README.read_text("utf-8")
    section = text.partition("\n## As a server")[2].partition("\n## ")[0]

    assert re.findall(r"[`$] ?mockthingspace [a-z-]+", section) == []


def test_a_script_starts_it_as_the_page_shows(tmp_path):
    """The port file, the ready line and the log are as it says."""
    [script] = [text for name, text in COMMANDS if name == "sh"]
    ready, logged = [text for name, text in COMMANDS if name == "json"][:2]

    path = os.pathsep.join([str(Path(COMMAND).parent), os.environ["PATH"]])
    ran = subprocess.Popen(
        ["sh", "-e", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, _ = ran.communicate(timeout=30)
    finally:
        with suppress(ProcessLookupError):  # what it started has ended
            os.killpg(ran.pid, signal.SIGKILL)

    assert (ran.returncode, out) == (0, b"[]")
    assert not (tmp_path / "port.txt").exists()
    said = json.loads((tmp_path / "ready.json").read_text())
    first, *_ = (tmp_path / "log.json").read_text().splitlines()
    assert [*_differences(json.loads(ready), said)] == []
    assert [*_differences(json.loads(logged), json.loads(first))] == []


def test_an_event_of_a_seed_is_sent_as_the_page_shows(tmp_path):
    """It is triggered by its name, and what is the registration's is filled in."""
    *_, example = [text for name, text in COMMANDS if name == "json"]
    page = (ROOT / "docs" / "command-line.md").read_text("utf-8")
    [command] = re.findall(r"^`mockthingspace (trigger .*?)` sends it", page, re.M)
    seed = tmp_path / "seed.json"

    with Listener() as listener:
        seed.write_text(example.replace("http://localhost:9001/fota", listener.url))
        with MockThingSpace(seed=str(seed)) as thing:
            subprocess.run(
                [COMMAND, *command.split(), "--url", thing.url], check=True, timeout=20
            )
            [message] = listener.wait_for(1)

    expected = {"accountName": ACCOUNT, "type": "rebooted", "times": 3}
    assert message.json == expected


def test_the_seed_example_is_one(tmp_path):
    """A server starts from it."""
    [example] = _blocks("json")
    seed = tmp_path / "seed.json"
    seed.write_text(example)

    with MockThingSpace(Settings(seed=str(seed))) as server:
        assert server.settings.auth == "present"
        assert len(server.registrations()) == 1


def test_make_run_starts_the_server_and_ctrl_c_stops_it():
    """The one command to start it: prints the ready line, ends at once on Ctrl-C."""
    [command] = _blocks("sh")
    ran = subprocess.Popen(
        command.split(),
        cwd=ROOT,
        env={**os.environ, "MOCKTHINGSPACE_PORT": "0", "MAKEFLAGS": "", "ARGS": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said = []
        while " ready " not in (line := ran.stdout.readline()):
            said.append(line)
            assert line, f"it ended without being ready: {''.join(said)}"
        ready = line
        url = re.search(r"url=(\S+)", ready)[1]
        assert MockThingSpace.at(url).registrations() == []
    finally:
        os.killpg(ran.pid, signal.SIGINT)
        ran.communicate(timeout=20)
    assert ran.returncode in (0, -signal.SIGINT)  # make ends itself as it was told
