from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.config import yamlfile
from agentrun.config.nodes import YamlNode, YamlScalar, find_key, find_node, to_json, walk_scalars
from agentrun.config.yamlfile import MAX_CHARACTERS, MAX_DEPTH, parse_yaml
from agentrun.wire.json import JsonValue


def parse(text: str) -> YamlNode:
    node, findings = parse_yaml(text, "f.yaml")
    assert findings == []
    assert node is not None
    return node


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a:\n\tb: 1\n", "AR006", 2, 1),
        ("a:\n  b: |\n\tc\n", "AR006", 3, 1),
        ("a: b: c\n", "AR005", 1, 5),
        ("a: [1, 2\nb: 3", "AR005", 2, 2),
        ("a: 'x\n", "AR005", 2, 1),
        ("a: *nope\n", "AR005", 1, 4),
        ("a: @x\n", "AR005", 1, 4),
        ("a: 1\n---\nb: 2\n", "AR008", 2, 1),
        ("한: \x07\n", "AR015", 1, 4),
        ("\ufeffa: \x07\n", "AR015", 1, 4),
        ("a: {{x}}\n", "AR010", 1, 5),
        ("? [a]\n: b\n", "AR010", 1, 3),
        ("a: !foo bar\n", "AR009", 1, 4),
        ("a: !!set {b}\n", "AR009", 1, 4),
        ("a: !!python/name:os.system ''\n", "AR009", 1, 4),
        ("a: !!int foo\n", "AR009", 1, 4),
        ("a: 1\nb: 2\na: 3\n", "AR007", 3, 1),
        ("<<: 3\n", "AR012", 1, 5),
        ("a: &x {k: 1}\nb: &y {k: 2}\nc: {<<: [*x, *y]}\n", "AR012", 2, 8),
        ("a: +49123\n", "AR014", 1, 4),
        ("a: 007\n", "AR014", 1, 4),
        ("a: &b [*b]\n", "AR011", 1, 8),
        ("a: " + "9" * 50, "AR214", 1, 4),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "AR011", 1, MAX_DEPTH + 1),
        ("x" * (MAX_CHARACTERS + 1), "AR004", 1, 1),
    ],
)
def test_each_fault_has_one_finding_with_its_place(text: str, code: str, line: int, column: int) -> None:
    _, findings = parse_yaml(text, "f.yaml")
    assert [(f.code, f.span.line, f.span.column) for f in findings] == [(code, line, column)]


def test_a_hundred_thousand_brackets_do_not_crash() -> None:
    _, findings = parse_yaml("[" * 100_000, "f.yaml")
    assert [f.code for f in findings] == ["AR011"]


def test_aliases_that_multiply_are_stopped() -> None:
    lines = ["a0: &a0 [1]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    _, findings = parse_yaml("\n".join(lines), "f.yaml")
    assert [f.code for f in findings] == ["AR011"]


def test_several_duplicates_are_all_reported_and_the_first_value_stays() -> None:
    node, findings = parse_yaml("a: 1\na: 2\nb: {c: 1, c: 2}\n", "f.yaml")
    assert [f.code for f in findings] == ["AR007", "AR007"]
    assert findings[0].notes[0].span is not None
    assert findings[0].notes[0].span.line == 1
    assert node is not None
    assert to_json(node) == {"a": 1, "b": {"c": 1}}


def test_merge_keys_and_what_stands_beside_them() -> None:
    node = parse("a: &x {k: 1, m: 1}\nb: &y {k: 1, n: 2}\nc: {<<: [*x, *y], m: 3}\nd: {'<<': text}\n")
    assert to_json(node)["c"] == {"k": 1, "m": 3, "n": 2}
    assert to_json(node)["d"] == {"<<": "text"}


@pytest.mark.parametrize(("text", "value"), [("!!str 12", "12"), ("!!float 1", 1), ("'12'", "12")])
def test_tags_of_the_core_schema(text: str, value: JsonValue) -> None:
    assert to_json(parse(f"a: {text}"))["a"] == value


def test_phrases_of_callers_are_text() -> None:
    assert to_json(parse("a: [Are you still there?, no, 12:30, off]"))["a"] == [
        "Are you still there?",
        "no",
        "12:30",
        "off",
    ]


def test_empty_file_and_comments_have_no_tree() -> None:
    assert parse_yaml("", "f.yaml") == (None, [])
    assert parse_yaml("# nothing\n", "f.yaml") == (None, [])


def test_missing_libyaml_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yamlfile, "_Loader", None)
    node, findings = parse_yaml("a: 1", "f.yaml")
    assert node is None
    assert [f.code for f in findings] == ["AR003"]
    assert "pip install" in findings[0].hint


def test_loader_is_none_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("yaml.CBaseLoader")
    assert yamlfile._make_loader() is None


def test_keys_keep_their_places() -> None:
    node = parse("tools:\n  - name: a\n    timeout: 5s\n")
    assert find_key(node, ("tools", 0, "timeout")).column == 5
    assert find_node(node, ("tools", 1)) is None
    assert find_node(node, ("tools", "name")) is None


# A key may have 1024 characters, escapes included.
# JSON writes characters beyond the first plane as two escapes, which YAML does not join.
TEXT = st.text(
    st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=80
)  # keys end after 1024 characters
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_json_texts_load_as_json(value: JsonValue) -> None:
    # `<<` as a quoted key is text; escapes keep characters that YAML would fold or refuse.
    node, findings = parse_yaml(json.dumps(value), "f.yaml")
    if isinstance(value, float) and "e" in json.dumps(value):
        return
    assert findings == []
    assert node is not None
    assert to_json(node) == value


WORDS = st.text(alphabet="ab안é😀 .", min_size=1, max_size=8).map(lambda t: f"x{t}x")


@given(st.dictionaries(WORDS, WORDS, min_size=1, max_size=5))
def test_every_span_points_at_the_text_it_names(data: dict[str, str]) -> None:
    text = "".join(f"{key}: {value}\n" for key, value in data.items())
    lines = text.split("\n")
    for path, scalar in walk_scalars(parse(text)):
        span, key = scalar.span, find_key(parse(text), path)
        assert lines[span.line - 1][span.column - 1 : span.end_column - 1] == scalar.value
        assert lines[key.line - 1][key.column - 1 : key.end_column - 1] == path[0]


@given(st.text(alphabet="a:-[]{}&*!|>'\"%@`#, \n\t?<", max_size=40))
def test_no_text_escapes_as_an_exception(text: str) -> None:
    node, findings = parse_yaml(text, "f.yaml")
    assert node is None or isinstance(node, YamlScalar) or node.span.file == "f.yaml"
    assert all(f.span.line >= 1 and f.span.column >= 1 for f in findings)
