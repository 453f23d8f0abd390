"""The listeners of docs/listeners.md are run as they stand there."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from mockthingspace.cli.main import main
from mockthingspace.testing.conformance import bodies, delivery_checks

from ..nested import FAST

PAGE = Path(__file__).parents[2] / "docs" / "listeners.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
NODE = shutil.which("node")


def block(language: str, first: str = "") -> str:
    """Return the page's block that begins so."""
    blocks = [text for name, text in BLOCKS if name == language]
    [found] = [text for text in blocks if text.startswith(first)]
    return found


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send the slow message without its pauses, and a smaller crowd."""
    monkeypatch.setattr(bodies, "PAUSE_S", 0.0001)
    monkeypatch.setattr(delivery_checks, "CROWD", 5)


def test_the_fastapi_listener_passes_its_tests(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both files are copied from the page."""
    pytester.makepyfile(listener=block("python", "# listener.py"))
    pytester.makepyfile(test_listener=block("python", "# test_listener.py"))
    monkeypatch.syspath_prepend(pytester.path)

    pytester.runpytest_inprocess(*FAST).assert_outcomes(passed=2)


@pytest.mark.skipif(NODE is None, reason="there is no node on this machine")
def test_the_node_listener_is_ready(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command below it finds nothing, and what was processed was counted."""
    listener = tmp_path / "listener.mjs"
    listener.write_text(block("js"))
    monkeypatch.setenv("PORT", "0")
    arguments = shlex.split(block("console").removeprefix("$ mockthingspace "))

    with subprocess.Popen(
        [str(NODE), str(listener)], stdout=subprocess.PIPE, text=True
    ) as node:
        try:
            assert node.stdout is not None
            url = node.stdout.readline().strip()
            place = url.removesuffix("/fota")
            with pytest.raises(SystemExit) as ended:
                main(
                    [word.replace("http://127.0.0.1:9001", place) for word in arguments]
                )
        finally:
            node.kill()

    said = capsys.readouterr().out
    assert not ended.value.code, said
    assert " 0 failed, " in said
    assert "not counted" not in said
