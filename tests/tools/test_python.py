from __future__ import annotations

import logging
from typing import Any

import pytest

from agentrun.errors import ToolError
from agentrun.outcome import ToolOutcome
from agentrun.plan import Effect, PythonTarget, ToolBinding
from agentrun.tools.python import describe_function
from tests.tools.conftest import RecordingCall, WriteTool, run_one

SOURCE = '''
from __future__ import annotations
import datetime, enum
from dataclasses import dataclass
from typing import Annotated, Literal
import agentrun

class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"

@dataclass
class Line:
    title: str
    count: int = 1

def order(
    title: Annotated[str, {"pattern": "^[A-Z]"}],
    size: Size,
    lines: list[Line],
    day: datetime.date | None = None,
    speed: Literal["slow", "fast"] = "slow",
    count: int = 2,
    *,
    call: agentrun.Call,
    gift: bool = False,
) -> dict[str, object]:
    """Order a book.

    Args:
        title: Title of the book.
        count: How many.
    """
    call.variables["last"] = title
    return {"size": size, "lines": lines, "day": day, "count": count, "by": call.caller}
'''


def bind(target: PythonTarget, effect: Effect = "write", **rules: Any) -> ToolBinding:
    schema = describe_function(target)
    return ToolBinding(schema.name, schema.description, schema.parameters, target, effect=effect, **rules)


async def outcome_of(
    write_tool: WriteTool,
    source: str,
    arguments: Any = "",
    call: RecordingCall | None = None,
    **rules: Any,
) -> ToolOutcome:
    return await run_one(bind(write_tool(source), **rules), arguments, call or RecordingCall())


def test_the_schema_comes_from_signature_and_docstring(write_tool: WriteTool) -> None:
    described = describe_function(write_tool(SOURCE, "order"))
    assert described.name == "order"
    assert described.description == "Order a book."
    line = {
        "type": "object",
        "properties": {"title": {"type": "string"}, "count": {"type": "integer", "default": 1}},
        "required": ["title"],
        "additionalProperties": False,
    }
    assert described.parameters == {
        "type": "object",
        "properties": {
            "title": {"type": "string", "pattern": "^[A-Z]", "description": "Title of the book."},
            "size": {"type": "string", "enum": ["small", "large"]},
            "lines": {"type": "array", "items": line},
            "day": {"type": "string", "format": "date"},
            "speed": {"type": "string", "enum": ["slow", "fast"], "default": "slow"},
            "count": {"type": "integer", "default": 2, "description": "How many."},
            "gift": {"type": "boolean", "default": False},
        },
        "required": ["title", "size", "lines"],
        "additionalProperties": False,
    }


async def test_arguments_arrive_as_the_types_of_the_signature(
    write_tool: WriteTool, call: RecordingCall
) -> None:
    arguments = {
        "title": "Emma",
        "size": "large",
        "lines": [{"title": "a"}],
        "day": "2026-11-21",
        "speed": None,
    }
    outcome = await run_one(bind(write_tool(SOURCE, "order")), arguments, call)
    assert outcome.outcome == "ok"
    assert outcome.result == {
        "size": "large",
        "lines": [{"title": "a", "count": 1}],
        "day": "2026-11-21",
        "count": 2,
        "by": "+4912345",
    }
    assert call.variables == {"last": "Emma"}


async def test_arguments_that_do_not_fit_never_reach_the_function(write_tool: WriteTool) -> None:
    outcome = await outcome_of(write_tool, "def tool(n: int):\n    raise SystemExit", {"n": "many"})
    assert (outcome.outcome, outcome.code) == ("failed", "invalid_arguments")
    assert '`n` must be of type integer, not "many"' in outcome.message


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        ("*names: str", "`\\*names: 'str'|`\\*names: str` cannot be filled in"),
        ("n: complex", "`complex` cannot be sent as JSON; use str"),
        ("n: Missing", "a type hint cannot be read.*Missing.*TYPE_CHECKING"),
    ],
)
def test_signatures_that_cannot_be_described(write_tool: WriteTool, signature: str, words: str) -> None:
    source = f"from __future__ import annotations\ndef tool({signature}): ..."
    with pytest.raises(ToolError, match=rf"mine\.py:2.*({words})"):
        describe_function(write_tool(source))


