from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentrun.compiler import compile_agent
from agentrun.compiler.ledger import LedgerRow, make_ledger
from agentrun.compiler.verdicts import NOT_YET, Dropped, Field, Sent, find_outcome
from agentrun.config import build_agent_schema, load_agent
from agentrun.config.reading import read_agent
from agentrun.diagnostics import show_path
from agentrun.wire.json import JsonObject
from tests.compiler.test_compile import NOON, describe

FOLDER = Path(__file__).parents[1] / "files" / "ledger"
ENVIRONMENT = {"LEDGER_TEST_KEY": "sk-hidden"}
TODAY = date(2026, 11, 21)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(FOLDER, tmp_path / "p")
    (tmp_path / "p/tools").mkdir()
    (tmp_path / "p/tools/orders.py").write_text("def opening_hours() -> str:\n    return ''\n")
    (tmp_path / "p/pyproject.toml").touch()
    monkeypatch.chdir(tmp_path / "p")
    return tmp_path / "p"


def make(file: str = "agent.yaml") -> tuple[tuple[LedgerRow, ...], JsonObject]:
    spec = load_agent(file, environment=ENVIRONMENT, today=TODAY)
    plan = compile_agent(spec, describe_python=describe, variables=_required(file), now=NOON)
    reading = read_agent(file, ENVIRONMENT, required=False, today=TODAY)
    return make_ledger(file, reading, plan.session), plan.session


def _required(file: str) -> dict[str, str]:
    return {"tier": "gold"} if "tier" in Path(file).read_text("utf-8") else {}


def judge(project: Path, text: str) -> dict[str, tuple[str, str]]:
    Path("one.yaml").write_text(
        text if text.startswith("extends") else f"version: 1\ninstructions: Help.\n{text}"
    )
    return {row.path: (row.verdict, row.note) for row in make("one.yaml")[0] if not row.file}


def find_leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[str]:
    """Yield the paths of a file as another reader of YAML sees it."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from find_leaves(inner, (*path, "on" if key is True else key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from find_leaves(inner, (*path, index))
    else:
        yield show_path(path)


def test_every_leaf_of_every_file_has_exactly_one_verdict(project: Path) -> None:
    rows, _ = make()
    for file in ("agent.yaml", "base.yaml", "toolsets/orders.yaml"):
        found = Counter(row.path for row in rows if (row.file or "agent.yaml") == file)
        leaves = list(find_leaves(yaml.safe_load((project / file).read_text("utf-8"))))
        assert len(leaves) > 5
        assert found == Counter(leaves)
    assert {row.verdict for row in rows} == {"kept", "mapped", "run by agentrun", "dropped"}
    assert all(row.note and "sk-hidden" not in row.note for row in rows)


def test_what_is_said_about_the_wire_is_there(project: Path) -> None:
    rows, session = make()
    places = set(find_leaves(session, ("session",)))
    for row in rows:
        if row.verdict in ("kept", "mapped"):
            place = row.note.split("`")[1]
            assert any(leaf == place or leaf.startswith((f"{place}.", f"{place}[")) for leaf in places), row


def test_everything_sent_comes_from_a_field_or_a_default_of_the_format(project: Path) -> None:
    rows, session = make()
    told = tuple(row.note.split("`")[1] for row in rows if row.verdict in ("kept", "mapped"))
    untold = [leaf for leaf in find_leaves(session, ("session",)) if not leaf.startswith(told)]
    shape = ("type", "name", "description", "parameters")
    expected = {f"session.tools[{n}].type" for n in range(5)}  # what an item of `tools` is
    expected |= {f"session.tools[2].{key}" for key in shape} | {f"session.tools[3].{key}" for key in shape}
    expected |= {f"session.tools[{n}].parameters.{key}" for n in (2, 3) for key in ("type", "properties")}
    expected |= {
        f"session.audio.{way}.format.{key}" for way in ("input", "output") for key in ("type", "rate")
    }
    assert set(untold) <= expected | {"session.type", "session.truncation.type", "session.tool_choice.type"}


def test_what_has_no_effect_yet_is_what_validate_names(project: Path) -> None:
    rows, _ = make()
    reading = read_agent("agent.yaml", ENVIRONMENT, required=False, today=TODAY)
    named = [show_path(finding.path) for finding in reading.findings if finding.code == "AR901"]
    without = {row.path for row in rows if row.note == NOT_YET.reason and row.verdict == "dropped"}
    assert without
    for path in without:
        assert any(path == name or path.startswith((f"{name}.", f"{name}[")) for name in named), path
    for name in set(named) - {"[1].builtin"}:
        assert any(path == name or path.startswith((f"{name}.", f"{name}[")) for path in without), name


def find_patterns(schema: JsonObject, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield a path for every field of the schema, down to those without fields."""
    properties = schema.get("properties", {})
    for name, inner in properties.items():
        yield from find_patterns(inner, (*path, name))
    if isinstance(items := schema.get("items"), dict):
        yield from find_patterns(items, (*path, 0))
    if isinstance(inner := schema.get("additionalProperties"), dict):
        yield from find_patterns(inner, (*path, "anything"))
    scalars = {"string", "number", "integer", "boolean", "null"}
    kinds = schema.get("type", "string")
    if path and (not properties or scalars & set([kinds] if isinstance(kinds, str) else kinds)):
        yield path


