"""What a mind is told of a session beside its items: the language, and what was only guessed at."""

from __future__ import annotations

from agentrun.engine.effects import Heard, Transcribe
from tests.engine.kit import Session


def hear(session: Session, text: str, *, confident: bool) -> str:
    session.send("input_audio_buffer.append", audio="AAAA" * 8000)
    item: str = session.send("input_audio_buffer.commit")[0]["item_id"]
    session.put(Heard(item, text, confident=confident))
    return item


def test_a_mind_knows_which_words_are_guesses() -> None:
    session = Session([[], []], hold=(Transcribe,))
    session.update(audio={"input": {"turn_detection": None}})
    guessed = hear(session, "where is A1001", confident=False)
    session.send("response.create")
    hear(session, "A1002", confident=True)
    session.send("response.create")
    assert [prompt.unsure for prompt in session.prompts] == [frozenset({guessed})] * 2


def test_a_mind_knows_the_language_of_the_session() -> None:
    session = Session([[], []])
    session.send("response.create")
    session.update(audio={"input": {"transcription": {"model": "whisper-1", "language": "ko"}}})
    session.send("response.create")
    assert [prompt.language for prompt in session.prompts] == [None, "ko"]
