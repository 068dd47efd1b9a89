from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from agentrun.diagnostics import Diagnostic, Remark, Report, Span, diagnose, render_text


def finding(line: int, column: int, end_column: int, **more: object) -> Diagnostic:
    span = Span("desk.yaml", line, column, line, end_column)
    return diagnose("AR214", "`threshold` must be at most 1.0, found 1.5", span, **more)  # type: ignore[arg-type]


def render(text: str, found: Diagnostic) -> list[str]:
    return render_text(Report((found,), ("desk.yaml",), {"desk.yaml": text})).splitlines()


def test_headline_excerpt_carets_and_hint() -> None:
    text = "a: 1\nturn_detection: {type: server_vad, threshold: 1.5}\n"
    assert render(text, finding(2, 47, 50, hint="the default is 0.5")) == [
        "desk.yaml:2:47: error[AR214]: `threshold` must be at most 1.0, found 1.5",
        "2 | turn_detection: {type: server_vad, threshold: 1.5}",
        "  | " + " " * 46 + "^^^",
        "  hint: the default is 0.5",
    ]


def test_korean_takes_two_cells() -> None:
    lines = render('x: "안녕 {{a}}"', finding(1, 8, 13))
    assert lines[2] == "  | " + " " * (4 + 4 + 1) + "^^^^^"
    assert render("x: 안녕", finding(1, 4, 6))[2] == "  |    ^^^^"


def test_decomposed_korean_and_combining_marks_take_no_cells_of_their_own() -> None:
    decomposed = unicodedata.normalize("NFD", "한é")
    assert render(f"{decomposed}: 1", finding(1, len(decomposed) + 3, len(decomposed) + 4))[2] == "  |      ^"


def test_tabs_are_repeated_before_the_carets() -> None:
    assert render("a:\t\tb", finding(1, 5, 6))[2] == "  |   \t\t^"


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert render("a: \x1b[31m", finding(1, 4, 5))[1] == "1 | a: \ufffd[31m"


def test_long_lines_are_cropped_round_the_culprit() -> None:
    line = "x" * 500 + "HERE" + "y" * 500
    excerpt, carets = render(line, finding(1, 501, 505))[1:3]
    assert len(excerpt) < 200
    start = carets.index("^")
    assert excerpt[start : start + 4] == "HERE"


def test_notes_show_their_own_place() -> None:
    note = Remark("it stands first here", Span("desk.yaml", 1, 1, 1, 2))
    lines = render("a: 1\na: 2\n", finding(2, 1, 2, notes=[note, Remark("and nowhere else")]))
    assert lines[3:] == [
        "  note: it stands first here (desk.yaml:1:1)",
        "1 | a: 1",
        "  | ^",
        "  note: and nowhere else",
    ]


def test_without_source_there_is_no_excerpt() -> None:
    assert len(render_text([finding(3, 1, 2)]).splitlines()) == 1
    assert len(render("only one line", finding(3, 1, 2))) == 1


def test_spans_over_lines_are_underlined_to_the_end_of_the_first() -> None:
    found = diagnose("AR214", "m", Span("desk.yaml", 1, 4, 3, 1))
    assert render("a: |\n  x\n", found)[2] == "  |    ^"


def test_colour_only_where_asked_for() -> None:
    found = finding(1, 1, 2)
    assert "\x1b[" not in render_text([found])
    assert "\x1b[1;31merror[AR214]\x1b[0m" in render_text([found], color=True)


@given(st.text(alphabet="aé안 \t日", max_size=40), st.integers(1, 45), st.integers(0, 10))
def test_carets_stand_under_the_span_in_cells(line: str, column: int, length: int) -> None:
    excerpt, carets = [*render(line, finding(1, column, column + length)), "1 | ", "  | ^"][1:3]
    pad, shown = carets.rstrip("^")[4:], excerpt[4:]
    before = shown[: column - 1]
    assert pad.count("\t") == before.count("\t")
    assert len(pad) == sum(2 if unicodedata.east_asian_width(c) == "W" else 1 for c in before)
