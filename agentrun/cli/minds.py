"""The options of `agentrun engine` that say what thinks, listens and speaks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from agentrun.engine.opening import EngineChoice
    from agentrun.engine.speech.remote import RemotePart
    from agentrun.secret import Secret

_MIND, _SPEECH = "What thinks", "What listens and speaks"

Responder: TypeAlias = Annotated[
    str,
    typer.Option(
        help="What thinks: `rehearsal`, `chat`, `script` or `gullible`; by default what the options below"
        " name, else `rehearsal`.",
        rich_help_panel=_MIND,
    ),
]
ChatUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Think with this chat-completions server, such as http://127.0.0.1:11434/v1; its key is read"
        " from AGENTRUN_CHAT_API_KEY.",
        rich_help_panel=_MIND,
    ),
]
ChatModel: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The model of that server.", rich_help_panel=_MIND),
]
ScriptFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Do exactly what this file says.", rich_help_panel=_MIND),
]
SttUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Listen with this server of /v1/audio/transcriptions; its key is read from"
        " AGENTRUN_STT_API_KEY.",
        rich_help_panel=_SPEECH,
    ),
]
SttModel: TypeAlias = Annotated[
    str, typer.Option(metavar="NAME", help="The model of that server.", rich_help_panel=_SPEECH)
]
TtsUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Speak with this server of /v1/audio/speech; its key is read from AGENTRUN_TTS_API_KEY.",
        rich_help_panel=_SPEECH,
    ),
]
TtsModel: TypeAlias = Annotated[
    str, typer.Option(metavar="NAME", help="The model of that server.", rich_help_panel=_SPEECH)
]
TtsVoice: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Its voice, whatever voice a session asks for.", rich_help_panel=_SPEECH
    ),
]


@dataclass(frozen=True, slots=True)
class MindOptions:
    """The options as they were given."""

    responder: str
    chat_url: str | None
    chat_model: str | None
    script: Path | None
    stt_url: str | None
    stt_model: str
    tts_url: str | None
    tts_model: str
    tts_voice: str | None

    def choose(self) -> EngineChoice:
        """Return what they mean.

        Raises:
            typer.BadParameter: they do not go together, or one is wrong.

        """
        from agentrun.engine.opening import RESPONDERS, EngineChoice
        from agentrun.engine.responders.chat import ChatOptions

        responder = self.responder or self._guess_responder()
        if responder not in RESPONDERS:
            message = f"`{responder}` is not one of {', '.join(RESPONDERS)}"
            raise typer.BadParameter(message, param_hint="--responder")
        _check_company(responder, "chat", self.chat_url or self.chat_model, "--chat-url")
        _check_company(responder, "script", self.script, "--script")
        chat = None
        if responder == "chat":
            if not (self.chat_url and self.chat_model):
                missing = "--chat-model" if self.chat_url else "--chat-url"
                raise typer.BadParameter("the chat mind needs a server and a model", param_hint=missing)
            url = _check_url(self.chat_url, "--chat-url")
            chat = ChatOptions(url, self.chat_model, _read_key("AGENTRUN_CHAT_API_KEY"))
        if responder == "script" and self.script is None:
            raise typer.BadParameter("the scripted mind needs a file", param_hint="--script")
        ears = _choose_part(self.stt_url, self.stt_model, "AGENTRUN_STT_API_KEY", "--stt-url")
        mouth = _choose_part(
            self.tts_url, self.tts_model, "AGENTRUN_TTS_API_KEY", "--tts-url", self.tts_voice
        )
        return EngineChoice(responder, chat, self.script, ears, mouth)

    def _guess_responder(self) -> str:
        if self.chat_url or self.chat_model:
            return "chat"
        return "script" if self.script else "rehearsal"


def _check_company(responder: str, wanted: str, given: object, option: str) -> None:
    if given and responder != wanted:
        message = f"it goes with `--responder {wanted}`, and not with `{responder}`"
        raise typer.BadParameter(message, param_hint=option)


def _choose_part(
    url: str | None, model: str, key: str, option: str, voice: str | None = None
) -> RemotePart | None:
    from agentrun.engine.speech.remote import RemotePart

    if url is None:
        return None
    return RemotePart(_check_url(url, option), model, _read_key(key), voice)


def _check_url(url: str, option: str) -> str:
    from agentrun.engine.remote.server import complete_url

    try:
        complete_url(url, "")
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error
    return url


def _read_key(name: str) -> Secret | None:
    from agentrun.secret import Secret

    key = os.environ.get(name)
    return Secret(key) if key else None
