"""What a folder offers, and what is passed over."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from agentrun.config.discovery import find_yaml_files


def test_files_come_in_a_stable_order_without_what_is_hidden(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", ".hidden.yaml", "note.txt", "sub/c.yaml", ".git/d.yaml", "venv/e.yaml"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.touch()
    found = [Path(path).relative_to(tmp_path).as_posix() for path in find_yaml_files(str(tmp_path))]
    assert found == ["a.yml", "b.yaml", "sub/c.yaml"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs named pipes and links")
def test_a_pipe_is_not_waited_for_and_a_dead_link_is_a_finding(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "dead.yaml").symlink_to(tmp_path / "nowhere.yaml")
    assert [Path(path).name for path in find_yaml_files(str(tmp_path))] == ["dead.yaml"]
