"""Secrets in files are found and never shown, and nothing else is taken for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agentrun.config import check_paths, read_sources
from agentrun.config.checks.secrets import _find_known, _looks_random
from agentrun.diagnostics import RENDERERS, Report
from tests.config.conftest import Check

ROOT = Path(__file__).parents[2]
OPENAI = "sk-proj-Zr9sPq4TnBv1XyUe6GhJ8wLd"
HTTP = "tools: [{name: t, description: d, http: {url: 'https://a.b', %s}}]"
RANDOM = "a8Kd93jfLs02mdkLQz77"
Write = Callable[[dict[str, str]], Path]


@pytest.mark.parametrize(
    "text",
    [
        f"model: {{api_key: {OPENAI}}}",
        f"voice: marin  # the old key was {OPENAI}",
        HTTP % f"headers: {{X-Api-Key: {RANDOM}}}",
        HTTP % f"auth: {{bearer: {RANDOM}}}",
        HTTP % f"auth: {{query: {{k: {RANDOM}}}}}",
        "tools: [{name: t, description: d, http: {url: 'https://desk:hunter2hunter2@a.b'}}]",
        HTTP % f"headers: {{Authorization: Bearer {RANDOM}}}",
        f"x-notes: {{db_password: {RANDOM}}}",
        "greeting: AKIAIOSFODNN7EXAMPLE",
    ],
)
def test_secrets_are_found(check: Check, text: str) -> None:
    assert [f.code for f in check(text)] == ["AR111"]


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        (f"auth: {{bearer: {RANDOM}}}", ["error"]),
        ("auth: {bearer: a-word}", ["warning"]),
        ("auth: {basic: {username: desk, password: hunter2}}", ["warning"]),
        ("auth: {bearer: '${TOKEN}'}", []),
        ("auth: {bearer: '${TOKEN:-none}'}", []),
        ("auth: {bearer: '{{call.id}}'}", []),
    ],
)
def test_a_password_that_stands_in_the_file_is_at_least_a_warning(
    check: Check, text: str, severity: list[str]
) -> None:
    assert [f.severity for f in check(HTTP % text) if f.code == "AR111"] == severity


@pytest.mark.parametrize(
    "text",
    [
        "model: {api_key: '${OPENAI_API_KEY}'}",
        "x-notes: {api_key: your-api-key-goes-here, token: xxxxxxxxxxxxxxxxxxxx, secret: <put it here 1>}",
        "x-notes: {token: a-long-name-of-a-thing-2, password: 0000000000000000}",
        "x-notes: {max_tokens_and_so_on: 8000, session: a8Kd93jfLs02mdkLQz77}",
        "model: {base_url: 'http://127.0.0.1:8765/v1'}",
        "x-notes: {address: 'mailto:desk@example.com', git: 'ssh://git@example.com/x'}",
    ],
)
def test_other_texts_are_not(check: Check, text: str) -> None:
    assert [f.code for f in check(text) if f.code == "AR111"] == []


def test_secrets_are_never_printed(write: Write) -> None:
    text = f"version: 1\r\ninstructions: {{file: p.md}}\r\nmodel: {{api_key: {OPENAI}, nme: x}}\r\n"
    root = write({"a.yaml": text, "p.md": f"한국어 {OPENAI}\n"})
    report = check_paths([root / "a.yaml"], environment={})
    assert [f.code for f in report.findings] == ["AR111", "AR201", "AR111"]
    printed = [render(Report(report.findings, report.files, report.sources)) for render in RENDERERS.values()]
    assert [text for text in printed if OPENAI in text] == []
    assert OPENAI not in str(read_sources(report.findings))
    assert any("api_key: *****" in text for text in printed)


def test_nothing_of_the_project_looks_like_a_secret() -> None:
    files = [
        *ROOT.glob("agents/**/*"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("*.md"),
        *ROOT.glob("tools/*.py"),
    ]
    texts = {
        file: file.read_text("utf-8") for file in files if file.is_file() and file.name != "diagnostics.md"
    }
    assert [file for file, text in texts.items() if list(_find_known(text, str(file)))] == []
    assert len(texts) > 20


def test_words_are_not_random() -> None:
    assert not _looks_random("support-desk-number-two-2")
    assert _looks_random(RANDOM)