async def test_async_functions_run_on_the_loop_and_may_use_the_call(
    write_tool: WriteTool, call: RecordingCall
) -> None:
    source = (
        "import threading, agentrun\nasync def tool(call: agentrun.Call):\n    await call.say('hello')\n"
        "    return threading.current_thread() is threading.main_thread()"
    )
    outcome = await outcome_of(write_tool, source, call=call)
    assert (outcome.result, call.said) == (True, ["hello"])


async def test_sync_functions_run_in_a_daemon_thread(write_tool: WriteTool) -> None:
    source = (
        "import threading\ndef tool():\n    t = threading.current_thread()\n    return [t.daemon, t.name]"
    )
    assert (await outcome_of(write_tool, source)).result == [True, "agentrun-tool"]


async def test_a_wrapper_round_an_async_function_is_awaited(write_tool: WriteTool) -> None:
    source = "async def inner():\n    return 5\ndef tool():\n    return inner()"
    assert (await outcome_of(write_tool, source)).result == 5


@pytest.mark.parametrize(("effect", "told"), [("read", "failed"), ("write", "unknown")])
@pytest.mark.parametrize("kind", ["def", "async def"])
@pytest.mark.parametrize(
    ("error", "word"),
    [
        ("ValueError('secret path /srv')", "ValueError"),
        ("SystemExit(1)", "SystemExit"),
        ("StopIteration()", "StopIteration|RuntimeError"),
        ("__import__('asyncio').CancelledError()", "cancelled itself"),
        ("GeneratorExit()", "GeneratorExit"),
    ],
)
async def test_what_a_tool_raises_is_one_answer_without_internals(
    write_tool: WriteTool,
    caplog: pytest.LogCaptureFixture,
    kind: str,
    error: str,
    word: str,
    effect: Effect,
    told: str,
) -> None:
    outcome = await outcome_of(write_tool, f"{kind} tool():\n    raise {error}", effect=effect)
    assert (outcome.outcome, outcome.code) == (told, "tool_error")
    assert any(part in outcome.message for part in word.split("|"))
    assert "secret" not in outcome.message
    complaints = [record for record in caplog.records if record.levelno >= logging.WARNING]
    if word == "cancelled itself":
        assert complaints == []
    else:
        (record,) = complaints
        assert record.getMessage() == "call call_1: tool `tool` raised"
        assert error.partition("(")[0] in str(record.exc_info)


async def test_a_tool_error_is_meant_for_the_model(write_tool: WriteTool) -> None:
    outcome = await outcome_of(
        write_tool, "import agentrun\ndef tool():\n    raise agentrun.ToolError('No such order.')"
    )
    assert (outcome.outcome, outcome.message) == ("failed", "No such order.")


ENDLESS = """
def tool():
    ring = []
    ring.append(ring)
    return ring
"""


@pytest.mark.parametrize(("effect", "told"), [("read", "failed"), ("write", "unknown")])
@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def tool():\n    return {'a': object()}", "a value of type object"),
        ("def tool():\n    return b'\\xff\\x00'", "2 bytes that are not text"),
        ("def tool():\n    return (n for n in 'ab')", "a value of type generator"),
        ("def tool():\n    return 'x' * (50 << 20)", "more than 1048576 characters"),
        ("def tool():\n    return [{'n': n} for n in range(10**6)]", "more than 1048576 characters"),
        ("async def tool():\n    return list(range(10**6))", "more than 1048576 characters"),
        (ENDLESS, "contains itself"),
    ],
)
async def test_a_result_that_nobody_can_read(
    write_tool: WriteTool,
    caplog: pytest.LogCaptureFixture,
    source: str,
    words: str,
    effect: Effect,
    told: str,
) -> None:
    outcome = await outcome_of(write_tool, source, effect=effect)
    assert (outcome.outcome, outcome.code) == (told, "result_not_json")
    assert words in outcome.message
    assert [record.levelname for record in caplog.records if record.levelno >= logging.WARNING] == ["ERROR"]


