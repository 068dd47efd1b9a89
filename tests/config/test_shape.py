from __future__ import annotations

import pytest

from tests.config.conftest import Check


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("voise: marin", "AR201", "`voise` is not a known key"),
        ("model: {nam: x}", "AR201", "`nam` is not a known key of `model`"),
        ("temperature: 0.8", "AR202", "`temperature` is a name of the retired beta API"),
        ("modalities: [text]", "AR202", "`modalities` is the API's name; here it is `output`"),
        ("tools: [{http: {url: 'https://a.b'}, description: x}]", "AR203", "`tools[0]` needs the key `name`"),
        ("tools:", "AR204", "`tools` has no value"),
        ("tools: {a: 1}", "AR210", "`tools` must be a list, found a mapping"),
        ("voice: [marin]", "AR210", "`voice` must be a text or a mapping, found a list"),
        (
            "name: 12",
            "AR210",
            "`name` must be lower-case letters, digits, `-` and `_`, at most 63, found the number 12",
        ),
        (
            "model: {parallel_tool_calls: 1}",
            "AR210",
            "`parallel_tool_calls` must be true or false, found the number 1",
        ),
        (
            "model: {parallel_tool_calls: On}",
            "AR211",
            "`parallel_tool_calls` must be true or false, found the text `On`",
        ),
        ("model: {max_output_tokens: many}", "AR213", "`max_output_tokens` must be `inf`, found `many`"),
        ("turn_detection: vad", "AR213", "`turn_detection` must be `none`, or a mapping, found `vad`"),
        (
            "noise_reduction: false",
            "AR210",
            "`noise_reduction` must be `near_field`, `far_field` or `off`, found false",
        ),
        ("output: adio", "AR213", "`output` must be `audio` or `text`, found `adio`"),
        ("voice: {speed: 0.1}", "AR214", "`speed` must be at least 0.25, found 0.1"),
        ("voice: {speed: 3}", "AR214", "`speed` must be at most 1.5, found 3"),
        ("name: Ä", "AR215", None),
        ("tools: [{python: lookup}]", "AR215", "`python` must be `package.module:function`, found `lookup`"),
        (
            "tools: [{name: a}]",
            "AR216",
            "`tools[0]` needs exactly one of `python`, `http`, `builtin` and `use`",
        ),
        ("tools: [{builtin: hang_up, http: {url: 'https://a.b'}, name: a, description: b}]", "AR216", None),
        ("voice: {name: marin, id: voice_1}", "AR216", "`name` and `id` exclude each other"),
        (
            "greeting: {interruptible: true}",
            "AR216",
            "`greeting` needs exactly one of `say` and `instructions`",
        ),
        (
            "turn_detection: {type: semantic_vad, threshold: 0.5}",
            "AR217",
            "`threshold` does not fit here: it belongs to `type: server_vad`",
        ),
        ("description: ''", "AR218", "`description` must not be empty"),
        ("transcription: {model: gpt-transcribe, keywords: []}", "AR218", "`keywords` must not be empty"),
        ("session: {max_duration: 15 m}", "AR212", None),
        ("tools: [{builtin: hang_up, result: {max_bytes: 16K}}]", "AR212", None),
    ],
)
def test_one_cause_gives_one_message(check: Check, text: str, code: str, message: str | None) -> None:
    findings = [finding for finding in check(text) if finding.code != "AR901"]
    assert [finding.code for finding in findings] == [code]
    assert message in (None, findings[0].message)


def test_missing_keys_of_the_file_are_named(check: Check) -> None:
    findings = check("instructions: {}")
    assert [(f.code, f.message) for f in findings] == [("AR203", "`instructions` needs the key `file`")]


def test_a_misspelt_key_is_not_also_a_missing_one(check: Check) -> None:
    text = "tools:\n  - name: a\n    description: b\n    http: {ulr: 'https://a.b'}\n  - pyton: a.b:c\n"
    assert [(f.code, f.hint) for f in check(text)] == [
        ("AR201", "did you mean `url`?"),
        ("AR201", "did you mean `python`?"),
    ]


def test_durations_as_numbers_get_both_readings(check: Check) -> None:
    finding = check("tools: [{builtin: hang_up, timeout: 10}]")[0]
    assert finding.code == "AR212"
    assert finding.hint == "write `10s` for seconds or `10ms` for milliseconds"


def test_spans_are_the_smallest_that_show_it(check: Check) -> None:
    text = "turn_detection: {type: server_vad, threshold: 1.5, eagerness: low}\nvoice: {sped: 1}\n"
    spans = [(f.code, f.span.line, f.span.column, f.span.end_column) for f in check(text)]
    assert spans == [("AR214", 3, 47, 50), ("AR217", 3, 52, 61), ("AR201", 4, 9, 13)]


def test_secrets_are_never_quoted(check: Check) -> None:
    findings = check("output: ${SET}\nvoice: {speed: '${SET}'}\nlanguage: ${SET}\n")
    assert {f.code for f in findings} >= {"AR213", "AR210", "AR103"}
    assert "hidden" not in str(findings)


def test_places_that_wait_for_a_variable_are_not_judged(check: Check) -> None:
    assert [f.code for f in check("voice: {speed: '${UNSET}'}\noutput: ${UNSET2}\n")] == ["AR101", "AR101"]
