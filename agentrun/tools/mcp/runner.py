"""Runs the tools of MCP servers: a `ToolRunner` whose connections belong to the process."""

from __future__ import annotations

import logging

from agentrun.outcome import clean_text
from agentrun.plan import McpTarget, ToolBinding
from agentrun.tools.call import CallContext, CodedFailure
from agentrun.tools.mcp.failures import judge_failure
from agentrun.tools.mcp.pool import McpPool
from agentrun.tools.mcp.results import read_failure, read_result
from agentrun.tools.progress import current_progress
from agentrun.wire.json import JsonObject, JsonValue

log = logging.getLogger("agentrun.mcp")

_LONGEST_PROGRESS = 200


class McpRunner:
    """Runs the tools of MCP servers on the connections of a pool."""

    def __init__(self, pool: McpPool) -> None:
        self._pool = pool

    async def prepare(self) -> None:
        """Nothing to do: the pool starts servers before the first call."""

    async def run(self, binding: ToolBinding, arguments: JsonObject, context: CallContext) -> JsonValue:
        """Call the tool on its server; see `ToolRunner.run`."""
        target = binding.target
        assert isinstance(target, McpTarget)
        link = self._pool.find(target.address)
        tell = current_progress()

        def note(done: float, total: float | None, message: str | None) -> None:
            log.debug("call %s: `%s`: %g of %s", context.id, binding.name, done, total)
            if words := clean_text(link.hide(message or "")).strip():  # numbers are nothing to be said
                tell(words[:_LONGEST_PROGRESS])

        try:
            result = await link.call(target.tool, arguments, binding.timeout_ms, note)
        except CodedFailure:
            raise
        except Exception as error:  # answers of a stranger
            log.warning(
                "call %s: `%s`: MCP server %s: %s",
                context.id,
                binding.name,
                link.label,
                link.hide(str(error)),
            )
            raise judge_failure(error, binding.effect, link.status, binding.name) from error
        if result.is_error:
            words = link.hide(read_failure(result))
            raise CodedFailure("tool_failed", words or f"`{binding.name}` failed and does not say why.")
        return read_result(result)

    async def aclose(self) -> None:
        """Nothing to do: connections outlive calls."""
