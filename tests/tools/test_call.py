from __future__ import annotations

import subprocess
import sys

import pytest

import agentrun
from agentrun.errors import ToolError
from agentrun.tools.call import CallContext, CodedFailure, Unconfirmed, without_answer
from tests.tools.conftest import RecordingCall


def test_the_names_for_tools_come_from_the_package() -> None:
    assert agentrun.Call is CallContext
    assert agentrun.ToolError is ToolError
    with pytest.raises(AttributeError, match="no attribute `Cal`"):
        agentrun.Cal  # noqa: B018


def test_importing_the_package_loads_nothing_else() -> None:
    script = "import sys, agentrun; print([name for name in sys.modules if name.startswith('agentrun')])"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, timeout=20)
    assert found.stdout.strip() == b"['agentrun']"


def test_running_tools_loads_the_http_library_only_for_http_tools() -> None:
    script = "import sys, agentrun.tools.dispatcher; print({'httpx', 'pydantic', 'mcp'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, timeout=20)
    assert found.stdout.strip() == b"set()"


def test_a_read_without_an_answer_failed_and_a_write_is_unconfirmed() -> None:
    assert isinstance(without_answer("read", "timeout", "x"), CodedFailure)
    assert isinstance(without_answer("write", "timeout", "x", result=1), Unconfirmed)


async def test_a_call_is_what_has_its_shape() -> None:
    call: CallContext = RecordingCall()
    await call.say("hello")
    assert call.id == "call_1"
