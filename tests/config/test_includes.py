from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from agentrun.config import check_paths, load_agent
from agentrun.diagnostics import Diagnostic

Write = Callable[[dict[str, str]], Path]

BASE = """\
version: 1
name: base
instructions: Help.
voice: {name: marin, speed: 1.1}
tools: [{builtin: hang_up}]
"""


def codes(root: Path, name: str) -> list[tuple[str, str, int]]:
    findings: tuple[Diagnostic, ...] = check_paths([str(root / name)], environment={}).findings
    return [(f.code, Path(f.span.file).name, f.span.line) for f in findings]


def test_extends_merges_mappings_replaces_lists_and_null_removes(write: Write) -> None:
    root = write(
        {"base.yaml": BASE, "own.yaml": "extends: base.yaml\nname: own\nvoice: {speed: null}\ntools: []\n"}
    )
    spec = load_agent(root / "own.yaml", environment={})
    assert spec.name == "own"
    assert spec.voice is not None
    assert (spec.voice.name, spec.voice.speed) == ("marin", None)
    assert spec.tools == ()


def test_null_removes_a_whole_key(write: Write) -> None:
    root = write({"base.yaml": BASE, "own.yaml": "extends: base.yaml\nvoice: null\nlanguage: null\n"})
    assert load_agent(root / "own.yaml", environment={}).voice is None


def test_findings_name_the_file_that_the_value_came_from(write: Write) -> None:
    root = write(
        {
            "common/base.yaml": BASE.replace("marin", "marine"),
            "common/tools.yaml": "- builtin: hang_up\n  name: end call\n",
            "agents/own.yaml": "extends: ../common/base.yaml\noutput: video\n"
            "tools:\n  - use: ../common/tools.yaml\n",
        }
    )
    assert codes(root, "agents/own.yaml") == [
        ("AR213", "own.yaml", 2),
        ("AR303", "base.yaml", 4),
        ("AR401", "tools.yaml", 2),
    ]


def test_tools_of_other_files_are_spliced_in_place(write: Write) -> None:
    tool = "- name: {0}\n  description: d\n  http: {{url: 'https://a.b/'}}\n"
    root = write(
        {
            "agent.yaml": "version: 1\ninstructions: Help.\n"
            "tools:\n  - use: t/one.yaml\n  - builtin: hang_up\n",
            "t/one.yaml": tool.format("one") + "- use: two.yaml\n",
            "t/two.yaml": tool.format("two"),
        }
    )
    spec = load_agent(root / "agent.yaml", environment={})
    assert [tool.name or (tool.builtin and tool.builtin.name) for tool in spec.tools] == [
        "one",
        "two",
        "hang_up",
    ]


def test_cycles_missing_files_and_wrong_outlines(write: Write) -> None:
    root = write(
        {
            "a.yaml": "extends: b.yaml\nversion: 1\ninstructions: x\n",
            "b.yaml": "extends: a.yaml\n",
            "c.yaml": "version: 1\ninstructions: x\nextends: nothing.yaml\n",
            "d.yaml": "version: 1\ninstructions: x\ntools: [{use: e.yaml, timeout: 5s}]\n",
            "e.yaml": "builtin: hang_up\n",
            "f.yaml": "- a\n",
            "g.yaml": "# nothing\n",
            "h.yaml": "version: 1\ninstructions: x\nextends: ../x.yaml\n",
        }
    )
    assert codes(root, "a.yaml") == [("AR121", "b.yaml", 1)]
    assert codes(root, "c.yaml") == [("AR001", "c.yaml", 3)]
    assert codes(root, "d.yaml") == [("AR201", "d.yaml", 3), ("AR013", "e.yaml", 1)]
    assert codes(root, "f.yaml") == [("AR013", "f.yaml", 1)]
    assert codes(root, "g.yaml") == [("AR013", "g.yaml", 1)]
    assert codes(root, "h.yaml") == [("AR120", "h.yaml", 3)]


def test_instructions_from_a_file_are_checked_there(write: Write) -> None:
    root = write(
        {
            "a.yaml": "version: 1\ninstructions: {file: p.md}\nvariables: {shop: Harbour}\n",
            "p.md": "Hello.\n\nYou work for {{shpo}} and {{ shpo }}.\n",
            "b.yaml": "version: 1\ninstructions: {file: empty.md}\n",
            "empty.md": "\n",
        }
    )
    findings = check_paths([str(root / "a.yaml")], environment={}).findings
    assert [(f.code, f.span.line, f.span.column, f.span.end_column) for f in findings] == [
        ("AR104", 3, 14, 22),
        ("AR104", 3, 27, 37),
    ]
    assert codes(root, "b.yaml") == [("AR218", "b.yaml", 2)]
