from __future__ import annotations

import os
from pathlib import Path

import pytest

from agentrun.config.source import (
    MAX_FILES,
    SourceError,
    Sources,
    find_root,
    overlay,
    parse_dotenv,
    read_dotenv,
)
from agentrun.diagnostics import Span


def test_root_is_the_nearest_marked_parent_else_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "pyproject.toml").touch()
    assert find_root(str(tmp_path / "a" / "b" / "x.yaml")) == (tmp_path / "a").resolve()
    (tmp_path / "a" / "b" / ".git").mkdir()
    assert find_root(str(tmp_path / "a" / "b" / "x.yaml")) == (tmp_path / "a" / "b").resolve()


def read_code(sources: Sources, path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        sources.read(str(path))
    return caught.value.finding.code


def test_what_cannot_be_read(tmp_path: Path) -> None:
    sources = Sources(tmp_path)
    (tmp_path / "latin").write_bytes("a\nschöne".encode("latin-1"))
    (tmp_path / "large").write_bytes(b"x" * ((1 << 20) + 1))
    assert read_code(sources, tmp_path / "nothing") == "AR001"
    assert read_code(sources, tmp_path) == "AR001"
    assert read_code(sources, tmp_path / "large") == "AR004"
    with pytest.raises(SourceError) as caught:
        sources.read(str(tmp_path / "latin"))
    assert (caught.value.finding.code, caught.value.finding.span.line) == ("AR002", 2)


def test_an_agent_has_a_bounded_number_of_files(tmp_path: Path) -> None:
    sources = Sources(tmp_path)
    for number in range(MAX_FILES):
        (tmp_path / str(number)).write_text("x")
        assert sources.read(str(tmp_path / str(number))) == "x"
    (tmp_path / "more").write_text("x")
    assert read_code(sources, tmp_path / "more") == "AR004"
    assert sources.read(str(tmp_path / "0")) == "x"


def test_paths_are_relative_to_the_naming_file_and_stay_inside(tmp_path: Path) -> None:
    (tmp_path / "agents").mkdir()
    sources = Sources(tmp_path.resolve())
    near = Span(str(tmp_path / "agents" / "a.yaml"))
    assert sources.resolve("../prompts/x.md", near) == str(tmp_path / "prompts" / "x.md")
    for outside in ("../../x.md", "/etc/hostname"):
        with pytest.raises(SourceError) as caught:
            sources.resolve(outside, near)
        assert caught.value.finding.code == "AR120"


def test_a_link_out_of_the_project_is_refused(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    os.symlink(tmp_path, project / "out")
    with pytest.raises(SourceError):
        Sources(project.resolve()).resolve("out/x.md", Span(str(project / "a.yaml")))


def test_dotenv_forms() -> None:
    text = "A=1\n# no\n\nexport B = two words # note\nC='x # y'\nD=\"q\"\nE=\nnonsense\n"
    values, findings = parse_dotenv(text, ".env")
    assert values == {"A": "1", "B": "two words", "C": "x # y", "D": "q", "E": ""}
    assert [(f.code, f.span.line) for f in findings] == [("AR107", 8)]


def test_dotenv_of_the_root(tmp_path: Path) -> None:
    assert read_dotenv(tmp_path) == ({}, [])
    (tmp_path / ".env").write_text("A=file\nB=file\n")
    values, _ = read_dotenv(tmp_path)
    assert overlay(values, {"A": "real"}) == {"A": "real", "B": "file"}
    (tmp_path / ".env").write_bytes(b"\xff")
    assert [f.code for f in read_dotenv(tmp_path)[1]] == ["AR107"]