async def test_a_result_that_is_nearly_json(write_tool: WriteTool) -> None:
    source = (
        "def tool():\n    return {'a': float('nan'), 'b': b'text', 'c': 'x\\x00y', 'd': (1, {2}), 3: None}"
    )
    outcome = await outcome_of(write_tool, source)
    assert outcome.result == {"a": None, "b": "text", "c": "xy", "d": [1, [2]], "3": None}


@pytest.mark.parametrize("kind", ["def", "async def"])
async def test_print_goes_to_stderr_and_only_from_the_tool(
    write_tool: WriteTool, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    await outcome_of(write_tool, f"{kind} tool():\n    print('from the tool')")
    print("from us")  # noqa: T201
    assert capsys.readouterr() == ("from us\n", "from the tool\n")


async def call_declared(write_tool: WriteTool, source: str, arguments: Any) -> ToolOutcome:
    """Run a tool whose schema the agent file declares itself, so that it may differ from the signature."""
    binding = ToolBinding("tool", "", {"type": "object"}, write_tool(source))
    return await run_one(binding, arguments, RecordingCall())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"day": "2026-11-21", "colour": 1}, "there is no argument `colour`"),
        ({}, "lacks `day`"),
        ({"day": "tomorrow"}, "`day`: Invalid isoformat string"),
        ({"day": 5}, "`day`: "),
        ({"day": "2026-11-21", "either": []}, "`either`: fits none of the allowed types"),
    ],
)
async def test_a_declared_schema_that_differs_from_the_signature(
    write_tool: WriteTool, arguments: Any, words: str
) -> None:
    source = "import datetime\ndef tool(day: datetime.date, either: int | str = 1):\n    raise SystemExit"
    outcome = await call_declared(write_tool, source, arguments)
    assert (outcome.outcome, outcome.code) == ("failed", "invalid_arguments")
    assert words in outcome.message


def test_optional_parameters_show_their_type_without_null(write_tool: WriteTool) -> None:
    source = (
        "from typing import Annotated, Any, Literal, Optional\n"
        "def tool(a: Annotated[str | None, 'text', {'maxLength': 3}] = None, b: Optional[int] = None,\n"
        "         c: Literal['x', None] = None, d: int | str | None = None, e: Any = object(), f=None): ..."
    )
    assert describe_function(write_tool(source)).parameters["properties"] == {
        "a": {"type": "string", "description": "text", "maxLength": 3},
        "b": {"type": "integer"},
        "c": {"enum": ["x", None]},
        "d": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        "e": {},
        "f": {},
    }


CHECKED = """
from __future__ import annotations
from dataclasses import dataclass
import pydantic

@dataclass
class Slot:
    hour: int

    def __post_init__(self):
        if self.hour == 13:
            raise LookupError("nobody works at 13")
        if self.hour == 14:
            raise RuntimeError

class Guest(pydantic.BaseModel):
    name: str

    @pydantic.field_validator("name")
    @classmethod
    def check(cls, name):
        if name == "X":
            raise ValueError("is too short")
        return name

def tool(slot: Slot, guests: list[Guest] = ()) -> str:
    return "done"
"""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"slot": {"hour": "nine"}}, '`slot.hour` must be of type integer, not "nine"'),
        ({"slot": {}}, "`slot` lacks `hour`"),
        ({"slot": {"hour": 9, "minute": 5}}, "`slot` has no argument `minute`; it takes `hour`"),
        ({"slot": {"hour": 13}}, "`slot`: nobody works at 13"),
        ({"slot": {"hour": 14}}, "`slot`: RuntimeError"),
        ({"slot": {"hour": 9}, "guests": [{"name": 5}]}, "`guests.0.name` must be of type string"),
        ({"slot": {"hour": 9}, "guests": [{"name": "X"}]}, "`guests`: name: Value error, is too short"),
    ],
)
async def test_what_a_type_itself_does_not_accept_is_told(
    write_tool: WriteTool, arguments: Any, words: str
) -> None:
    binding = bind(write_tool(CHECKED))
    outcome = await run_one(binding, arguments, RecordingCall())
    assert (outcome.outcome, outcome.code) == ("failed", "invalid_arguments")
    assert words in outcome.message
    assert "\n" not in outcome.message
    assert "pydantic.dev" not in outcome.message
