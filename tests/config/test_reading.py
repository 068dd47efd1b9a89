from __future__ import annotations

import pytest

from tests.config.conftest import Check


@pytest.mark.parametrize(
    ("text", "code", "path"),
    [
        ("extends: missing.yaml\n", "AR001", ("extends",)),
        ("tools: [{builtin: hang_up}, {use: ../../x.yaml}]\n", "AR120", ("tools", 1, "use")),
        ("instructions: {file: missing.md}\n", "AR001", ("instructions", "file")),
        ("model: {api_key: '${UNSET}'}\n", "AR101", ("model", "api_key")),
        ("greeting: It costs ${5}\n", "AR102", ("greeting",)),
        ("x-a: {b: [1, 007]}\n", "AR014", ("x-a", "b", 1)),
        ("model: {name: gpt-realtime-2.1, name: b}\n", "AR007", ("model", "name")),
        ("model: {api_key: sk-proj-3vHq8LtWm2ZrYcXa7KfN0pQe}\n", "AR111", ("model", "api_key")),
    ],
)
def test_findings_know_their_path(check: Check, text: str, code: str, path: tuple[str | int, ...]) -> None:
    assert path in [finding.path for finding in check(text) if finding.code == code]
