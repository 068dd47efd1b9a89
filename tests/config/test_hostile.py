"""Files made to hurt are refused after a bounded amount of work.

What is bounded is counted (findings, files, memory at its peak) and not timed, since a test machine is noisy;
`benchmarks/validate.py` has the milliseconds for the same files.
"""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from agentrun.config import check_paths
from agentrun.config.yamlfile import MAX_DEPTH, MAX_NODES
from tests.config.conftest import Check

START = "version: 1\ninstructions: Help.\n"
LAUGHS = "".join(f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
TOOL = "tools:\n  - name: a\n    description: Does it.\n    http: {url: 'https://a.example/'}\n"
HOSTILE = {
    "billion laughs": f"{START}x-a:\n  a0: &a0 [lol, lol]\n{LAUGHS}",
    "laughs in merges": START
    + "x-a: &a0 {k: v}\n"
    + "".join(
        f"x-{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}], k{n}: *a{n - 1}}}\n" for n in range(1, 12)
    ),
    "alias to itself": f"{START}x-a: &a [*a]\n",
    "deep brackets": START + "x-a: " + "[" * 500_000,
    "deep braces": START + "x-a: " + "{a: " * 250_000,
    "deep blocks": START + "".join(" " * n + "x-a:\n" for n in range(1200)),
    "huge scalar": START + "x-a: " + "a" * (1 << 20),
    "huge number": START + "x-a: " + "9" * 900_000,
    "huge hexadecimal": START + "x-a: 0x" + "f" * 900_000,
    "huge power": START + "x-a: 1e999999999",
    "ten thousand keys": START + "".join(f"key{n}: {n}\n" for n in range(10_000)),
    "ten thousand equal keys": START + "name: a\n" * 10_000,
    "ten thousand tools": START + "tools:\n" + "  - {python: 'a:b'}\n" * 10_000,
    "ten thousand variables": START + "variables:\n" + "".join(f"  v{n}: 1\n" for n in range(10_000)),
    "ten thousand templates": f'{START}greeting: "{"{{a}}" * 10_000}"\n',
    "ten thousand names of the environment": f'{START}greeting: "{"${A}${b}${5}${:x}" * 10_000}"\n',
    "ten thousand unclosed templates": f'{START}greeting: "{"{{a" * 10_000}"\n',
    "ten thousand unclosed names": f'{START}greeting: "{"${a" * 10_000}"\n',
    "templates across values": START
    + "x-a: 1\ngreeting:\n  say: >-\n"
    + "    {{a}} {{b | c}} ${5}\n" * 5_000,
    "ten thousand anchors": START + "".join(f"x-{n}: &a{n} 1\n" for n in range(10_000)),
    "ten thousand dots": f"{START}tools: [{{python: '{'a.' * 10_000}b:c'}}]\n",
    "many values": START + "x-a: [" + "1," * (MAX_NODES + 10) + "]\n",
    "many documents": START + "---\na: 1\n" * 10_000,
    "object of Python": f"{START}x-a: !!python/object/apply:os.system [echo]\n",
    "name of Python": f"{START}x-a: !!python/name:os.system\n",
    "own tag": f"{START}x-a: !include /etc/passwd\n",
    "control character": f"{START}x-a: a\x00b\n",
    "surrogate escapes": f'{START}x-a: "\\ud800"\n',
    "slow expression": f"{START}guardrails: [{{name: a, on: output, match: {{regex: '{'(a*)*' * 50}b'}}}}]\n",
    "many slow expressions": START + "guardrails:\n" + f"  - {{match: {{regex: '{'(a*)*' * 50}'}}}}\n" * 400,
    "long expression": f"{START}guardrails: [{{match: {{regex: '{'(x+x+)+y|' * 20_000}a'}}}}]\n",
    "long selection": f"{START}{TOOL}    result: {{select: '{'a.' * 100_000}a'}}\n",
    "long path": f"{START}tools: [{{use: '{'a/' * 400_000}'}}]\n",
    "long name of a module": f"{START}tools: [{{python: '{'a' * 300}.b:c'}}]\n",
    "long voice": f"{START}voice: {'m' * 900_000}\n",
    "ten thousand secrets": START
    + "".join(f"# sk-proj-abcdefghijklmnopqrstuvwxyz{n:06}\n" for n in range(10_000)),
    "ten thousand comments to agentrun": START + "# agentrun: allow AR201 it is so\n" * 10_000,
    "ten thousand other names of the environment": START
    + f'greeting: "{"".join(f"${{A{n}}}" for n in range(10_000))}"\n',
    "not a number": f"{START}overrides: {{audio: {{output: {{speed: .nan}}}}}}\n",
    "infinity": f"{START}overrides: {{audio: {{output: {{speed: .inf}}}}}}\n",
}
"""Texts of agent files by what is wrong with them."""
MILD = {
    "slow expression": "warning",  # it is valid, and harms only who runs it
    "ten thousand comments to agentrun": "warning",
    "ten thousand other names of the environment": "note",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_within_50_mib(tmp_path: Path, name: str) -> None:
    file = tmp_path / "agent.yaml"
    file.write_text(HOSTILE[name], "utf-8")
    tracemalloc.start()
    try:
        findings = check_paths([file], environment={}).findings
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert MILD.get(name, "error") in {finding.severity for finding in findings}
    assert peak < 50 * 2**20
    assert len(findings) <= 210
    assert max(len(finding.message) + len(finding.hint) for finding in findings) < 2_000


TOOL_N = "  - name: tool{n}\n    description: Does it.\n    http: {{url: 'https://a.example/{n}'}}\n"
REAL = {
    "an enum of 600": f"tools:\n{TOOL_N.format(n=0)}    parameters:\n      type: object\n      properties:\n"
    "        code:\n          type: string\n          description: Which\n          enum:\n"
    + "".join(f"            - code-{n}\n" for n in range(600)),
    "300 properties": f"tools:\n{TOOL_N.format(n=0)}    parameters:\n      type: object\n      properties:\n"
    + "".join(f"        p{n}: {{type: string, description: It}}\n" for n in range(300)),
    "200 tools": "tools:\n"
    + "".join(
        TOOL_N.format(n=n)
        + "    parameters: {type: object, properties: {a: {type: string, description: It}}}\n"
        for n in range(200)
    ),
    "much to override": "overrides:\n  audio:\n    input:\n      transcription:\n        keywords:\n"
    + "".join(f"          - word {n}\n" for n in range(900))
    + "  metadata:\n"
    + "".join(f"    key{n}: {{a: [1, 2], b: {{c: {n}}}}}\n" for n in range(400)),
    "400 phrases of a guardrail": "guardrails:\n  - name: a\n    on: output\n    match:\n      any_of:\n"
    + "".join(f"        - phrase {n}\n" for n in range(400)),
    "many words": "x-note: |\n" + "  The shop opens at nine and closes at six.\n" * 20_000,
}
"""Big files that people have; nothing about their size is wrong."""


@pytest.mark.parametrize("name", REAL)
def test_big_files_are_no_hostile_files(check: Check, name: str) -> None:
    assert {finding.code for finding in check(REAL[name])} <= {"AR311", "AR901"}


@pytest.mark.parametrize(
    "value", [".nan", ".NaN", ".inf", "-.inf", ".INF", "[1, .nan]", "{a: {b: .inf}}", "1e999"]
)
@pytest.mark.parametrize("field", ["x-note", "overrides", "variables"])
def test_what_json_cannot_carry_is_an_error_anywhere(check: Check, field: str, value: str) -> None:
    findings = check(f"{field}: {{a: {value}}}\n")
    (finding,) = [finding for finding in findings if finding.severity == "error"][:1]
    assert finding.code == "AR214"
    assert finding.span.line == 3


def test_depth_is_refused_at_the_bracket_that_is_too_deep(check: Check) -> None:
    (finding,) = check("x-a: " + "[" * 70 + "]" * 70)
    assert (finding.code, finding.span.line) == ("AR011", 3)
    assert finding.span.column == len("x-a: ") + MAX_DEPTH


@pytest.mark.parametrize("field", ["extends: {}", "tools: [use: {}]", "instructions: {{file: {}}}"])
@pytest.mark.parametrize("target", ["../outside.yaml", "link.yaml", "folder/outside.yaml"])
def test_no_way_leads_out_of_the_project(tmp_path: Path, field: str, target: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").touch()
    (tmp_path / "outside.yaml").write_text("greeting: the password is hunter2")
    (project / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (project / "folder").symlink_to(tmp_path)
    agent = project / "agent.yaml"
    start = "version: 1\n" if "instructions" in field else START
    agent.write_text(start + field.format(target) + "\n")
    report = check_paths([agent], environment={})
    assert [f.code for f in report.findings if f.severity == "error"][:1] == ["AR120"]
    assert "hunter2" not in repr(report)


@pytest.mark.parametrize("target", ["/dev/zero", "/etc/passwd", "/proc/self/environ"])
def test_absolute_paths_are_refused_unread(check: Check, target: str) -> None:
    codes = [finding.code for finding in check(f"extends: {target}\n")]
    assert "AR120" in codes


def test_a_pipe_in_the_place_of_a_part_is_not_waited_for(check: Check, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "part.yaml")
    codes = [finding.code for finding in check("extends: part.yaml\n")]
    assert codes == ["AR001"]


def test_includes_that_include_each_other_end(check: Check) -> None:
    codes = {f.code for f in check("extends: agent.yaml\n")}
    assert any(code.startswith("AR12") for code in codes)
