"""AR5xx: handoffs and guardrails, what happens in the course of a call."""

from __future__ import annotations

from agentrun.diagnostics.codes.row import Code

_GUARDRAIL = "guardrails:\n  - match: {regex: '"

CALL_CODES = (
    Code(
        "AR501",
        "handoff leads nowhere",
        "error",
        "`to` names the file of another agent, relative to the file that names it and under the project "
        "root. The file does not exist, leaves the project, or is no agent.",
        bad="handoffs: [{to: biling.yaml, when: The caller asks about an invoice}]",
        good="handoffs: [{to: billing.yaml, when: The caller asks about an invoice}]",
    ),
    Code(
        "AR502",
        "handoffs in a circle without a way out",
        "warning",
        "The agents hand the caller over to each other, and none of them can end the call or pass it to "
        "somebody outside the circle. Give one of them `builtin: hang_up`, `builtin: transfer` or a handoff "
        "that leads out.",
        bad="handoffs: [{to: back.yaml, when: The caller asks about an invoice}]",
        good="handoffs: [{to: back.yaml, when: The caller asks about an invoice}]\n"
        "tools: [{builtin: hang_up}]",
    ),
    Code(
        "AR503",
        "voice changes at a handoff",
        "warning",
        "The voice of a session cannot change after the first sound. The other agent takes over with its "
        "instructions and tools, and keeps speaking with the voice of the first. Give both the same voice.",
        bad="voice: marin\nhandoffs: [{to: billing.yaml, when: The caller asks about an invoice}]",
        good="voice: cedar\nhandoffs: [{to: billing.yaml, when: The caller asks about an invoice}]",
    ),
    Code(
        "AR504",
        "invalid regular expression",
        "error",
        "The expression is one of Python's module `re`. In YAML, single quotes or no quotes leave every "
        "backslash alone; in double quotes it has to be doubled.",
        bad=_GUARDRAIL + "(invoice'}",
        good=_GUARDRAIL + "(invoice)'}",
    ),
    Code(
        "AR505",
        "regular expression that can be very slow",
        "warning",
        "Two loops of the expression can share the same text, as in `(a+)+` or `(\\s*\\w+)*`. On a text that "
        "does not match, every way of sharing is tried, and each further character doubles the time: some "
        "thirty characters stop the call. Let only one of the loops repeat, separate them with a character "
        "that must stand between, or write the inner loop possessive: `(a++)+`. Loops in a row "
        "that take the same characters, as in `.*.*=`, take cubic time: a page of text takes minutes.",
        bad=_GUARDRAIL + "^(\\w+\\s?)*$'}",
        good=_GUARDRAIL + "^\\w+(\\s\\w+)*$'}",
    ),
)
