# ruff: noqa: T201 - printing is the subject here
from __future__ import annotations

import asyncio
import io
import sys

import pytest

from agentrun.tools.printing import guarded_stdout, tool_prints


def test_inside_a_tool_output_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    real = sys.stdout
    with guarded_stdout():
        print("data")
        with tool_prints():
            print("chatter")
            sys.stdout.writelines(["more ", "chatter\n"])
            sys.stdout.flush()
        assert sys.stdout.encoding == real.encoding
    assert sys.stdout is real
    assert capsys.readouterr() == ("data\n", "chatter\nmore chatter\n")


async def test_two_tasks_print_to_two_places(capsys: pytest.CaptureFixture[str]) -> None:
    inside, outside = asyncio.Event(), asyncio.Event()

    async def run_tool() -> None:
        with tool_prints():
            inside.set()
            await outside.wait()
            print("chatter")

    task = asyncio.create_task(run_tool())
    await inside.wait()
    print("data")
    outside.set()
    await task
    assert capsys.readouterr() == ("data\n", "chatter\n")


def test_guards_overlap(capsys: pytest.CaptureFixture[str]) -> None:
    real = sys.stdout
    first, second = guarded_stdout(), guarded_stdout()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    with tool_prints():
        print("chatter")
    second.__exit__(None, None, None)
    assert sys.stdout is real
    assert capsys.readouterr() == ("", "chatter\n")


def test_somebody_who_replaced_stdout_meanwhile_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = io.StringIO()
    with guarded_stdout():
        monkeypatch.setattr(sys, "stdout", theirs)
    assert sys.stdout is theirs
