from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agentrun.config import check_paths, load_scenario
from agentrun.config.scenario import (
    CallsSpec,
    EndsExpectation,
    ExpectationSpec,
    FaultSpec,
    HandoffExpectation,
    JudgeSpec,
    MockSpec,
    PersonaSpec,
    PlaceholderExpectation,
    SilenceExpectation,
    StepSpec,
    WordsSpec,
)
from agentrun.diagnostics import Diagnostic
from agentrun.errors import ConfigError

Write = Callable[[dict[str, str]], Path]

AGENT = """\
version: 1
instructions: Help the {{caller_tier}} caller.
name: support
variables: {caller_tier: {required: true}, shop: Harbour}
greeting: Hello from {{shop}}
tools:
  - python: tools.orders:lookup_order
  - name: create_ticket
    description: d
    http: {url: 'https://a.b'}
    parameters: {type: object, properties: {subject: {description: s}}}
  - name: bare
    description: d
    http: {url: 'https://a.b'}
mcp_servers: [{label: books, url: 'https://a.b'}]
handoffs: [{to: billing.yaml, when: x}]
guardrails: [{name: no-advice, match: {any_of: [a]}}, {match: {any_of: [b]}}]
"""
PROJECT = {
    "pyproject.toml": "",
    "agents/support.yaml": AGENT,
    "agents/billing.yaml": "version: 1\ninstructions: x\nname: billing\n",
    "agents/broken.yaml": "version: 1\ninstructions: [\n",
    "tools/orders.py": "def lookup_order(order_id: str, call: 'Call') -> str: ...\n",
    "scenarios/receipt.png": "",
}
HEAD = "version: 1\nagent: ../agents/support.yaml\nvariables: {caller_tier: gold}\n"
SAYS = "expect: [{says: {contains: x}}]"
FULL = """\
version: 1
agent: ../agents/support.yaml
name: a late order
variables: {caller_tier: gold}
mocks:
  lookup_order:
    - when: {order_id: A1001}
      return: {status: shipped, eta: 2026-11-25}
      delay: 3s
    - error: no such order
turns:
  - expect:
      - says: {contains: Harbour Books}
    model: [{say: Welcome to Harbour Books.}]
  - user: Where is my order A1001?
    ordered: true
    expect:
      - calls: {tool: lookup_order, with: {order_id: A1001}}
      - placeholder: {within: 1s}
      - says: {matches: "shipped.*25"}
        within: 5s
      - silence: {at_most: 1500ms}
  - user: Actually, never mind.
    at: 400ms
    expect:
      - heard: {not_contains: anything else, judge: {criteria: polite}}
      - not: {calls: {tool: create_ticket, times: 1}}
  - silence: 20s
    expect: [{handoff: {to: billing}}, {cost: {at_most_usd: 0.1}}, {variables: {shop: Harbour}}]
  - dtmf: "12#"
  - image: receipt.png
  - hang_up: true
    expect: [{ends: {reason: caller_hung_up}}, {guardrail: {name: no-advice}}]
faults:
  - {at: 2s, link: drop}
  - {tool: lookup_order, error: connection reset, times: 1}
repeat: 5
pass_at_least: 4
"""


@pytest.fixture
def check(write: Write) -> Callable[[str], list[Diagnostic]]:
    def check_text(text: str) -> list[Diagnostic]:
        head = "" if "agent:" in text else HEAD
        root = write({**PROJECT, "scenarios/a.yaml": head + text})
        findings = check_paths([root / "scenarios" / "a.yaml"], environment={}).findings
        assert {finding.span.file for finding in findings} == {str(root / "scenarios" / "a.yaml")}
        return [finding for finding in findings if finding.code != "AR901"]

    return check_text


def test_every_form_becomes_its_class(write: Write) -> None:
    root = write({**PROJECT, "scenarios/late.yaml": FULL})
    spec = load_scenario(root / "scenarios" / "late.yaml", environment={})
    assert (spec.name, spec.repeat, spec.pass_at_least) == ("a late order", 5, 4)
    answer = {"status": "shipped", "eta": "2026-11-25"}
    assert spec.mocks == {
        "lookup_order": (
            MockSpec({"order_id": "A1001"}, answer, delay_ms=3000),
            MockSpec(error="no such order"),
        )
    }
    greeting, question, barge_in, silence, keys, image, end = spec.turns
    assert greeting.model == (StepSpec("Welcome to Harbour Books."),)
    assert greeting.expect == (ExpectationSpec(says=WordsSpec(contains="Harbour Books")),)
    assert question.expect == (
        ExpectationSpec(calls=CallsSpec("lookup_order", {"order_id": "A1001"})),
        ExpectationSpec(placeholder=PlaceholderExpectation(1000)),
        ExpectationSpec(says=WordsSpec(matches="shipped.*25"), within_ms=5000),
        ExpectationSpec(silence=SilenceExpectation(1500)),
    )
    assert (question.ordered, question.at_ms, barge_in.at_ms) == (True, None, 400)
    heard = WordsSpec(not_contains="anything else", judge=JudgeSpec("polite"))
    assert barge_in.expect == (
        ExpectationSpec(heard=heard),
        ExpectationSpec(negated=ExpectationSpec(calls=CallsSpec("create_ticket", times=1))),
    )
    assert (silence.silence_ms, keys.dtmf, image.image, end.hang_up) == (20_000, "12#", "receipt.png", True)
    assert silence.expect[0].handoff == HandoffExpectation("billing")
    assert end.expect[0].ends == EndsExpectation("caller_hung_up")
    assert spec.faults == (
        FaultSpec(at_ms=2000, link="drop"),
        FaultSpec(tool="lookup_order", error="connection reset", times=1),
    )


