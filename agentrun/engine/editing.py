"""What a client does to the items of the conversation: create, retrieve, truncate, delete."""

from __future__ import annotations

from agentrun.engine.answering import Answering
from agentrun.engine.checks import refuse
from agentrun.engine.hosting.desk import Hosting
from agentrun.engine.items import CHECK_ITEM, Item, make_item
from agentrun.engine.listening import Listening
from agentrun.engine.state import SessionState
from agentrun.wire import client, server


class Editing:
    """The items of the default conversation in the hands of the client.

    Each method raises `RemoteProtocolError` where it must refuse, and has changed nothing then.
    """

    def __init__(
        self, state: SessionState, listening: Listening, hosting: Hosting, answering: Answering
    ) -> None:
        self._state = state
        self._listening = listening
        self._hosting = hosting
        self._answering = answering

    def create(self, event: client.ConversationItemCreate) -> None:
        """Add an item; what it says or decides takes effect at once."""
        state = self._state
        CHECK_ITEM(event.item, "item")
        item = make_item(event.item, state.ids.make("item"), state.ids.make("call"), state.input_format)
        if state.history.find(item.id) is not None:
            refuse(f"Item with id '{item.id}' already exists.", "invalid_value", "item.id")
        state.history.check_room(item.size_bytes)
        if item.wire["type"] == "function_call_output":
            self._check_call(item.wire["call_id"])
        decision = item.wire if item.wire["type"] == "mcp_approval_response" else None
        if decision is not None:
            self._hosting.calls.check_decision(decision)
        self._listening.announce(item, event.previous_item_id)
        if decision is not None:
            self._hosting.calls.decide(decision)

    def retrieve(self, item_id: str) -> None:
        """Show an item with its sound, also one that is still being made."""
        code = "item_retrieve_invalid_item_id"
        item = self._hosting.find_item(item_id) or self._find(item_id, code)
        self._state.outbox.send(server.ConversationItemRetrieved(item.show_with_audio()))

    def truncate(self, event: client.ConversationItemTruncate) -> None:
        """Cut an answer at what was heard of it."""
        item = self._find(event.item_id, "item_truncate_invalid_item_id")
        wire = item.wire
        spoken = wire.get("role") == "assistant" and any(
            part["type"] == "output_audio" for part in wire["content"]
        )
        if not spoken:
            message = "Only model output audio messages can be truncated"
            refuse(message, "unsupported_content_type", "item_id")
        if event.content_index != 0:
            refuse("Invalid 'content_index': expected 0.", "invalid_value", "content_index")
        if event.audio_end_ms < 0:
            message = "Invalid 'audio_end_ms': expected a value >= 0."
            refuse(message, "invalid_value", "audio_end_ms")
        if event.audio_end_ms > item.audio_ms:
            message = f"Audio content of {item.audio_ms}ms is already shorter than {event.audio_end_ms}ms"
            refuse(message, "invalid_value", "audio_end_ms")
        item.truncate(event.audio_end_ms, self._answering.guess_heard(item.id, event.audio_end_ms))
        self._state.outbox.send(server.ConversationItemTruncated(item.id, 0, event.audio_end_ms))

    def delete(self, item_id: str) -> None:
        """Take an item out."""
        self._state.history.remove(self._find(item_id, "item_delete_invalid_item_id"))
        self._hosting.calls.forget(item_id)
        self._state.outbox.send(server.ConversationItemDeleted(item_id))

    def _check_call(self, call_id: str) -> None:
        """Refuse the output of a call that nobody made; a second output of one call is taken."""
        if not self._state.history.knows_call(call_id):
            message = f"Tool call ID '{call_id}' not found in conversation."
            refuse(message, "invalid_tool_call_id", "item.call_id")

    def _find(self, item_id: str, code: str) -> Item:
        item = self._state.history.find(item_id)
        if item is None:
            refuse(f"Item with item_id '{item_id}' does not exist.", code, "item_id")
        return item