@pytest.mark.parametrize("path", sorted(set(find_patterns(build_agent_schema())), key=str), ids=show_path)
def test_every_field_of_the_schema_has_a_row(path: tuple[str | int, ...]) -> None:
    outcome = find_outcome(Field(path, "x", {}, {}, {0: 0}))
    match outcome:
        case Sent(place, absent):
            assert place or path == ("overrides",)
            assert absent
        case Dropped(reason):
            assert reason
        case _:
            assert outcome.note


# Fields that cannot stand beside those of the example: short forms, and one of several.
_EXCLUDED = """
    context.truncation greeting greeting.instructions instructions model model.reasoning noise_reduction
    tools[].http.auth.basic.password tools[].http.auth.basic.username tools[].http.auth.header
    tools[].http.auth.header.anything tools[].http.auth.oauth2.audience tools[].http.auth.oauth2.client_auth
    tools[].http.auth.oauth2.client_id tools[].http.auth.oauth2.client_secret tools[].http.auth.oauth2.scope
    tools[].http.auth.oauth2.token_url tools[].http.auth.query tools[].http.auth.query.anything
    tools[].http.body tools[].http.form tools[].http.openapi tools[].http.operation
    tools[].placeholder.instructions tracing transcription
    transcription.delay turn_detection turn_detection.eagerness variables.*.default voice voice.id
"""
EXCLUDED = set(_EXCLUDED.split())


def test_the_example_has_every_field_of_the_schema(project: Path) -> None:
    def normalise(path: str) -> str:
        path = re.sub(r"\[\d+\]", "[]", path)
        return re.sub(r"^(variables|tools\[\]\.http\.(?:query|headers))\.[\w-]+", r"\1.*", path)

    rows = {normalise(row.path if not row.path.startswith("[") else f"tools{row.path}") for row in make()[0]}
    wanted = {normalise(show_path(path)) for path in find_patterns(build_agent_schema())}
    # The rules of tools stand once more below servers; what becomes of those is one answer for all.
    asked = {path for path in wanted if not path.startswith("mcp_servers[].")}
    missing = {
        path
        for path in asked - EXCLUDED
        if not any(row == path or row.startswith((f"{path}.", f"{path}[")) for row in rows)
    }
    assert missing == set()
    assert EXCLUDED - wanted == set()


def test_a_field_without_a_row_is_an_error() -> None:
    with pytest.raises(LookupError):
        find_outcome(Field(("no_such_field",), 1, {}, {}, {}))


