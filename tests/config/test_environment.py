from __future__ import annotations

import pytest

from agentrun.config.environment import EnvironmentFiller
from agentrun.config.nodes import YamlMap, YamlScalar, find_node
from agentrun.config.yamlfile import parse_yaml
from agentrun.diagnostics import Diagnostic
from agentrun.secret import Secret


def fill(text: str, required: bool = False, /, **environment: str) -> tuple[YamlMap, list[Diagnostic]]:
    root, _ = parse_yaml(text, "f.yaml")
    assert isinstance(root, YamlMap)
    filler = EnvironmentFiller(environment, {"f.yaml": text}, required=required)
    return filler.fill(root), filler.findings


def value(text: str, **environment: str) -> object:
    node = find_node(fill(text, False, **environment)[0], ("a",))
    assert isinstance(node, YamlScalar)
    return node.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: ${X}", Secret("one")),
        ("a: <${X}>", Secret("<one>")),
        ("a: ${X:-two}", Secret("one")),
        ("a: ${NO:-two}", "two"),
        ("a: ${EMPTY:-two}", "two"),
        ("a: ${NO:-}", None),
        ("a: '${NO:-}'", ""),
        ("a: ${NO:-5}", 5),
        ("a: '${NO:-5}'", "5"),
        ("a: $${X}", "${X}"),
        ("a: $X", "$X"),
        ("public_env: [X]\na: ${X}", "one"),
        ("public_env: [N]\na: ${N}", 7),
        ("public_env: [N]\na: '${N}'", "7"),
        ("public_env: [N]\na: ${N}${X}", Secret("7one")),
    ],
)
def test_values(text: str, expected: object) -> None:
    found = value(text, X="one", N="7", EMPTY="")
    assert found == expected
    assert type(found) is type(expected)


def test_missing_ones_are_a_note_or_an_error_at_the_reference() -> None:
    text = 'a: "Bearer ${TOKEN:?get one}"'
    root, findings = fill(text)
    assert [(f.code, f.severity, f.span.column, f.span.end_column) for f in findings] == [
        ("AR101", "note", 12, 29)
    ]
    assert findings[0].message.endswith("`TOKEN` is not set: get one")
    node = find_node(root, ("a",))
    assert isinstance(node, YamlScalar)
    assert node.unset == ("TOKEN",)
    assert fill(text, True)[1][0].severity == "error"


def test_an_empty_variable_is_set_but_does_not_satisfy_a_demand() -> None:
    assert fill("a: ${X}", X="")[1] == []
    assert [f.code for f in fill("a: ${X:?needed}", X="")[1]] == ["AR101"]


@pytest.mark.parametrize("text", ["a: ${}", "a: ${5}", "a: ${A B}", "a: ${A:+b}", "a: '${A'"])
def test_malformed_references(text: str) -> None:
    assert [f.code for f in fill(text, A="1")[1]] == ["AR102"]


def test_lists_and_blocks_are_filled_too() -> None:
    root, findings = fill("b:\n  - |\n    one\n    ${NO}\n")
    assert (findings[0].span.line, findings[0].span.column) == (4, 5)
    assert find_node(root, ("b", 0)) is not None
