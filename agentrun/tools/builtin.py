"""Tools that agentrun itself carries out, one coroutine each; `BUILTINS` is the list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from agentrun.plan import BuiltinTarget, ToolBinding
from agentrun.tools.call import CallContext, CodedFailure
from agentrun.wire.json import JsonObject, JsonValue

Builtin: TypeAlias = Callable[[BuiltinTarget, JsonObject, CallContext], Awaitable[JsonValue]]


async def hang_up(_target: BuiltinTarget, arguments: JsonObject, context: CallContext) -> JsonValue:
    """End the call once the agent has finished speaking; the model may give a `reason`."""
    reason = arguments.get("reason", "")
    await context.hang_up(reason if isinstance(reason, str) else "")
    return {"call": "ending"}


BUILTINS: Mapping[str, Builtin] = {"hang_up": hang_up}


class BuiltinRunner:
    """Runs the built-in tools."""

    async def prepare(self) -> None:
        """Nothing to do."""

    async def run(self, binding: ToolBinding, arguments: JsonObject, context: CallContext) -> JsonValue:
        """Carry out the built-in tool; see `ToolRunner.run`."""
        assert isinstance(binding.target, BuiltinTarget)
        builtin = BUILTINS.get(binding.target.name)
        if builtin is None:
            raise CodedFailure("not_supported", f"`{binding.target.name}` is not supported yet.")
        return await builtin(binding.target, arguments, context)

    async def aclose(self) -> None:
        """Nothing was opened."""