def test_personas_and_scripts(write: Write) -> None:
    text = (
        HEAD
        + "persona: {goal: buy a book}\nexpect: [{ends: {}}]\nmodel: [[{call: bare, with: {}}], [{say: x}]]\n"
    )
    root = write({**PROJECT, "scenarios/late-order.yaml": text})
    spec = load_scenario(root / "scenarios" / "late-order.yaml", environment={})
    assert (spec.name, spec.persona) == ("late-order", PersonaSpec("buy a book"))
    assert spec.model == ((StepSpec(call="bare"),), (StepSpec("x"),))
    assert spec.expect == (ExpectationSpec(ends=EndsExpectation()),)


def test_errors_are_raised(write: Write) -> None:
    root = write({**PROJECT, "scenarios/a.yaml": HEAD + "turns: []\n"})
    with pytest.raises(ConfigError) as caught:
        load_scenario(root / "scenarios" / "a.yaml", environment={})
    assert "AR218" in [finding.code for finding in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("turns: [{user: x}]", [("AR604", "turns")]),
        ("persona: {goal: x}", [("AR604", "persona")]),
        ("expect: [{ends: {}}]", [("AR216", "version")]),
        (f"turns: [{{user: x, {SAYS}}}]\npersona: {{goal: x}}", [("AR216", "persona")]),
        (f"turns: [{{user: x, silence: 3s, {SAYS}}}]", [("AR216", "silence")]),
        (f"turns: [{{}}, {{{SAYS}}}]", [("AR216", "{")]),
        (f"turns: [{{silence: 3s, at: 3s, {SAYS}}}]", [("AR217", "at")]),
        (f"turns: [{{user: x, {SAYS}}}, {{user: x, ordered: true}}]", [("AR217", "ordered")]),
        ("turns: [{user: x, expect: [{}]}]", [("AR216", "{")]),
        ("turns: [{user: x, expect: [{says: {}}]}]", [("AR218", "says")]),
        ("turns: [{user: x, expect: [{says: {contians: x}}]}]", [("AR201", "contians")]),
        ("turns: [{user: x, expect: [{says: {contains: 25}}]}]", [("AR210", "25")]),
        ("turns: [{user: x, expect: [{not: {not: {ends: {}}}}]}]", [("AR216", "not"), ("AR201", "not")]),
        ("turns: [{user: x, expect: [{silence: {at_most: 3}}]}]", [("AR212", "3")]),
        ("turns: [{user: x, expect: [{says: {matches: '('}}]}]", [("AR504", "'('")]),
        ("turns: [{user: x, expect: [{not: {says: {not_matches: (a+)+}}}]}]", [("AR505", "(a+)+")]),
        ("turns: [{user: x, expect: [{calls: {tool: bear}}]}]", [("AR602", "bear")]),
        ("turns: [{user: x, expect: [{not: {calls: {tool: bear}}}]}]", [("AR602", "bear")]),
        ("turns: [{user: x, expect: [{calls: {tool: handoff_to_billing}}]}]", []),
        ("turns: [{user: x, expect: [{calls: {tool: books_search}}]}]", []),
        ("turns: [{user: x, expect: [{calls: {tool: lookup_order, with: {call: x}}}]}]", [("AR603", "call")]),
        (
            "turns: [{user: x, expect: [{calls: {tool: create_ticket, with: {subjct: x}}}]}]",
            [("AR603", "subjct")],
        ),
        ("turns: [{user: x, expect: [{calls: {tool: bare, with: {x: x}}}]}]", [("AR603", "x")]),
        (f"mocks: {{bear: [{{return: 1}}]}}\nturns: [{{{SAYS}}}]", [("AR602", "bear")]),
        (f"mocks: {{bare: [{{return: null}}]}}\nturns: [{{{SAYS}}}]", []),
        (f"mocks: {{bare: [{{delay: 1s}}]}}\nturns: [{{{SAYS}}}]", [("AR216", "delay")]),
        (
            f"mocks: {{lookup_order: [{{when: {{id: 1}}, return: 1}}]}}\nturns: [{{{SAYS}}}]",
            [("AR603", "id")],
        ),
        (f"mocks: {{bare: [{{return: 1}}, {{error: x}}]}}\nturns: [{{{SAYS}}}]", [("AR608", "error")]),
        (f"faults: [{{tool: bear, error: x}}]\nturns: [{{{SAYS}}}]", [("AR602", "bear")]),
        (f"faults: [{{link: drop}}]\nturns: [{{{SAYS}}}]", [("AR203", "link")]),
        (f"faults: [{{link: drop, at: 1s, times: 2}}]\nturns: [{{{SAYS}}}]", [("AR217", "times")]),
        (f"model: [[{{say: x, with: {{}}}}]]\nturns: [{{{SAYS}}}]", [("AR217", "with")]),
        (f"turns: [{{user: x, model: [{{call: bear}}], {SAYS}}}]", [("AR602", "bear")]),
        ("turns: [{user: x, expect: [{guardrail: {name: no-advise}}]}]", [("AR605", "no-advise")]),
        ("turns: [{user: x, expect: [{handoff: {to: bill}}]}]", [("AR605", "bill")]),
        ("turns: [{user: x, expect: [{variables: {shp: x}}]}]", [("AR605", "shp")]),
        (f"turns: [{{hang_up: true}}, {{{SAYS}}}]", []),
        (f"turns: [{{hang_up: true}}, {{user: x, {SAYS}}}]", [("AR607", "user")]),
        (f"turns: [{{hang_up: yes}}, {{{SAYS}}}]", [("AR213", "yes")]),
        (f"turns: [{{dtmf: 12, {SAYS}}}]", [("AR210", "12")]),
        (f"turns: [{{image: nothing.png, {SAYS}}}]", [("AR001", "nothing.png")]),
        (f"turns: [{{image: 'data:image/png;base64,AA', {SAYS}}}]", []),
        (f"repeat: 2\npass_at_least: 3\nturns: [{{{SAYS}}}]", [("AR609", "3")]),
        (f"pass_at_least: 1\nturns: [{{{SAYS}}}]", []),
        (f"x-mine: 1\nturns: [{{{SAYS}}}]", []),
        (f"version: 1\nagent: ../agents/support.yaml\nturns: [{{{SAYS}}}]", [("AR606", "agent")]),
        (
            f"version: 1\nagent: ../agents/support.yaml\nvariables: {{caller_tir: x}}\nturns: [{{{SAYS}}}]",
            [("AR606", "variables"), ("AR606", "caller_tir")],
        ),
        (
            f"version: 1\nagent: ../agents/suport.yaml\nturns: [{{{SAYS}}}]",
            [("AR601", "../agents/suport.yaml")],
        ),
        (
            f"version: 1\nagent: ../agents/broken.yaml\nturns: [{{{SAYS}}}]",
            [("AR601", "../agents/broken.yaml")],
        ),
        (f"version: 1\nagent: ../../../x.yaml\nturns: [{{{SAYS}}}]", [("AR601", "../../../x.yaml")]),
        ("turns: {user: x}", [("AR210", "turns")]),
    ],
)
def test_findings_and_the_words_they_point_at(
    check: Callable[[str], list[Diagnostic]],
    text: str,
    findings: list[tuple[str, str]],
) -> None:
    found = check(text)
    lines = (Path(found[0].span.file).read_text("utf-8") if found else "").split("\n")
    pointed = [(f.code, lines[f.span.line - 1][f.span.column - 1 : f.span.end_column - 1]) for f in found]
    assert pointed == findings


