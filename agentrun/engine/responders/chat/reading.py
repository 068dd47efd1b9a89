"""From the chunks of a chat completion to moves.

Servers differ in what they send for tool calls: fragments counted by an index (OpenAI, vLLM, llama.cpp),
whole calls one by one, all with index 0 or with none (older Ollama, some gateways). Thoughts of reasoning
models come in fields of their own or between `<think>` and `</think>`, and are nobody's business.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from agentrun.engine.remote.failures import RemoteFailed, read_error
from agentrun.engine.seams import Call, Cut, More, Move, Say, Spent
from agentrun.wire.json import JsonObject, JsonValue

_OPEN, _CLOSE = "<think>", "</think>"


class ThoughtFilter:
    """Takes out what a model thinks aloud at the beginning of its answer, and blanks before its words."""

    def __init__(self) -> None:
        self._held = ""
        self._state: Literal["start", "thinking", "blanks", "open"] = "start"

    def feed(self, text: str) -> str:
        """Return the words that are for the caller, as far as they are known to be."""
        if self._state == "open":
            return text
        self._held += text
        if self._state == "start" and not self._leave_start():
            return ""
        if self._state == "thinking":
            before, found, after = self._held.partition(_CLOSE)
            if not found:
                self._held = before[-len(_CLOSE) :]
                return ""
            self._held, self._state = after, "blanks"
        words = self._held.lstrip()
        if words:
            self._held, self._state = "", "open"
        return words

    def finish(self) -> str:
        """Return what was held back and turned out to be no thought."""
        held, self._held = self._held, ""
        return held.strip() if self._state == "start" else ""

    def _leave_start(self) -> bool:
        """Tell what the answer begins with; False while that may still become either."""
        begun = self._held.lstrip()
        if begun.startswith(_OPEN):
            self._state = "thinking"
            return True
        if _OPEN.startswith(begun):
            return False
        self._state = "blanks"
        return True


@dataclass(slots=True)
class _Fragments:
    """A call that is coming in."""

    index: object
    id: str
    name: str
    arguments: list[str] = field(default_factory=list)


class ChatReader:
    """Reads one completion.

    Args:
        has_tools: whether the model may call anything; without tools its words are known to be final.

    """

    def __init__(self, *, has_tools: bool) -> None:
        self._phase: Literal["final_answer"] | None = None if has_tools else "final_answer"
        self._thoughts = ThoughtFilter()
        self._speaking = False
        self._call: _Fragments | None = None
        self._reason: str | None = None

    def feed(self, chunk: JsonValue) -> Iterator[Move]:
        """Yield the moves that a chunk completes, and the words that it brings.

        Raises:
            RemoteFailed: the chunk is an error, or makes no sense.

        """
        if not isinstance(chunk, dict):
            raise RemoteFailed("the chat server sent a chunk that is no JSON object", "bad_answer")
        if chunk.get("error"):
            said = read_error(chunk)
            words = said.message or "it does not say why"
            raise RemoteFailed(f"the chat server failed in its answer: {words}", said.code or "server_error")
        choices = chunk.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            yield from self._take_choice(choices[0])
        usage = chunk.get("usage")
        if isinstance(usage, dict):
            yield from _read_usage(usage)

    def finish(self) -> Iterator[Move]:
        """Yield what is left at the end of the stream.

        Raises:
            RemoteFailed: the stream ended in the middle.

        """
        yield from self._end_words()
        if self._reason is None:
            raise RemoteFailed("the chat server ended its answer in the middle", "connection_lost")
        if self._reason == "length":
            self._call = None  # its arguments may be cut
            yield Cut("max_output_tokens")
        elif self._reason == "content_filter":
            self._call = None
            yield Cut("content_filter")
        yield from self._end_call()

    def _take_choice(self, choice: JsonObject) -> Iterator[Move]:
        delta = choice.get("delta") or choice.get("message") or {}
        if not isinstance(delta, dict):
            raise RemoteFailed("the chat server sent a chunk without sense", "bad_answer")
        if words := self._thoughts.feed(_read_text(delta.get("content"))):
            yield from self._say(words)
        fragments = delta.get("tool_calls")
        for fragment in fragments if isinstance(fragments, list) else ():
            yield from self._take_fragment(fragment)
        reason = choice.get("finish_reason")
        if isinstance(reason, str):
            self._reason = reason

    def _say(self, words: str) -> Iterator[Move]:
        yield from self._end_call()
        yield More(words) if self._speaking else Say(words, self._phase, growing=True)
        self._speaking = True

    def _take_fragment(self, fragment: JsonValue) -> Iterator[Move]:
        function = fragment.get("function") if isinstance(fragment, dict) else None
        if not isinstance(fragment, dict) or not isinstance(function, dict):
            raise RemoteFailed("the chat server sent a tool call without sense", "bad_answer")
        index = fragment.get("index")
        call_id, name = _read_text(fragment.get("id")), _read_text(function.get("name"))
        if self._begins_call(index, call_id, name):
            yield from self._end_words()
            yield from self._end_call()
            self._speaking = False
            self._call = _Fragments(index, call_id, name)
        assert self._call is not None
        arguments = function.get("arguments")
        if isinstance(arguments, dict):
            arguments = json.dumps(arguments)
        self._call.arguments.append(arguments if isinstance(arguments, str) else "")

    def _begins_call(self, index: object, call_id: str, name: str) -> bool:
        call = self._call
        if call is None or (index is not None and index != call.index):
            return True
        if index is None:
            return bool(name)
        return bool(name and call_id and call_id != call.id)

    def _end_words(self) -> Iterator[Move]:
        if held := self._thoughts.finish():
            yield Say(held, self._phase)

    def _end_call(self) -> Iterator[Move]:
        call, self._call = self._call, None
        if call is None:
            return
        if not call.name:
            raise RemoteFailed("the chat server sent a tool call without a name", "bad_answer")
        yield Call(call.name, _parse_arguments(call.name, "".join(call.arguments)))


def _parse_arguments(name: str, text: str) -> JsonObject:
    try:
        arguments = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        arguments = None
    if arguments is None and text.strip() == "null":
        arguments = {}
    if not isinstance(arguments, dict):
        words = f"the model called `{name}` with arguments that are no JSON object"
        raise RemoteFailed(words, "invalid_tool_arguments")
    return arguments


def _read_text(content: JsonValue) -> str:
    if isinstance(content, list):
        texts = (part.get("text") for part in content if isinstance(part, dict))
        return "".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""


def _read_usage(usage: JsonObject) -> Iterator[Move]:
    read, written = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if isinstance(read, int) and isinstance(written, int):
        yield Spent(read, written)
