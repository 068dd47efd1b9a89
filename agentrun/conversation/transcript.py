"""The agent's turns, each with its three truths: what was generated, what was sent, what was heard."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class AgentTurn:
    """One assistant message while it is generated and played.

    Attributes:
        text: the words generated so far.
        response_id: the response that it belongs to.
        aside: whether it is a placeholder, which is spoken but is no turn of the conversation.
        spoken: whether its words are to be heard, not read.
        sounds: whether any audio was passed on.
        started_ms: when the first sound (or, without audio, the first word) was passed on.
        complete: whether the model has finished it.

    """

    item_id: str
    response_id: str
    aside: bool = False
    text: str = ""
    spoken: bool = False
    sounds: bool = False
    started_ms: int | None = None
    complete: bool = False


def estimate_heard_text(text: str, heard_ms: int, sent_ms: int) -> str:
    """Return the words that fit into the part that was heard, cut at the end of a word.

    The service does not say which word sounds when, so the position is proportional. A text that is
    written without spaces is cut at the character.
    """
    if heard_ms <= 0:
        return ""
    if heard_ms >= sent_ms:
        return text
    position = len(text) * heard_ms // sent_ms
    head = text[:position]
    in_mid_word = position < len(text) and not text[position].isspace()
    if in_mid_word and " " in text:
        head = head.rpartition(" ")[0]
    return head.rstrip()
