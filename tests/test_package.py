"""What is shipped: the wheel's exact contents, and that it works where it lands."""

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from mockthingspace import __version__

pytestmark = pytest.mark.package

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mockthingspace"
NAME = f"mockthingspace-{__version__}"
SHIPPED = (
    *("mockthingspace", "fixtures", "setup.py", "setup.cfg", "pyproject.toml"),
    *("README.md", "LICENSE"),
)
DOCUMENTS = {
    str(file.relative_to(ROOT)) for file in (ROOT / "fixtures").rglob("*.json")
}


def _ran(*command: str | Path, cwd: Path) -> str:
    """Run a command outside the checkout; return what it printed."""
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON")
    }
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _modules(folder: Path) -> set[str]:
    """Return the package's files below a folder, by their names in a wheel."""
    return {
        str(file.relative_to(folder.parent))
        for file in folder.rglob("*")
        if file.suffix in (".py", ".typed")
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist, built from a copy of the sources."""
    source = tmp_path_factory.mktemp("source")
    for name in SHIPPED:
        if (ROOT / name).is_dir():
            clean = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, source / name, ignore=clean)
        else:
            shutil.copy(ROOT / name, source / name)
    out = tmp_path_factory.mktemp("dist")
    _ran(sys.executable, "-m", "build", "--outdir", out, source, cwd=out)
    return out


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an empty environment that the wheel was installed in."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    programs = folder / "bin"
    pip = (programs / "python", "-m", "pip", "--quiet", "--disable-pip-version-check")
    _ran(*pip, "install", built / f"{NAME}-py3-none-any.whl", cwd=folder)
    return programs


def test_a_build_makes_a_wheel_and_an_sdist(built):
    """One pure wheel and one source archive come of a build."""
    assert sorted(os.listdir(built)) == [f"{NAME}-py3-none-any.whl", f"{NAME}.tar.gz"]


def test_the_wheel_has_exactly_the_package(built):
    """The wheel holds the modules, the documents and its metadata."""
    with zipfile.ZipFile(built / f"{NAME}-py3-none-any.whl") as wheel:
        names = set(wheel.namelist())

    metadata = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt")
    info = {f"{NAME}.dist-info/{name}" for name in metadata}
    licence = {f"{NAME}.dist-info/licenses/LICENSE"}
    documents = {f"mockthingspace/{name}" for name in DOCUMENTS}
    assert names == _modules(PACKAGE) | documents | info | licence
    assert "mockthingspace/py.typed" in names


def test_the_sdist_has_what_the_wheel_is_built_from(built):
    """The source archive holds the package and what builds it."""
    with tarfile.open(built / f"{NAME}.tar.gz") as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert _modules(PACKAGE) | DOCUMENTS | {*SHIPPED} <= names


def test_the_installed_command_prints_its_version(installed):
    """``mockthingspace --version`` works in an empty environment."""
    printed = _ran(installed / "mockthingspace", "--version", cwd=installed)

    assert printed == f"mockthingspace {__version__}\n"


def test_the_installed_package_serves(installed):
    """A server starts with nothing but what the wheel asks for."""
    code = (
        "from mockthingspace import MockThingSpace\n"
        "with MockThingSpace() as thingspace:\n"
        "    print(thingspace.registrations(), MockThingSpace.__module__)\n"
        "    print(len(thingspace.events()) > 90)\n"
    )

    printed = _ran(installed / "python", "-c", code, cwd=installed)

    assert printed == "[] mockthingspace.testing.mock_thingspace\nTrue\n"


@pytest.mark.parametrize(
    "name",
    ["pytest.ini", ".pytest.ini", "tox.ini", ".coveragerc", "mypy.ini", ".mypy.ini"],
)
def test_no_file_hides_a_section_of_setup_cfg(name):
    """The tools read setup.cfg only while no file they prefer is there."""
    assert not (ROOT / name).exists()


@pytest.mark.parametrize("tool", ["pytest", "coverage", "mypy", "importlinter"])
def test_no_table_of_pyproject_hides_a_section_of_setup_cfg(tool):
    """pyproject.toml leaves to setup.cfg what setup.cfg has a section for."""
    assert f"[tool.{tool}" not in (ROOT / "pyproject.toml").read_text()
