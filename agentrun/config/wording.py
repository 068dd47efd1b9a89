"""PyYAML's own words, said again so that a person knows what to do."""

from __future__ import annotations

import yaml

from agentrun.diagnostics import Diagnostic, Remark, Span, diagnose

# What PyYAML says (part of its text), what we say, the hint.
_WORDS = (
    (
        "mapping values are not allowed",
        "a colon followed by a space is not allowed here",
        "put quotes round a text that contains `: `, and check that the line is indented like its neighbours",
    ),
    (
        "did not find expected ',' or ']'",
        "the list in `[…]` is not closed, or a comma is missing",
        "each item is followed by `,` or `]`; put quotes round a text with `,`, `[` or `]`",
    ),
    (
        "did not find expected ',' or '}'",
        "the mapping in `{…}` is not closed, or a comma is missing",
        'each value is followed by `,` or `}`; put quotes round a text with `,`, `{` or `}`: `"${NAME}"`',
    ),
    ("did not find expected key", "this line does not line up with the lines above", "indent it as they are"),
    (
        "did not find expected '-'",
        "an item of the list should start here with `- `",
        "indent it as the others",
    ),
    (
        "unexpected end of stream",
        "a quote is opened and never closed",
        "close it, or double a quote inside it",
    ),
    ("undefined alias", "no anchor of this name stands before the alias", "define it above with `&name`"),
    ("unknown escape character", "unknown escape in double quotes", "write `\\\\`, or use single quotes"),
    (
        "block sequence entries are not allowed",
        "a list cannot begin on this line",
        "put the first `- ` on a line of its own",
    ),
    (
        "cannot start any token",
        "a plain text cannot start with `{character}`",
        "put quotes round the text",
    ),
    (
        "expected <document start>",
        "something stands outside the mapping",
        "check the indentation of this line",
    ),
)


def explain_yaml_error(error: yaml.MarkedYAMLError, text: str, file: str) -> Diagnostic:
    """Turn an error of PyYAML into a diagnostic of ours."""
    mark = error.problem_mark or error.context_mark
    problem = error.problem or error.context or "this is not valid YAML"
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    span = Span(file, line, column, line, column + 1)
    character = _character_at(text, span)
    if character == "\t" or "tab character" in problem:
        return _explain_tab(text, span)
    if "another document" in problem:
        hint = "one file is one agent; put the rest into a file of its own"
        return diagnose("AR008", "a second document begins here", span, hint=hint)
    if "did not find expected key" in problem and _line(text, span.line)[: span.column - 1].strip():
        return _explain_rest(text, span)
    if "could not find expected ':'" in problem and error.context_mark is not None:
        return _explain_lonely_text(text, error.context_mark.line + 1, file)
    for theirs, ours, hint in _WORDS:
        if theirs in problem:
            message = ours.replace("{character}", character)
            return diagnose("AR005", message, span, hint=hint, notes=_context(error, span))
    return diagnose("AR005", f"not valid YAML: {problem}", span, notes=_context(error, span))


def _explain_tab(text: str, span: Span) -> Diagnostic:
    column = max(_line(text, span.line).find("\t") + 1, 1)
    place = Span(span.file, span.line, column, span.line, column + 1)
    hint = "indent with spaces; most editors can convert the tabs of a file"
    return diagnose("AR006", "a tab is not allowed in the indentation", place, hint=hint)


def _explain_rest(text: str, span: Span) -> Diagnostic:
    """Something goes on behind a value that has ended, as behind `'It'` in `'It's me'`."""
    before = _line(text, span.line)[: span.column - 1].rstrip()
    hint = {
        "'": "inside single quotes a quote is doubled, `''`; or put double quotes round the text",
        '"': 'inside double quotes write `\\"`; or put single quotes round the text',
        "}": "put quotes round a text that contains `{{…}}`",
    }.get(before[-1:], "put quotes round the whole text")
    return diagnose("AR005", "the value has ended before this", span, hint=hint)


def _explain_lonely_text(text: str, line: int, file: str) -> Diagnostic:
    written = _line(text, line)
    column = len(written) - len(written.lstrip()) + 1
    span = Span(file, line, column, line, len(written.rstrip()) + 1)
    hint = "after a key stand a colon and a space: `voice: marin`"
    return diagnose("AR005", "this line is no `key: value`", span, hint=hint)


def _context(error: yaml.MarkedYAMLError, span: Span) -> list[Remark]:
    mark = error.context_mark
    if mark is None or not error.context or mark.line + 1 == span.line:
        return []
    place = Span(span.file, mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2)
    return [Remark("what it belongs to starts here", place)]


def _line(text: str, number: int) -> str:
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[number - 1] if number <= len(lines) else ""


def _character_at(text: str, span: Span) -> str:
    line = _line(text, span.line)
    return line[span.column - 1] if span.column <= len(line) else ""
