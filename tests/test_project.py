"""What the project as a whole promises: no address of a machine, one set of checks, a small public API."""

from __future__ import annotations

import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

import agentrun

ROOT = Path(__file__).parent.parent
LOCK_FILES = {"uv.lock", "pylock.toml", "poetry.lock", "Pipfile.lock", "pdm.lock"}

FORBIDDEN = {
    "an index or a mirror": re.compile(
        r"(?i)--(extra-)?index-url|--find-links|--trusted-host"
        r"|https?://[\w.-]*(pypi|pythonhosted|artifactory|nexus)\b"
    ),
    "a path of one machine": re.compile(
        "(?:" + "|".join(("/ho" + "me/", "/ro" + "ot/", "/Us" + "ers/")) + r")\w"
    ),
    "a folder of a workshop": re.compile(r"/wo[r]k/\w|/opt/py[p]i"),
}


@cache
def find_files() -> tuple[Path, ...]:
    """Return the files of the project as git knows them: tracked, or new and not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("git does not know this folder")
    return tuple(
        path for name in done.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()
    )


def read_text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return None


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_contains(what: str) -> None:
    pattern = FORBIDDEN[what]
    wrong = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in find_files()
        if path != Path(__file__) and (found := pattern.search(read_text(path) or ""))
    ]
    assert wrong == []


def test_no_lock_file() -> None:
    assert [path.name for path in find_files() if path.name in LOCK_FILES] == []


def test_constraints_pin_every_direct_dependency_and_nothing_else_stands_there() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [line for line in pins if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*==[\w.+!]+( ; .+)?", line)] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    wanted = {re.split(r"[^\w-]", text)[0].lower() for group in groups for text in group} - {"agentrun"}
    assert wanted - {line.partition("==")[0] for line in pins} == set()


def test_ci_runs_what_the_readme_says_and_what_make_check_checks() -> None:
    ci = (ROOT / ".ci/run").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    commands = [line for line in readme.splitlines() if line.startswith("python3 -m venv .venv && ")]
    assert len(commands) == 2
    assert commands[1] in ci
    recipe = re.search(r"^lint:\n((?:\t.+\n)+)", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert recipe
    checks = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe[1].splitlines()]
    assert len(checks) == 3
    assert [check for check in checks if check not in ci] == []


def test_public_names() -> None:
    assert agentrun.__all__ == ["Call", "ToolError", "__version__"]
    assert {name: getattr(agentrun, name) is not None for name in agentrun.__all__} == dict.fromkeys(
        agentrun.__all__, True
    )


def test_changelog_has_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"## [{agentrun.__version__}]" in changelog
