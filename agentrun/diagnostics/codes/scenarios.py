"""AR6xx: scenario files."""

from __future__ import annotations

from agentrun.diagnostics.codes.row import Code

_ORDER = "turns:\n  - user: Where is my order A1001?\n    expect: [{calls: {tool: "
_SAYS = "    expect: [{says: {contains: shipped}}]\n"
_TURN = "turns:\n  - user: Where is my order A1001?\n" + _SAYS

SCENARIO_CODES = (
    Code(
        "AR601",
        "agent of a scenario cannot be used",
        "error",
        "`agent` names the agent's file, relative to the scenario's file. The file does not exist, leaves "
        "the project, or cannot be read as an agent.",
        bad="agent: ../agents/supprt.yaml\n" + _TURN,
        good="agent: ../agents/support.yaml\n" + _TURN,
        kind="scenario",
    ),
    Code(
        "AR602",
        "tool that the agent does not have",
        "error",
        "Mocks, expectations, scripted calls and faults name tools as the model sees them: `lookup_order` "
        "for `python: tools.orders:lookup_order`, `handoff_to_billing` for a handoff to the agent `billing`.",
        bad=_ORDER + "lookup_oder}}]",
        good=_ORDER + "lookup_order}}]",
        kind="scenario",
    ),
    Code(
        "AR603",
        "argument that the tool does not have",
        "error",
        "The keys under `with` and `when` are arguments of the tool: those of its `parameters`, or of its "
        "Python function.",
        bad=_ORDER + "lookup_order, with: {order: A1001}}}]",
        good=_ORDER + "lookup_order, with: {order_id: A1001}}}]",
        kind="scenario",
    ),
    Code(
        "AR604",
        "scenario that expects nothing",
        "error",
        "Without a single expectation the scenario could never fail. Add `expect` to a turn, or to the "
        "scenario.",
        bad="turns:\n  - user: Where is my order A1001?",
        good=_TURN,
        kind="scenario",
    ),
    Code(
        "AR605",
        "expectation of something that the agent does not have",
        "error",
        "The agent has no guardrail, handoff or variable of this name, so the expectation could never come "
        "true.",
        bad="turns:\n  - user: Hello\n    expect: [{guardrail: {name: no-advise}}]",
        good="turns:\n  - user: Hello\n    expect: [{guardrail: {name: no-advice}}]",
        kind="scenario",
    ),
    Code(
        "AR606",
        "variables of a scenario do not fit its agent",
        "error",
        "A variable that the agent requires has to be given, and only variables that it declares can be.",
        bad="variables: {caller_tir: gold}\n" + _TURN,
        good="variables: {caller_tier: gold}\n" + _TURN,
        kind="scenario",
    ),
    Code(
        "AR607",
        "turn that never happens",
        "warning",
        "The caller has hung up in an earlier turn. Only expectations may come after that.",
        bad="turns:\n  - hang_up: true\n  - user: Where is my order A1001?\n" + _SAYS,
        good=_TURN + "  - hang_up: true\n",
        kind="scenario",
    ),
    Code(
        "AR608",
        "answer that is never given",
        "warning",
        "Of a tool's answers the first one that fits is given. One without `when` fits every call, so it "
        "stands last.",
        bad="mocks:\n  lookup_order:\n    - error: no such order\n    - return: shipped\n" + _TURN,
        good="mocks:\n  lookup_order:\n    - when: {order_id: A1001}\n      return: shipped\n"
        "    - error: no such order\n" + _TURN,
        kind="scenario",
    ),
    Code(
        "AR609",
        "more runs must pass than there are",
        "error",
        "`pass_at_least` is at most `repeat`, which is 1 where it is not given.",
        bad="repeat: 3\npass_at_least: 4\n" + _TURN,
        good="repeat: 5\npass_at_least: 4\n" + _TURN,
        kind="scenario",
    ),
)
