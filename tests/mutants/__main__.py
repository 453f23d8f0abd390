"""Mutation testing: which changes of the code no test notices.

Run by ``make mutants``. mutmut makes the mutants and runs the tests that reach
each; its settings, the modules among them, are in ``setup.cfg``. It has no samples,
so this replaces one function of its own; the Makefile pins its version.
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from unittest import mock

from mutmut import __main__ as mutmut
from mutmut.configuration import config
from mutmut.mutation.diff_apply import get_diff_for_mutant

NOTICED = ("killed", "timeout")
LONGEST_S = 900


def main() -> None:
    """Run a sample, print the score and what survived."""
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("--sample", type=int, help="so many mutants; all if not given")
    parser.add_argument("--seed", type=int, default=1, help="which ones (default 1)")
    given = parser.parse_args()
    sampled = []
    collect = mutmut.collect_source_file_mutation_data

    def sample(*, mutant_names):
        every, by_path = collect(mutant_names=mutant_names)
        every.sort(key=lambda mutant: mutant[1])
        size = min(given.sample or len(every), len(every))
        sampled[:] = random.Random(given.seed).sample(every, size)
        print(f"{size} of {len(every)} mutants")
        return sampled, by_path

    shutil.rmtree("mutants", ignore_errors=True)
    with mock.patch.object(mutmut, "collect_source_file_mutation_data", sample):
        mutmut._run([], 1)
    outcomes = {
        name: mutmut.status_by_exit_code[data.exit_code_by_key[name]]
        for data, name, _ in sampled
    }
    for name, outcome in outcomes.items():
        if outcome not in NOTICED and _is_noticed(name):
            outcomes[name] = "killed"
    _report(outcomes)


def _is_noticed(name: str) -> bool:
    """Run all tests: mutmut's choice misses what is called while modules load."""
    tests = config().pytest_add_cli_args_test_selection
    command = [sys.executable, "-m", "pytest", "-x", "-q", *tests]
    environ = {**os.environ, "MUTANT_UNDER_TEST": name}
    try:
        done = subprocess.run(
            command,
            cwd="mutants",
            env=environ,
            stdout=subprocess.DEVNULL,
            timeout=LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def _report(outcomes: dict[str, str]) -> None:
    """Print each mutant that no test noticed, and the score."""
    for name, outcome in sorted(outcomes.items()):
        if outcome not in NOTICED:
            diff = get_diff_for_mutant(name)
            print(f"\n{_place(name, diff)}: {outcome} ({name})\n{diff}")
    noticed = sum(outcome in NOTICED for outcome in outcomes.values())
    print(f"\n{dict(Counter(outcomes.values()))}")
    print(f"score: {noticed} of {len(outcomes)}, {noticed / len(outcomes):.0%}")


def _place(name: str, diff: str) -> str:
    """Return the file and line that a mutant changes."""
    path = Path(diff.partition("\n")[0].removeprefix("--- "))
    changed = next(line[1:] for line in diff.splitlines()[3:] if line.startswith("-"))
    words = re.sub(r"^.*\.x_?|__mutmut_.*$", "", name).split("ǁ")
    starts = [rf"\s*(class|(async )?def) {word}\b" for word in words if word]
    lines = path.read_text().splitlines()
    number = 0
    for start in starts:
        while not re.match(start, lines[number]):
            number += 1
    while lines[number].strip() != changed.strip():
        number += 1
    return f"{path}:{number + 1}"


if __name__ == "__main__":
    main()