def test_kept_is_sent_as_it_stands_and_mapped_is_not(project: Path) -> None:
    rows = judge(
        project, "prompt: {id: pmpt_1}\ntools: []\nvoice: marin\nvariables: {a: b}\ngreeting: '{{a}}'\n"
    )
    assert rows["instructions"] == ("kept", "`session.instructions`")
    assert rows["tools"] == ("kept", "`session.tools`")
    assert rows["prompt.id"] == ("kept", "`session.prompt.id`")
    assert rows["voice"] == ("mapped", "`session.audio.output.voice`")
    assert rows["variables.a"][0] == "run by agentrun"


def test_names_filled_in_are_named(project: Path) -> None:
    Path("one.yaml").write_text("version: 1\ninstructions: 'Hi {{now}}'\n")
    rows = {row.path: row for row in make("one.yaml")[0]}
    assert rows["instructions"].verdict == "mapped"
    assert rows["instructions"].note == "`session.instructions`, with names filled in"


@pytest.mark.parametrize(
    ("text", "path", "verdict", "word"),
    [
        ("language: en", "language", "mapped", "`session.audio.input.transcription.language`"),
        ("language: en\ntranscription: off", "language", "run by agentrun", "phrases"),
        ("language: en\ntranscription: {language: ko}", "language", "run by agentrun", "phrases"),
        ("transcription: off", "transcription", "mapped", "`session.audio.input.transcription`"),
        (
            "transcription: {model: off, language: en}",
            "transcription.language",
            "dropped",
            "no transcription",
        ),
        ("transcription: gpt-transcribe", "transcription", "mapped", "transcription.model`"),
        ("noise_reduction: off", "noise_reduction", "mapped", "noise_reduction`"),
        ("noise_reduction: near_field", "noise_reduction", "mapped", "noise_reduction.type`"),
        ("turn_detection: none", "turn_detection", "mapped", "turn_detection`"),
        (
            "turn_detection: {type: server_vad, idle_timeout_ms: null}",
            "turn_detection.idle_timeout_ms",
            "dropped",
            "left to the server",
        ),
        (
            "tools: [{builtin: hang_up}]\ntool_choice: required",
            "tool_choice",
            "kept",
            "`session.tool_choice`",
        ),
        ("tracing: auto", "tracing", "kept", "`session.tracing`"),
        ("tracing: off", "tracing", "mapped", "`session.tracing`"),
        ("context: {truncation: disabled}", "context.truncation", "mapped", "`session.truncation`"),
        ("overrides: {}", "overrides", "mapped", "`session`"),
        ("session: {}", "session", "run by agentrun", "defaults"),
        ("voice: {speed: 1.1}\noverrides: {audio: {output: null}}", "voice.speed", "dropped", "overrides"),
        ("tools: [{builtin: wait}]", "tools[0].builtin", "dropped", "not offered"),
        ("tools: [{builtin: hang_up, description: Bye}]", "tools[0].description", "kept", "tools[0].desc"),
    ],
)
def test_verdicts_that_depend_on_the_value(
    project: Path, text: str, path: str, verdict: str, word: str
) -> None:
    found = judge(project, f"{text}\n")[path]
    assert found[0] == verdict
    assert word in found[1]


def test_overrides_win_on_the_wire_and_files_win_over_those_below(project: Path) -> None:
    rows = {(row.file, row.path): row for row in make()[0]}
    assert rows["", "voice.speed"].verdict == "dropped"
    assert rows["", "voice.speed"].note == "`overrides.audio.output.speed` replaces it"
    assert rows["", "overrides.audio.output.speed"].note == "`session.audio.output.speed`"
    assert rows["base.yaml", "instructions"].note == "replaced by a file that is laid over this one"
    assert rows["base.yaml", "language"].verdict == "run by agentrun"
    assert rows["", "noise_reduction"].note == "takes away what the file below it says"
    assert rows["toolsets/orders.yaml", "[0].name"].note == "`session.tools[1].name`"
    assert rows["toolsets/orders.yaml", "[1].placeholder.say"].verdict == "dropped"


def test_it_is_the_same_every_time(project: Path) -> None:
    assert make()[0] == make()[0]
