"""The conversation as a mind reads it: hosted calls look like function calls with their outputs.

So a mind needs no special case. What a server answered stands as it is; what went wrong stands in the
envelope of `agentrun.outcome`, which keeps apart what certainly had no effect from what may have had one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from agentrun.engine.hosting.failures import judge_error
from agentrun.engine.hosting.toolbox import simplify_name
from agentrun.outcome import OutcomeName, ToolOutcome, render_output
from agentrun.wire.json import JsonObject


def view_items(items: Iterable[JsonObject], names: Mapping[tuple[str, str], str]) -> list[JsonObject]:
    """Return wire items as a mind reads them.

    Args:
        items: of the conversation, oldest first.
        names: of the functions that stand for hosted tools, by server label and tool.

    """
    view = _View(names)
    return [shown for item in items for shown in view.show(item)]


class _View:
    def __init__(self, names: Mapping[tuple[str, str], str]) -> None:
        self._names = names
        self._requests: dict[str, str] = {}  # id to name of the requests seen so far

    def show(self, item: JsonObject) -> Iterator[JsonObject]:
        match item["type"]:
            case "mcp_list_tools":
                pass  # what can be called stands among the tools
            case "mcp_approval_request":
                self._requests[item["id"]] = self._name(item)
                yield self._render_call(item)
            case "mcp_approval_response":
                yield from self._show_decision(item)
            case "mcp_call":
                yield from self._show_call(item)
            case _:
                yield item

    def _name(self, item: JsonObject) -> str:
        return self._names.get((item["server_label"], item["name"])) or simplify_name(item["name"])

    def _show_decision(self, item: JsonObject) -> Iterator[JsonObject]:
        request_id = item["approval_request_id"]
        name = self._requests.get(request_id)
        if name is None or item["approve"]:
            return  # an approved call speaks for itself
        reason = item.get("reason")
        message = f"The call was not approved: {reason}" if reason else "The call was not approved."
        yield _render_failure(request_id, name, "refused", message, "not_approved")

    def _show_call(self, item: JsonObject) -> Iterator[JsonObject]:
        call_id = item["approval_request_id"]
        if call_id not in self._requests:
            call_id = item["id"]
            yield self._render_call(item)
        if item["output"] is not None:
            yield {"type": "function_call_output", "call_id": call_id, "output": item["output"]}
        elif item["error"] is not None:
            error = item["error"]
            yield _render_failure(
                call_id, self._name(item), judge_error(error), error["message"], error["type"]
            )

    def _render_call(self, item: JsonObject) -> JsonObject:
        return {
            "id": item["id"],
            "type": "function_call",
            "status": "completed",
            "name": self._name(item),
            "call_id": item["id"],
            "arguments": item["arguments"],
        }


def _render_failure(call_id: str, name: str, outcome: OutcomeName, message: str, code: str) -> JsonObject:
    envelope = render_output(ToolOutcome(call_id, name, outcome, message=message, code=code))
    return {"type": "function_call_output", "call_id": call_id, "output": envelope}
