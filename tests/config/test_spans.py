"""Where findings point: the text that a person has to change, through every detour of YAML and includes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agentrun.config import check_paths
from agentrun.diagnostics import PathPart, Span

Write = Callable[[dict[str, str]], Path]
HEAD = "version: 1\ninstructions: x\n"


def point(root: Path, name: str = "a.yaml") -> list[tuple[str, str, list[str], tuple[PathPart, ...]]]:
    """Return for each finding its code, the text it points at, those of its notes, and the path."""
    report = check_paths([root / name], environment={})
    texts = {file: text.removeprefix("\ufeff").splitlines() for file, text in report.sources.items()}

    def cut(span: Span) -> str:
        assert span.line == span.end_line
        line = texts[span.file][span.line - 1]
        return f"{Path(span.file).name}: {line[span.column - 1 : span.end_column - 1]}"

    return [
        (f.code, cut(f.span), [cut(note.span) for note in f.notes if note.span], f.path)
        for f in report.findings
    ]


def test_an_alias_that_is_wrong_itself(write: Write) -> None:
    root = write({"a.yaml": HEAD + "x-v: &v marine\nvoice: *v\n"})
    assert point(root) == [("AR303", "a.yaml: *v", ["a.yaml: &v marine"], ("voice",))]


def test_a_fault_inside_an_aliased_mapping(write: Write) -> None:
    text = "x-g: &g {say: Hi, interruptible: no}\ngreeting: *g\n"
    root = write({"a.yaml": HEAD + text})
    assert point(root) == [("AR211", "a.yaml: no", ["a.yaml: *g"], ("greeting", "interruptible"))]


def test_an_aliased_mapping_in_the_wrong_place(write: Write) -> None:
    root = write({"a.yaml": HEAD + "x-g: &g {say: Hi}\nlanguage: *g\n"})
    assert point(root) == [("AR210", "a.yaml: language", ["a.yaml: say"], ("language",))]


@pytest.mark.parametrize("merge", ["*t", "[*t]"])
def test_a_fault_that_a_merge_brings_in(write: Write, merge: str) -> None:
    text = f"x-t: &t {{timeout: 5}}\ntools: [{{<<: {merge}, builtin: hang_up}}]\n"
    root = write({"a.yaml": HEAD + text})
    assert point(root) == [("AR212", "a.yaml: 5", ["a.yaml: *t"], ("tools", 0, "timeout"))]


def test_nested_aliases_and_duplicates_keep_their_order(write: Write) -> None:
    text = "x-a: &a hang_up\nx-b: &b [*a, &c {builtin: *a}]\nx-d: *a\nx-d: *b\n"
    text += "tools: [*c, {builtin: *a, name: *a}]\n"
    root = write({"a.yaml": HEAD + text})
    found = point(root)
    assert [(code, text) for code, text, _, _ in found] == [("AR007", "a.yaml: x-d"), ("AR402", "a.yaml: *a")]
    assert found[1][3] == ("tools", 1)


def test_an_alias_as_a_key(write: Write) -> None:
    root = write({"a.yaml": HEAD + "x-a: &a voise\n*a : marin\nx-b: *a\nlanguage: *a\n"})
    assert [(code, text) for code, text, _, _ in point(root)] == [
        ("AR201", "a.yaml: *a"),
        ("AR307", "a.yaml: *a"),
    ]


def test_paths_after_use_count_in_their_own_file(write: Write) -> None:
    root = write(
        {
            "a.yaml": HEAD + "tools:\n  - use: t.yaml\n  - builtin: hang_upp\n",
            "t.yaml": "- use: u.yaml\n- builtin: transfer\n- builtin: waitt\n",
            "u.yaml": "- builtin: hang_up\n- {timeout: 4s}\n",
        }
    )
    found = [(code, text, path) for code, text, _, path in point(root) if code != "AR901"]
    assert found == [
        ("AR213", "a.yaml: hang_upp", ("tools", 1, "builtin")),
        ("AR213", "t.yaml: waitt", (2, "builtin")),
        ("AR216", "u.yaml: timeout", (1,)),
    ]
    messages = [
        f.message for f in check_paths([root / "a.yaml"], environment={}).findings if f.code == "AR216"
    ]
    assert messages == ["`[1]` needs exactly one of `python`, `http`, `builtin` and `use`"]


def test_a_value_of_the_base_file_has_its_place_there(write: Write) -> None:
    base = "version: 1\ninstructions: x\nturn_detection: {type: server_vad, eagerness: low}\n"
    root = write({"a.yaml": "extends: b.yaml\nvoice: bob\n", "b.yaml": base})
    assert point(root) == [
        ("AR303", "a.yaml: bob", [], ("voice",)),
        ("AR217", "b.yaml: eagerness", ["b.yaml: type"], ("turn_detection", "eagerness")),
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_places_count_characters(write: Write, newline: str, mark: str) -> None:
    lines = [
        "version: 1",
        'instructions: "안녕 😀\t{{shpo}} e\u0301 {{가게}}"',
        "greeting: |",
        "  한국어 {{nobody}}",
        'variables: {"shop": 1}  # 😀',
        "x-😀: {a: 1}",
        "x-y: '한\u2028국'",
        "voice: '마린'",
    ]
    root = write({})
    (root / "a.yaml").write_bytes((mark + newline.join(lines) + newline).encode())
    report = check_paths([root / "a.yaml"], environment={})
    found = [
        (f.span.line, lines[f.span.line - 1][f.span.column - 1 : f.span.end_column - 1])
        for f in report.findings
    ]
    assert found == [(2, "{{shpo}}"), (2, "{{가게}}"), (4, "{{nobody}}"), (8, "'마린'")]


@pytest.mark.parametrize(
    ("text", "pointed"),
    [
        ("greeting: {say: Hi, instructions: x}", [("AR216", "instructions", ["say"])]),
        ("voice: {name: marin, id: voice_1}", [("AR216", "id", ["name"])]),
        (
            "tools: [{builtin: hang_up, python: 'a:b'}]",
            [("AR404", "'a:b'", []), ("AR216", "builtin", ["python"])],
        ),
        (
            "tools: [{python: 'a:b', http: {url: 'https://a.b'}}]",
            [("AR404", "'a:b'", []), ("AR216", "http", ["python"])],
        ),
        ("tools: [{http: {url: 'https://a.b'}}]", [("AR203", "http", [])]),
        ("turn_detection: servervad", [("AR213", "servervad", [])]),
        ("turn_detection: [server_vad]", [("AR210", "turn_detection", [])]),
        ("model: {name: gpt-realtime-1.5, reasoning: low}", [("AR304", "reasoning", ["gpt-realtime-1.5"])]),
        ("transcription: {model: gpt-transcribe, delay: low}", [("AR305", "delay", ["gpt-transcribe"])]),
        ("no_input: {prompts: [x]}", [("AR203", "no_input", [])]),
        ("session:", [("AR204", "session", [])]),
    ],
)
def test_one_cause_has_one_message_and_names_both_places(
    write: Write, text: str, pointed: list[tuple[str, str, list[str]]]
) -> None:
    root = write({"a.yaml": HEAD + text + "\n"})
    found = [
        (code, where.removeprefix("a.yaml: "), [note.removeprefix("a.yaml: ") for note in notes])
        for code, where, notes, _ in point(root)
        if code != "AR901"
    ]
    assert sorted(found) == sorted(pointed)
