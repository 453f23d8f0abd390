"""README and docs do what they say: every block runs, every table and link is true.

How a block runs depends on its language:

- ``python``: a file, if its first line is ``# NAME.py``; a ``test_`` file must pass.
  Any other block runs as it stands.
- ``sh``: a terminal that stays open; what it starts, the blocks below talk to.
- ``console``: commands, each with what it prints.
- ``json``: a seed; the blocks below talk to a server that started from it.
- ``js``: a listener that node runs.
- ``text``: what the Python above printed, or the AssertionError it raised.

In what is printed, ``…`` stands for anything.
"""

import gc
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from mockthingspace import (
    Listener,
    MockThingSpace,
    check_listener,
    point_sdk,
    pytest_plugin,
)
from mockthingspace.cli.main import main
from mockthingspace.testing.conformance import checks

from ..nested import FAST
from ..rows import each
from . import tables

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, *tables.PAGES]
LINKED = [*PAGES, *(ROOT / f"{name}.md" for name in ("ARCHITECTURE", "CONTRIBUTING"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
ANY = "…"
VARYING = re.compile(
    r".*_at|at|now|id|seq|last_seq|delivery|pid|version|duration_s|uptime_s|ahead_s"
    r"|loggedDate.*|User-Agent|url|admin"
)
SERVER = "http://127.0.0.1:8440"
LISTENER = "http://localhost:9001"
NODE_LISTENER = "http://127.0.0.1:9001"
PROGRAMS = Path(sys.executable).parent
NODE = shutil.which("node")


class Terminal:
    """A folder, a server and a listener, as a page's reader has them."""

    def __init__(
        self,
        pytester: pytest.Pytester,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.pytester = pytester
        self.monkeypatch = monkeypatch
        self.capsys = capsys
        self.running = ExitStack()
        self.listener = self.running.enter_context(Listener())
        self.server = self.running.enter_context(MockThingSpace())
        self.node = ""
        self.printed = ""
        path = os.pathsep.join([str(PROGRAMS), os.environ["PATH"]])
        monkeypatch.setenv("PATH", path)
        monkeypatch.syspath_prepend(pytester.path)

    def there(self, text: str) -> str:
        """Return a page's text with the addresses that this terminal has."""
        text = text.replace(SERVER, self.server.url)
        text = text.replace(LISTENER, self.listener.url.removesuffix("/callback"))
        return text.replace(NODE_LISTENER, self.node or NODE_LISTENER)

    def here(self, text: str) -> str:
        """Return what was printed with the addresses that the page has."""
        for came, shown in (
            (self.server.url, SERVER),
            (self.listener.url.removesuffix("/callback"), LISTENER),
            (self.node, NODE_LISTENER),
        ):
            if came:
                text = text.replace(came, shown)
                text = text.replace(came.partition("//")[2], shown.partition("//")[2])
        return text

    def python(self, code: str) -> None:
        """Keep a file, and run it if it has tests; run anything else."""
        code = self.there(code)
        named = re.match(r"# (\S+\.py)\n", code)
        if named is None:
            self.printed = self._executed(code)
            gc.collect()  # the SDK leaves its connections to it
            return
        self.pytester.path.joinpath(named[1]).write_text(code, "utf-8")
        if named[1].startswith("test_"):
            result = self.pytester.runpytest_inprocess(*FAST, named[1])
            result.assert_outcomes(passed=len(re.findall(r"def test_", code)))

    def _executed(self, code: str) -> str:
        self.capsys.readouterr()  # what pytest printed
        try:
            exec(compile(code, "a page", "exec"), {"__name__": "__main__"})
        except AssertionError as error:
            return str(error)
        finally:
            out = self.capsys.readouterr().out
        return str(out)

    def text(self, shown: str) -> None:
        """Compare with what the block above printed."""
        _compare(shown, self.here(self.printed))

    def sh(self, lines: str) -> None:
        """Start what goes on in another terminal, or run a script."""
        if "&\n" in lines:
            self._script(lines)
            return
        for line in lines.replace("make run", "mockthingspace serve").splitlines():
            program, command, *options = shlex.split(line)
            assert Path(program).name == "mockthingspace"
            names = [word.removeprefix("--").replace("-", "_") for word in options[::2]]
            given = dict(zip(names, options[1::2], strict=True))
            if command == "serve":
                self.serve(**{"clock": "real", **given})
            else:
                assert command == "listen"
                status, times = given.get("reply", "200"), given.get("times", "1")
                self.listener.reply(int(status), times=int(times))

    def serve(self, **settings: str) -> None:
        """Start another server, in place of the one before."""
        self.server = self.running.enter_context(MockThingSpace(**settings))

    def _script(self, lines: str) -> None:
        process = subprocess.Popen(
            ["sh", "-e", "-c", lines],
            cwd=self.pytester.path,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            process.communicate(timeout=30)
        finally:
            with suppress(ProcessLookupError):  # what it started has ended
                os.killpg(process.pid, signal.SIGKILL)
        assert process.returncode == 0

    def console(self, lines: str) -> None:
        """Run each command, and compare what it prints."""
        for entry in re.split(r"^\$ ", lines, flags=re.M)[1:]:
            command, _, shown = entry.partition("\n")
            _compare(shown, self.here(self._ran(self.there(command))))

    def _ran(self, command: str) -> str:
        program, *words = shlex.split(command)
        if program == "pytest":
            return self.pytester.runpytest_inprocess(*FAST, *words).stdout.str()
        if Path(program).name != "mockthingspace":
            ran = subprocess.run(
                command,
                shell=True,
                check=True,
                cwd=self.pytester.path,
                stdout=subprocess.PIPE,
                text=True,
                timeout=30,
            )
            return ran.stdout
        self.capsys.readouterr()  # what pytest printed
        with self.monkeypatch.context() as patch:
            patch.setenv("MOCKTHINGSPACE_URL", self.server.url)
            with pytest.raises(SystemExit) as ended:
                main(words)
        printed = self.capsys.readouterr()
        assert not ended.value.code, printed
        return str(printed.out)

    def json(self, document: str) -> None:
        """Start a server from a seed."""
        seed = self.pytester.path / "seed.json"
        seed.write_text(self.there(document), "utf-8")
        self.serve(seed=str(seed))

    def js(self, code: str) -> None:
        """Start a listener with node."""
        if NODE is None:
            pytest.skip("there is no node on this machine")
        self.pytester.path.joinpath("listener.mjs").write_text(code, "utf-8")
        self.monkeypatch.setenv("PORT", "0")
        node = subprocess.Popen(
            [NODE, "listener.mjs"],
            cwd=self.pytester.path,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.running.enter_context(node)
        self.running.callback(node.kill)
        assert node.stdout is not None
        self.node = node.stdout.readline().strip().removesuffix("/fota")


@pytest.fixture
def terminal(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Terminal]:
    """A reader's terminal, where checks send smaller crowds."""
    monkeypatch.setattr(checks, "CROWD", 5)
    terminal = Terminal(pytester, monkeypatch, capsys)
    with terminal.running:
        yield terminal


def _compare(shown: str, came: str) -> None:
    shown, came = shown.strip(), came.strip()
    with suppress(ValueError):
        documents = json.loads(shown), json.loads(came)
        assert [*_differences(*documents)] == []
        return
    if not re.fullmatch(re.escape(shown).replace(re.escape(ANY), ".*"), came, re.S):
        assert came == shown


def _differences(shown: Any, came: Any, at: str = "") -> Iterator[str]:
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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_does_what_the_page_says(page: Path, terminal: Terminal) -> None:
    """In the page's order, as a reader would copy them."""
    for language, block in BLOCK.findall(page.read_text("utf-8")):
        getattr(terminal, language)(block)


@each("page", PAGES, ids=lambda page: page.name)
def test_every_table_is_what_the_code_says(page: Path) -> None:
    """The tables are written by ``make docs``; nobody edits them by hand."""
    text = page.read_text("utf-8")

    assert text == tables.written(text)


def test_every_table_stands_somewhere() -> None:
    """No table is written for nobody."""
    text = "".join(page.read_text("utf-8") for page in PAGES)

    assert [name for name in tables.TABLES if f"<!-- {name} -->\n\n" not in text] == []


def _anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads}


@each("page", LINKED, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """A link to another page names a file, and a heading of it."""
    links = re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text("utf-8"))
    lost = [
        (name, anchor)
        for name, anchor in links
        if not (target := page.parent / name if name else page).exists()
        or (anchor and anchor not in _anchors(target))
    ]

    assert lost == []


def test_the_readme_names_the_program_where_make_run_puts_it() -> None:
    """A checkout has the program in its virtual environment, not on the path."""
    assert re.findall(r"^\$ mockthingspace", README.read_text("utf-8"), re.M) == []


def test_every_fixture_marker_and_option_is_on_the_page() -> None:
    """What the plugin adds to pytest stands in a row of a table there."""
    page = (ROOT / "docs" / "pytest.md").read_text("utf-8")
    fixtures = [name for name in vars(pytest_plugin) if name.startswith("thingspace")]
    rows = re.findall(r"^\| .*?`(?:@pytest\.mark\.)?([\w-]+)", page, re.M)

    assert sorted(rows) == sorted([*fixtures, "thingspace", "--thingspace-url"])


def test_every_method_is_on_the_page_with_its_arguments() -> None:
    """The tables of arguments are those of the signatures, in their order."""
    page = tables.api()
    for function in (MockThingSpace.wait_for_delivery, check_listener, point_sdk):
        _, _, part = page.partition(f" `{function.__name__}(")
        table = part.partition("\n###")[0]
        shown = re.findall(r"^\| `(\w+)`", table, re.M)

        assert shown == [
            name for name in signature(function).parameters if name != "self"
        ]


def test_the_assertions_are_shown_with_every_argument() -> None:
    """Those that the signature leaves to another method are on the page too."""
    page = (ROOT / "docs" / "python-api.md").read_text("utf-8")
    rows = re.findall(r"^\| `(assert_\w+)\((\w+), …\)` \| (.*) \|$", page, re.M)
    shown = {name: {first, *re.findall("`(.*?)`", rest)} for name, first, rest in rows}
    requested = {*signature(MockThingSpace.assert_requested).parameters} - {"self"}
    delivered = {*signature(MockThingSpace.deliveries).parameters} - {"self"}

    assert shown["assert_requested"] == requested
    assert shown["assert_delivered"] == delivered | {"count"}


def test_make_run_starts_the_server_and_ctrl_c_stops_it() -> None:
    """The one command to start it: prints the ready line, ends at once on Ctrl-C."""
    assert ("sh", "make run\n") in BLOCK.findall(README.read_text("utf-8"))
    ran = subprocess.Popen(
        ["make", "run"],
        cwd=ROOT,
        env={**os.environ, "MOCKTHINGSPACE_PORT": "0", "MAKEFLAGS": "", "ARGS": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert ran.stdout is not None
    try:
        said = []
        while " ready " not in (line := ran.stdout.readline()):
            said.append(line)
            assert line, f"it ended without being ready: {''.join(said)}"
        [url] = re.findall(r"url=(\S+)", line)
        assert MockThingSpace.at(url).registrations() == []
    finally:
        os.killpg(ran.pid, signal.SIGINT)
        ran.communicate(timeout=20)
    assert ran.returncode in (0, -signal.SIGINT)  # make ends itself as it was told