def test_everything_is_of_the_wrong_type(check: Callable[[str], list[Diagnostic]]) -> None:
    findings = check("turns: [[], 3, {user: [x]}]\nmocks: 3\nfaults: x\nexpect: {}\nmodel: [x]\n")
    assert [finding.code for finding in findings if finding.code != "AR604"] == ["AR210"] * 7


def test_outlines(write: Write) -> None:
    for text, code in (("- turns:\n", None), ("turns: [", "AR005"), ("agent: x\nturns: \xff", None)):
        root = write({"s.yaml": text})
        codes = [finding.code for finding in check_paths([root / "s.yaml"], environment={}).findings]
        assert codes
        assert code is None or code in codes


def test_mixed_folders(write: Write) -> None:
    root = write(
        {**PROJECT, "scenarios/a.yaml": FULL, "scenarios/b.yaml": FULL.replace("A1001}", "A1001, x: 1}")}
    )
    report = check_paths([root], environment={})
    names = [Path(file).relative_to(root).as_posix() for file in report.files]
    agents = ["agents/billing.yaml", "agents/broken.yaml", "agents/support.yaml"]
    assert names == [*agents, "scenarios/a.yaml", "scenarios/b.yaml"]
    errors = [(Path(f.span.file).name, f.code) for f in report.findings if f.severity == "error"]
    assert errors == [("broken.yaml", "AR005"), ("b.yaml", "AR603"), ("b.yaml", "AR603")]
