"""Whatever stands in a file, checking it ends with findings and never with an exception."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentrun.compiler import compile_agent
from agentrun.config import build_agent_schema, check_paths, load_agent, load_scenario
from agentrun.config.nodes import YamlScalar, to_json
from agentrun.config.yamlfile import parse_yaml
from agentrun.diagnostics import RENDERERS, Report, Span
from agentrun.errors import ConfigError
from agentrun.wire.json import JsonObject, JsonValue
from tests.compiler.test_compile import NOON, describe

GOOD = Path(__file__).parents[1] / "files" / "agents" / "good" / "full.yaml"
FULL: JsonObject = to_json(parse_yaml(GOOD.read_text("utf-8"), "full.yaml")[0] or YamlScalar(None, Span("")))
TOP = build_agent_schema()["properties"]
INNER = sorted({key for schema in TOP.values() for key in schema.get("properties", {})})
TOOL = sorted(TOP["tools"]["items"]["properties"])
KEYS = st.sampled_from([*TOP, *INNER, *TOOL, "url", "json", "properties", "required", "a", "x-a", "no", ""])
WORD_LIST = """
none off auto a 5s 1KiB m:f a.b:c https://a.b/{{a}} {{ {{a}} ${A} ${B:-1} ${B} $${ ${ hang_up server_vad marin
../x GET object en
"""
WORDS = st.sampled_from(["", "x" * 70, *WORD_LIST.split()])
LEAVES = st.none() | st.booleans() | st.integers(-1, 99999) | st.floats(allow_nan=False) | WORDS
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8
)
FILES = st.dictionaries(st.sampled_from([*TOP, "x-a", "odd"]), VALUES, max_size=8)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "pyproject.toml").touch()
    return folder / "agent.yaml"


def check_and_compile(file: Path, data: JsonObject) -> None:
    """Check a file; what has no errors must load and compile, and no secret may show in either case."""
    file.write_text(json.dumps(data))
    environment = {"A": "very-secret"}
    report = check_paths([file], environment=environment, today=date(2026, 11, 21))
    assert all(finding.span.line >= 1 and finding.span.column >= 1 for finding in report.findings)
    assert "very-secret" not in repr(report)
    if any(finding.severity == "error" for finding in report.findings):
        with pytest.raises(ConfigError):
            load_agent(file, environment=environment)
        return
    try:
        spec = load_agent(file, environment=environment, require_environment=False)
    except ConfigError as error:
        codes = {finding.code for finding in error.diagnostics if finding.severity == "error"}
        if codes == {"AR101"}:  # a number or a path waits for a variable that is not set
            return
        raise
    values = {name: "v" for name, rule in spec.variables.items() if rule.required}
    plan = compile_agent(spec, variables=values, describe_python=describe, now=NOON)
    assert "very-secret" not in json.dumps(plan.session)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(FILES)
def test_any_tree_is_checked_and_what_passes_compiles(file: Path, data: JsonObject) -> None:
    check_and_compile(file, {"version": 1, "instructions": "x", **data})


def replace_one(value: JsonValue, choose: random.Random, new: JsonValue) -> JsonValue:
    """Return a value with one place in it, chosen by chance, replaced."""
    if isinstance(value, dict) and value and choose.random() < 0.9:
        key = choose.choice(sorted(value))
        return {**value, key: replace_one(value[key], choose, new)}
    if isinstance(value, list) and value and choose.random() < 0.9:
        index = choose.randrange(len(value))
        return [*value[:index], replace_one(value[index], choose, new), *value[index + 1 :]]
    return new


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False), VALUES)
def test_a_good_file_with_one_place_changed(file: Path, choose: random.Random, new: JsonValue) -> None:
    changed = replace_one(FULL, choose, new)
    check_and_compile(file, changed if isinstance(changed, dict) else {"version": changed})


@pytest.mark.parametrize(
    "text", ["[]", "a", "{}", "{a: {}}", "- - -", "{tools: [[], a, 1, {}]}", "version: '1'"]
)
def test_odd_outlines(file: Path, text: str) -> None:
    file.write_text(text)
    assert [f for f in check_paths([file], environment={}).findings if f.severity == "error"] != []


def test_windows_line_ends_and_byte_order_mark(file: Path) -> None:
    file.write_bytes("\ufeffversion: 1\r\ninstructions: x\r\nvoice: bob\r\n".encode())
    (finding,) = check_paths([file], environment={}).findings
    assert (finding.code, finding.span.line, finding.span.column) == ("AR303", 3, 8)


SCENARIO_TEXT = """
{version: 1, agent: agent.yaml, variables: {a: 1}, mocks: {hang_up: [{when: {a: 1}, return: 1, delay: 1s}]},
turns: [{user: x, at: 1s, ordered: true, model: [{say: x}], expect: [{says: {contains: x}, within: 1s},
{not: {calls: {tool: hang_up, with: {a: 1}, times: 1}}}, {silence: {at_most: 1s}}, {handoff: {to: x}}]},
{dtmf: "1"}, {hang_up: true}], expect: [{ends: {}}, {variables: {a: 1}}],
model: [[{call: hang_up, with: {}}]],
faults: [{tool: hang_up, error: x}, {at: 1s, link: drop}], repeat: 2, pass_at_least: 1}
"""
SCENARIO: JsonObject = to_json(parse_yaml(SCENARIO_TEXT, "s.yaml")[0] or YamlScalar(None, Span("")))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False), VALUES)
def test_a_good_scenario_with_one_place_changed(file: Path, choose: random.Random, new: JsonValue) -> None:
    agent = "version: 1\ninstructions: '{{a}}'\nvariables: {a: 1}\ntools: [{builtin: hang_up}]\n"
    file.write_text(agent)
    changed = replace_one(SCENARIO, choose, new)
    scenario = file.with_name("scenario.yaml")
    scenario.write_text(
        json.dumps(changed if isinstance(changed, dict) else {**SCENARIO, "version": changed})
    )
    report = check_paths([scenario], environment={}, today=date(2026, 11, 21))
    assert all(finding.span.line >= 1 and finding.span.column >= 1 for finding in report.findings)
    if not any(finding.severity == "error" for finding in report.findings):
        assert load_scenario(scenario, environment={}).agent == "agent.yaml"


PIECE_LIST = """
- : {a: <<: *a &a --- version: 1 instructions: extends: part.yaml tools: use: turns: agent: a.yaml
{{a}} ${A} ${A:- ${ {{ !!int !x |2- >+ 1e999 0x .nan A=1 export B='
"""
CHARACTERS = "\n\n\n\n\t   :-#'\"[]{},&*!|>%@`?\x00\x85\u2028\ufeff\U0001f600가\r"
PIECES = st.sampled_from([*CHARACTERS, "\r\n", "\n  ", "- ", ": ", *PIECE_LIST.split()])
TEXTS = st.lists(PIECES, max_size=25).map("".join)
BYTES = TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=60)


def write_project(folder: Path, agent: bytes, part: bytes, dotenv: bytes) -> list[Path]:
    (folder / "part.yaml").write_bytes(part)
    (folder / ".env").write_bytes(dotenv)
    (folder / "agent.yaml").write_bytes(agent)
    (folder / "whole.yaml").write_bytes(
        b"version: 1\nextends: part.yaml\ntools: [{use: part.yaml}, {builtin: hang_up}]\n"
    )
    (folder / "scenario.yaml").write_bytes(b"turns: [{user: x}]\nagent: whole.yaml\n" + part)
    (folder / "other.yaml").write_bytes(b"mocks: {}\n" + agent)
    return [folder / f"{name}.yaml" for name in ("agent", "part", "whole", "scenario", "other")]


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(BYTES, BYTES, BYTES)
def test_any_bytes_end_with_findings(file: Path, agent: bytes, part: bytes, dotenv: bytes) -> None:
    paths = write_project(file.parent, agent, part, dotenv)
    report = check_paths([*paths, file.parent], environment={"A": "very-secret"}, today=date(2026, 11, 21))
    for render in RENDERERS.values():
        assert isinstance(render(Report(report.findings, report.files, report.sources)), str)
    for path in paths:
        for load in (load_agent, load_scenario):
            with suppress(ConfigError):
                load(path, environment={"A": "very-secret"})
    (file.parent / ".env").unlink()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10_000), PIECES, st.integers(0, 9))
def test_a_good_file_with_characters_put_in_or_taken_out(file: Path, at: int, new: str, gone: int) -> None:
    text = GOOD.read_text("utf-8")
    place = at % len(text)
    changed = text[:place] + new + text[place + gone :]
    file.write_text(changed, "utf-8")
    report = check_paths([file], environment={}, today=date(2026, 11, 21))
    assert all(finding.span.line <= changed.count("\n") + 2 for finding in report.findings)
