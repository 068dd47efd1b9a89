"""A project on disk, made from a mapping of paths to texts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from agentrun.config import check_paths
from agentrun.diagnostics import Diagnostic

Check = Callable[..., list[Diagnostic]]
TODAY = date(2026, 11, 21)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Return a function that writes files below a project root and returns the root."""
    (tmp_path / "pyproject.toml").touch()

    def write_files(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return tmp_path

    return write_files


@pytest.fixture
def check(write: Callable[[dict[str, str]], Path]) -> Check:
    """Return a function that checks one agent, with `version` and `instructions` put before the text."""

    def check_text(text: str, files: dict[str, str] | None = None, today: date = TODAY) -> list[Diagnostic]:
        head = "" if "instructions:" in text else "instructions: Help.\n"
        root = write({**(files or {}), "agent.yaml": f"version: 1\n{head}{text}"})
        path = str(root / "agent.yaml")
        return list(check_paths([path], environment={"SET": "hidden"}, today=today).findings)

    return check_text
