"""From a prompt to the body of a chat-completions request.

The conversation of the Realtime API is looser than a chat: a function call may be answered turns later, and a
chat server wants the outputs of calls right after the message that made them. So a call whose output is not
there yet gets a placeholder, and an output that comes late stands where it came, as a second call with its
output. A model then sees when it learned what.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence

from agentrun.engine.seams import Prompt
from agentrun.wire.json import JsonObject, JsonValue

PENDING = json.dumps({"status": "pending", "message": "There is no result yet; it will come later."})
UNINTELLIGIBLE = "(unintelligible)"


def build_request(prompt: Prompt, model: str) -> JsonObject:
    """Return the JSON body; it asks for a stream that ends with a count of tokens."""
    body: JsonObject = {
        "model": model,
        "messages": build_messages(prompt),
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if prompt.max_output_tokens is not None:
        body["max_tokens"] = prompt.max_output_tokens
    if prompt.tools:
        body["tools"] = [_build_tool(tool) for tool in prompt.tools]
        body["tool_choice"] = _build_choice(prompt.tool_choice)
        if not prompt.parallel_tool_calls:
            body["parallel_tool_calls"] = False
    return body


def build_messages(prompt: Prompt) -> list[JsonObject]:
    """Return the conversation as chat messages, the instructions first."""
    system = [{"role": "system", "content": prompt.instructions}] if prompt.instructions else []
    return _join_calls([*system, *_Conversation().render(prompt.items)])


def _build_tool(tool: JsonObject) -> JsonObject:
    function = {key: tool[key] for key in ("name", "description", "parameters") if tool.get(key) is not None}
    return {"type": "function", "function": function}


def _build_choice(choice: JsonValue) -> JsonValue:
    if isinstance(choice, dict):
        return {"type": "function", "function": {"name": choice["name"]}}
    return choice


class _Conversation:
    """Renders items; remembers the calls, because an output names only the id of its call."""

    def __init__(self) -> None:
        self._calls: dict[str, JsonObject] = {}

    def render(self, items: Sequence[JsonObject]) -> Iterator[JsonObject]:
        groups = [(kind, list(group)) for kind, group in itertools.groupby(items, key=_kind_of)]
        for index, (kind, group) in enumerate(groups):
            if kind == "function_call":
                answers = groups[index + 1][1] if groups[index + 1 : index + 2] else []
                yield from self._render_calls(group, answers)
            elif kind == "function_call_output":
                asked = groups[index - 1][1] if index and groups[index - 1][0] == "function_call" else []
                ids = {call["call_id"] for call in asked}
                late = _skip_first(group, ids)
                yield from itertools.chain.from_iterable(map(self._render_late, late))
            else:
                yield from filter(None, map(_render_message, group))

    def _render_calls(self, calls: list[JsonObject], answers: list[JsonObject]) -> Iterator[JsonObject]:
        outputs: dict[str, str] = {}
        for answer in answers:
            if answer["type"] == "function_call_output":
                outputs.setdefault(answer["call_id"], answer["output"])
        self._calls |= {call["call_id"]: call for call in calls}
        shown = [_render_call(call["call_id"], call) for call in calls]
        yield {"role": "assistant", "content": None, "tool_calls": shown}
        for call in calls:
            content = outputs.get(call["call_id"], PENDING)
            yield {"role": "tool", "tool_call_id": call["call_id"], "content": content}

    def _render_late(self, answer: JsonObject) -> Iterator[JsonObject]:
        call = self._calls.get(answer["call_id"])
        if call is None:  # the call was deleted, or lies before what the model still reads
            yield {"role": "system", "content": f"The result of an earlier function call: {answer['output']}"}
            return
        again = f"{answer['call_id']}_{answer.get('id') or 'late'}"
        yield {"role": "assistant", "content": None, "tool_calls": [_render_call(again, call)]}
        yield {"role": "tool", "tool_call_id": again, "content": answer["output"]}


def _kind_of(item: JsonObject) -> str:
    return str(item["type"])


def _skip_first(answers: Iterable[JsonObject], ids: set[str]) -> Iterator[JsonObject]:
    """Yield the outputs that do not answer one of these calls, or answer it a second time."""
    open_ids = set(ids)
    for answer in answers:
        if answer["call_id"] in open_ids:
            open_ids.remove(answer["call_id"])
        else:
            yield answer


def _render_call(call_id: str, call: JsonObject) -> JsonObject:
    function = {"name": call["name"], "arguments": call["arguments"] or "{}"}
    return {"id": call_id, "type": "function", "function": function}


def _render_message(item: JsonObject) -> JsonObject | None:
    if item["type"] != "message":
        return None
    parts = [part for part in map(_render_part, item["content"]) if part is not None]
    if any(part["type"] == "image_url" for part in parts):
        return {"role": item["role"], "content": parts}
    text = "\n".join(part["text"] for part in parts)
    return {"role": item["role"], "content": text} if text else None


def _render_part(part: JsonObject) -> JsonObject | None:
    match part["type"]:
        case "input_image":
            image = {"url": part["image_url"], "detail": part.get("detail", "auto")}
            return {"type": "image_url", "image_url": image}
        case "input_audio":
            return {"type": "text", "text": part.get("transcript") or UNINTELLIGIBLE}
        case "output_audio":
            text = part.get("transcript")
        case _:
            text = part.get("text")
    return {"type": "text", "text": text} if text else None


def _join_calls(messages: Iterable[JsonObject]) -> list[JsonObject]:
    """Put calls into the message of the assistant right before them, as one answer of a model is."""
    joined: list[JsonObject] = []
    for message in messages:
        before = joined[-1] if joined else {}
        if (
            "tool_calls" in message
            and before.get("role") == "assistant"
            and "tool_calls" not in before
            and isinstance(before["content"], str)
        ):
            joined[-1] = {**message, "content": before["content"]}
        else:
            joined.append(message)
    return joined
