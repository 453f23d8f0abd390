"""Runs the suite again and again, shuffled, while busy loops keep every core busy.

Run by ``make stress``. What depends on how fast the machine is, or on what ran
before, fails here sooner than on somebody's laptop. Ctrl-C ends it, the loops too.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# A loop ends by itself when nobody is left to end it.
LOOP = "import os; parent = os.getppid()\nwhile os.getppid() == parent: pass"
SEEDS = range(1, 11)


def main(*arguments: str) -> int:
    """Run the suite once for each seed; say which runs failed, and how to repeat them.

    Args:
        arguments: Pytest's, such as ``-k`` with an expression.
    """
    with _busy(os.cpu_count() or 1):
        failed = [seed for seed in SEEDS if _run(seed, *arguments)]
    print(f"{len(SEEDS) - len(failed)} of {len(SEEDS)} runs passed")
    for seed in failed:
        print(f"failed: {' '.join(_command(seed, *arguments))}")
    return 1 if failed else 0


@contextmanager
def _busy(number: int) -> Iterator[None]:
    loops = [subprocess.Popen([sys.executable, "-c", LOOP]) for _ in range(number)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def _run(seed: int, *arguments: str) -> int:
    print(f"== seed {seed}", flush=True)
    return subprocess.run(_command(seed, *arguments), check=False).returncode


def _command(seed: int, *arguments: str) -> list[str]:
    shuffled = ["-p", "randomly", f"--randomly-seed={seed}"]
    parallel = ["-n", "auto", "--dist", "worksteal"]
    return [sys.executable, "-m", "pytest", "-q", *parallel, *shuffled, *arguments]


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
