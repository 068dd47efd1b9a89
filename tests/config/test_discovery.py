"""What a folder offers, and what is passed over."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from agentrun.config import check_paths
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


def test_one_file_has_one_name_however_it_is_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = "version: 1\ninstructions: Hello.\nvoise: marin\n"
    (tmp_path / "sub").mkdir()
    (tmp_path / "base.yaml").write_text(base)
    (tmp_path / "child.yaml").write_text("extends: base.yaml\nversion: 1\n")
    monkeypatch.chdir(tmp_path)
    for given in ([os.curdir], ["sub/.."], [".", "sub/../base.yaml", "./child.yaml"]):
        report = check_paths(given, environment={})
        assert report.files == ("base.yaml", "child.yaml")
        assert [(finding.span.file, finding.code) for finding in report.findings] == [("base.yaml", "AR201")]


@pytest.mark.skipif(sys.platform == "win32", reason="needs links")
def test_a_detour_behind_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "far" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "inner")
    (tmp_path / "far" / "agent.yaml").write_text("version: 1\ninstructions: Hello.\n")
    given = f"{tmp_path}/link/../agent.yaml"
    assert check_paths([given], environment={}).files == (given,)
