"""Sends schemathesis against a server: what is described is what is done.

And the description is valid by the standard it names, which takes too long to be
asked in each run of the tests.

Run by ``make fuzz`` with the python of schemathesis' own environment; the first
argument is the program that serves, the others are schemathesis'.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

from openapi_spec_validator import OpenAPIV31SpecValidator, validate

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CONFIG = Path(__file__).with_name("schemathesis.toml")
LONGEST_RUN_S, LONGEST_END_S = 600, 10
PROOFS = ("-H", "Authorization: Bearer any", "-H", "VZ-M2M-Token: any")
# Each value at its bounds is tried once: proofs change nothing of what is wrong.
RUNS = {"off": (), "present": (*PROOFS, "--phases=examples,fuzzing,stateful")}
READY = "ready url="


def main(program: str, *arguments: str) -> int:
    """Run against a server that asks for no proofs, and against one that does.

    Both at a time, as each mostly waits for the other side.
    """
    with ThreadPoolExecutor() as pool:
        runs = [
            pool.submit(_run, program, auth, *how, *arguments)
            for auth, how in RUNS.items()
        ]
    for run in runs:
        sys.stdout.write(run.result().stdout)
    return max(run.result().returncode for run in runs)


def _run(
    program: str, auth: str, *arguments: str
) -> "subprocess.CompletedProcess[str]":
    with TemporaryDirectory() as folder, _server(program, auth, Path(folder)) as url:
        location = f"{url}/__admin/openapi.json"
        with urlopen(location) as description:
            validate(json.load(description), cls=OpenAPIV31SpecValidator)
        command = [SCHEMATHESIS, "--config-file", CONFIG, "run", location, *arguments]
        return subprocess.run(
            command,
            cwd=folder,
            timeout=LONGEST_RUN_S,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@contextmanager
def _server(program: str, auth: str, folder: Path) -> Iterator[str]:
    """Serve a server on a free port; its URL."""
    command = [
        program,
        "serve",
        "--port",
        "0",
        "--auth",
        auth,
        "--deregister-missing",
        "ok",
        "--journal-limit",
        "100",
    ]
    with (folder / "server.log").open("w") as log:
        backend = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            assert backend.stdout is not None
            line = next((line for line in backend.stdout if READY in line), "")
            assert line, (folder / "server.log").read_text()
            yield line.partition(READY)[2].split()[0]
        finally:
            backend.terminate()
            backend.communicate(timeout=LONGEST_END_S)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
