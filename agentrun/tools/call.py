"""What crosses the border between a call and its tools: small values and one Protocol."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Protocol

from agentrun.errors import ToolError, ToolFailed
from agentrun.plan import Effect, ToolBinding
from agentrun.wire.json import JsonObject, JsonValue


class CallContext(Protocol):
    """What a tool may know and do. Python tools get it as a parameter annotated `agentrun.Call`.

    Attributes:
        id: id of the live call, the one that stands in the logs.
        caller: number or address of the human (`call.from` in templates); may be empty.
        called: number or address that was dialled (`call.to`); may be empty.
        channel: for example `browser`, `text`.
        variables: the variables of this call; what a tool writes here, later tools can read.

    """

    id: str
    caller: str
    called: str
    channel: str
    variables: MutableMapping[str, JsonValue]

    async def say(self, text: str) -> None:
        """Have the agent say `text` as soon as the floor is free; returns when that is arranged."""

    async def hang_up(self, reason: str = "") -> None:
        """End the call after what is being said; `reason` goes to the journal."""


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """What the model asks for.

    Attributes:
        call_id: the model's id of this function call; the answer carries it.
        name: the tool's name as the model wrote it.
        arguments: raw JSON text, not yet checked.

    """

    call_id: str
    name: str
    arguments: str


class ToolRunner(Protocol):
    """One kind of tool. To add a kind: write one of these, name it in `dispatcher.RUNNERS`."""

    async def prepare(self) -> None:
        """Do what would make the first run slow, off the loop; called when the dispatcher opens."""

    async def run(self, binding: ToolBinding, arguments: JsonObject, context: CallContext) -> JsonValue:
        """Run the tool and return its result as plain JSON.

        `arguments` already satisfy `binding.parameters`. The task is cancelled when nobody waits any more.

        Raises:
            ToolFailed: it is certain that the tool did not do what was asked.
            Unconfirmed: the tool may or may not have taken effect.

        """

    async def aclose(self) -> None:
        """Give back what was opened; called once, when no run is in progress."""


class CodedFailure(ToolFailed):
    """A failure with a code for programs and, if there is more to tell, a result.

    Attributes:
        code: short, stable word, for example `invalid_arguments`.
        result: plain JSON that helps the model, for example the body of an HTTP answer; None if nothing.

    """

    def __init__(self, code: str, message: str, *, result: JsonValue = None) -> None:
        super().__init__(message)
        self.code = code
        self.result = result


class Unconfirmed(ToolError):
    """The tool may or may not have taken effect; becomes `unknown`. Attributes as `CodedFailure`."""

    def __init__(self, code: str, message: str, *, result: JsonValue = None) -> None:
        super().__init__(message)
        self.code = code
        self.result = result


def without_answer(
    effect: Effect, code: str, message: str, *, result: JsonValue = None
) -> CodedFailure | Unconfirmed:
    """Return the error for a tool that began and gave no usable answer.

    A read changed nothing, so it simply failed; a write may have happened.
    """
    error = CodedFailure if effect == "read" else Unconfirmed
    return error(code, message, result=result)
