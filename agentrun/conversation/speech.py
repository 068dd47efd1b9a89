"""The agent's voice: what is queued for the caller, what they heard of it, and what a barge-in cuts."""

from __future__ import annotations

from agentrun.audio.formats import parse_format
from agentrun.conversation.commands import Clear, Play
from agentrun.conversation.outbox import Outbox
from agentrun.conversation.playback import Cut, Playback
from agentrun.conversation.reports import AgentSaid, AgentSpeaking, CallerInterrupted, FirstSound
from agentrun.conversation.transcript import AgentTurn, estimate_heard_text
from agentrun.plan import ChannelProfile
from agentrun.wire.client import ConversationItemTruncate


class Speech:
    """Every assistant message from its first word until it was heard or cut.

    Only a response that was begun here is heard, and only until it is silenced or finished: what arrives of
    any other is dropped, so nothing can be played after a barge-in. An *aside* (a placeholder) is played like
    everything else, but is no turn of the conversation.
    """

    def __init__(self, outbox: Outbox, profile: ChannelProfile) -> None:
        self._outbox = outbox
        self._owns_playback = profile.owns_playback
        self._playback = Playback(parse_format(profile.output_format).bytes_per_ms)
        self._turns: dict[str, AgentTurn] = {}
        self._asides: dict[str, bool] = {}  # by id of the responses that may be heard: is it an aside?
        self._quiet_since_ms: int | None = 0
        self._waiting_since_ms: int | None = None

    # -- from the model ----------------------------------------------------------------------------------

    def begin(self, response_id: str, *, aside: bool = False) -> None:
        """Let a response be heard from now on."""
        self._asides[response_id] = aside

    def add_words(self, response_id: str, item_id: str, words: str, now_ms: int, *, spoken: bool) -> None:
        """Take a piece of transcript (`spoken`) or of a written answer."""
        turn = self._find_turn(response_id, item_id)
        if turn is None:
            return
        turn.text += words
        turn.spoken |= spoken
        if turn.started_ms is None:
            turn.started_ms = now_ms
        if not turn.aside:
            self._outbox.tell(AgentSpeaking(item_id, turn.text))

    def add_sound(self, response_id: str, item_id: str, audio: bytes, now_ms: int) -> bool:
        """Take a piece of speech; True if it is the first sound of its item and will be played."""
        turn = self._find_turn(response_id, item_id) if audio else None
        if turn is None:
            return False
        first = not turn.sounds
        if first:
            turn.sounds, turn.spoken, turn.started_ms = True, True, now_ms
            self._report_first_sound(item_id, now_ms)
        self._playback.queue(item_id, len(audio), now_ms)
        self._quiet_since_ms = None
        self._outbox.put(Play(item_id, audio))
        return first

    def complete_item(self, item_id: str) -> None:
        """Note that the model finished a message."""
        if item_id in self._turns:
            self._turns[item_id].complete = True
            self._playback.complete(item_id)

    def silence(self, response_id: str) -> None:
        """Drop what is still to come of a response; what is queued of it is still played."""
        self._asides.pop(response_id, None)

    def finish(self, response_id: str) -> None:
        """Note that a response is done: nothing of it can follow, whatever its items said."""
        self.silence(response_id)
        for turn in self._turns.values():
            if turn.response_id == response_id:
                self.complete_item(turn.item_id)

    # -- from the caller ---------------------------------------------------------------------------------

    def acknowledge(self, item_id: str, ms: int, now_ms: int) -> None:
        """Note what the channel says was heard."""
        self._playback.acknowledge(item_id, ms, now_ms)

    def await_answer(self, now_ms: int) -> None:
        """Note the end of the caller's turn; the next sound is the first sound of the answer."""
        self._waiting_since_ms = now_ms
        self._break_quiet(now_ms)

    def interrupt(self, now_ms: int) -> None:
        """Stop playing at once; tell the server and the transcript what was heard."""
        cuts = {cut.item_id: cut for cut in self._playback.interrupt()}
        turns, self._turns = self._turns, {}
        if cuts:
            self._outbox.put(Clear())
            self._quiet_since_ms = now_ms
            self._outbox.tell(_name_interruption(list(cuts.values())))
        for turn in turns.values():
            self._cut_turn(turn, cuts.get(turn.item_id), now_ms)

    def abandon(self, now_ms: int) -> None:
        """The call is over: report every open turn with what was heard of it."""
        cuts = {cut.item_id: cut for cut in self._playback.interrupt()}
        turns, self._turns = self._turns, {}
        for turn in turns.values():
            self._report_turn(turn, self._heard(turn, cuts.get(turn.item_id)), now_ms)

    # -- the floor ---------------------------------------------------------------------------------------

    def settle(self, now_ms: int) -> None:
        """Report the turns that are over, and note since when the floor is quiet."""
        self._playback.collect_heard(now_ms)
        over = [turn for turn in self._turns.values() if turn.complete and turn.item_id not in self._playback]
        for turn in over:
            del self._turns[turn.item_id]
            self._report_turn(turn, turn.text if turn.sounds else self._heard(turn, None), now_ms)
            if not turn.sounds:
                self._break_quiet(now_ms)
        if not self.is_sounding(now_ms) and self._quiet_since_ms is None:
            self._quiet_since_ms = now_ms

    def is_sounding(self, now_ms: int) -> bool:
        """Tell whether the caller hears the agent now."""
        return bool(self._playback.sounding(now_ms))

    def is_aside_sounding(self, now_ms: int) -> bool:
        """Tell whether the caller hears a placeholder now."""
        turns = (self._turns.get(item_id) for item_id in self._playback.sounding(now_ms)[:1])
        return any(turn is not None and turn.aside for turn in turns)

    def quiet_since_ms(self, now_ms: int) -> int:
        """Since when nobody has said anything; now, if the agent is speaking."""
        return now_ms if self._quiet_since_ms is None else self._quiet_since_ms

    def deadline_ms(self, now_ms: int) -> int | None:
        """When the floor is free at the latest, if no acknowledgement comes."""
        return self._playback.deadline_ms(now_ms)

    # -- details -----------------------------------------------------------------------------------------

    def _break_quiet(self, now_ms: int) -> None:
        if self._quiet_since_ms is not None:
            self._quiet_since_ms = now_ms

    def _cut_turn(self, turn: AgentTurn, cut: Cut | None, now_ms: int) -> None:
        if cut is not None and cut.sent_ms > 0 and self._owns_playback and not turn.aside:
            self._outbox.send(ConversationItemTruncate(turn.item_id, 0, cut.heard_ms))
        self._report_turn(turn, self._heard(turn, cut), now_ms)

    def _heard(self, turn: AgentTurn, cut: Cut | None) -> str:
        if cut is not None:
            return estimate_heard_text(turn.text, cut.heard_ms, cut.sent_ms)
        # nothing was cut: written words were read; what a provider played for us we cannot know
        return "" if turn.spoken and self._owns_playback else turn.text

    def _report_turn(self, turn: AgentTurn, heard: str, now_ms: int) -> None:
        if turn.text and not turn.aside:
            started_ms = now_ms if turn.started_ms is None else turn.started_ms
            self._outbox.tell(AgentSaid(turn.item_id, turn.text, heard, started_ms))

    def _report_first_sound(self, item_id: str, now_ms: int) -> None:
        if self._waiting_since_ms is not None:
            self._outbox.tell(FirstSound(item_id, now_ms - self._waiting_since_ms))
            self._waiting_since_ms = None

    def _find_turn(self, response_id: str, item_id: str) -> AgentTurn | None:
        if response_id not in self._asides:
            return None
        turn = self._turns.get(item_id)
        if turn is None:
            turn = self._turns[item_id] = AgentTurn(item_id, response_id, aside=self._asides[response_id])
        return turn


def _name_interruption(cuts: list[Cut]) -> CallerInterrupted:
    # the item that was being played is the first one that was not heard whole
    cut = next((cut for cut in cuts if cut.heard_ms < cut.sent_ms), cuts[-1])
    return CallerInterrupted(cut.item_id, cut.heard_ms)
