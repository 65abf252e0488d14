"""The rules that a reader relies on, kept by machine."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("audit", "matching", "mpi", "review")
LONGEST_MODULE = 300
LONGEST_FUNCTION = 50


def _modules() -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


MODULES = [pytest.param(path, id=str(path.relative_to(ROOT))) for path in _modules()]


def test_every_import_obeys_the_import_law() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_import_law_catches_a_violation(tmp_path: Path) -> None:
    """The law itself is tried: a `matching` that imports Django must be refused."""
    for package in PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("import django\n" if package == "matching" else "")
    contract = (
        "[importlinter]\nroot_packages =\n    mpi\n    matching\ninclude_external_packages = True\n"
        "[importlinter:contract:pure]\nname = pure\ntype = forbidden\n"
        "source_modules =\n    matching\nforbidden_modules =\n    django\n"
    )
    (tmp_path / ".importlinter").write_text(contract)
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "matching is not allowed to import django" in done.stdout


@pytest.mark.parametrize("path", MODULES)
def test_no_module_is_longer_than_300_lines_unless_its_head_says_why(path: Path) -> None:
    text = path.read_text()
    lines = len(text.splitlines())
    head = ast.get_docstring(ast.parse(text)) or ""
    assert lines <= LONGEST_MODULE or "longer than 300 lines because" in head.lower(), f"{lines} lines"


@pytest.mark.parametrize("path", MODULES)
def test_no_function_is_longer_than_50_lines_beside_its_docstring(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            told = ast.get_docstring(node, clean=False)
            docstring = first.end_lineno - first.lineno + 1 if told else 0
            length = node.end_lineno - node.lineno + 1 - docstring
            assert length <= LONGEST_FUNCTION, f"{node.name}: {length} lines"


@pytest.mark.parametrize("path", MODULES)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    tree = ast.parse(path.read_text())
    if path.name != "__init__.py" or tree.body:
        assert ast.get_docstring(tree)


@pytest.mark.parametrize("path", MODULES)
def test_nothing_is_left_unfinished(path: Path) -> None:
    with path.open("rb") as file:
        comments = [one.string for one in tokenize.tokenize(file.readline) if one.type == tokenize.COMMENT]
    assert not [comment for comment in comments if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", comment)]
    assert "raise NotImplementedError" not in path.read_text()


@pytest.mark.parametrize("path", MODULES)
def test_no_function_imports_to_dodge_a_cycle(path: Path) -> None:
    """Only third-party packages that are heavy or optional may be imported late; Django's `ready` must."""
    for function in ast.walk(ast.parse(path.read_text())):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) or function.name == "ready":
            continue
        for node in ast.walk(function):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{function.name} imports a neighbour"
                names = [node.module or ""]
            ours = [name for name in names if name.split(".")[0] in PACKAGES]
            assert not ours, f"{function.name} imports {ours}"


def test_there_is_no_utils_module() -> None:
    vague = {"utils.py", "helpers.py", "common.py", "misc.py"}
    assert not [path for path in _modules() if path.name in vague]


def test_lock_files_name_versions_and_hashes_and_no_index() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.lstrip().startswith("#")]
        starts = [line for line in lines if not line.startswith(" ")]
        assert starts
        assert all(re.match(r"[a-z0-9._-]+==[^ ]+ \\$", line) for line in starts)
        assert all(line.lstrip().startswith("--hash=sha256:") for line in lines if line.startswith(" "))


def test_the_runtime_lock_is_a_part_of_the_development_lock() -> None:
    pins = [
        set(re.findall(r"^([a-z0-9._-]+==[^ ]+) ", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    ]
    assert pins[0] < pins[1]


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name, declared in (
        ("requirements.lock", project["dependencies"]),
        ("requirements-dev.lock", project["optional-dependencies"]["dev"]),
    ):
        locked = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / name).read_text(), re.MULTILINE))
        assert {re.match("[A-Za-z0-9-]+", one)[0].lower() for one in declared} <= locked
