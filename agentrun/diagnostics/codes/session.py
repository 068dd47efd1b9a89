"""AR3xx: model, voice and the settings of the session. AR9xx: accepted, but not run yet."""

from __future__ import annotations

from agentrun.diagnostics.codes.row import Code

SESSION_CODES = (
    Code(
        "AR301",
        "unknown model",
        "warning",
        "The provider `openai` has no realtime model of this name, as far as this version of agentrun "
        "knows. It is sent as it is, so a new model works on its first day. For one that lives on a "
        "server of your own, say `provider: compatible` "
        "and give its `base_url`.",
        bad="model: gpt-realtime-21",
        good="model: gpt-realtime-2.1",
        arguable=True,
    ),
    Code(
        "AR302",
        "model is retired or will be",
        "warning",
        "The provider has announced the day on which the model stops to answer. Before that day this is a "
        "warning, after it an error.",
        bad="model: gpt-4o-realtime-preview",
        good="model: gpt-realtime-2.1",
        arguable=True,
    ),
    Code(
        "AR303",
        "unknown voice",
        "error",
        "The provider has no voice of this name. A custom voice is given by its id: `voice: {id: voice_…}`.",
        bad="voice: marine",
        good="voice: marin",
        arguable=True,
    ),
    Code(
        "AR304",
        "setting that the model refuses",
        "error",
        "`reasoning` and `parallel_tool_calls` exist for reasoning models only, and the bound of "
        "`max_output_tokens` depends on the model.",
        bad="model: {name: gpt-realtime-1.5, reasoning: {effort: low}}",
        good="model: {name: gpt-realtime-2.1, reasoning: {effort: low}}",
    ),
    Code(
        "AR305",
        "setting that the transcription model refuses",
        "error",
        "`delay` exists for `gpt-realtime-whisper`, `keywords` and `languages` for `gpt-transcribe` and "
        "`gpt-live-transcribe`, and `prompt` for neither `gpt-realtime-whisper` nor diarization.",
        bad="transcription: {model: gpt-realtime-whisper, keywords: [Harbour]}",
        good="transcription: {model: gpt-transcribe, keywords: [Harbour]}",
    ),
    Code(
        "AR306",
        "stored prompts are ending",
        "warning",
        "The provider switches stored prompts off on 2026-11-30. Put the text into `instructions`, or "
        "into a file that `instructions: {file: …}` names.",
        bad="prompt: {id: pmpt_123}",
        good="instructions: You are the order desk of a book shop.",
        arguable=True,
    ),
    Code(
        "AR307",
        "unknown language",
        "error",
        "The language is a code of two letters from ISO 639-1, such as `en`, `ko`, `de`.",
        bad="language: kr",
        good="language: ko",
        arguable=True,
    ),
    Code(
        "AR308",
        "tool_choice names no tool",
        "error",
        "`tool_choice` is `auto`, `none`, `required` or the name of a tool of this agent.",
        bad="tool_choice: lookup_order\ntools: [{builtin: hang_up}]",
        good="tool_choice: hang_up\ntools: [{builtin: hang_up}]",
    ),
    Code(
        "AR309",
        "provider without an address",
        "error",
        "`provider: azure` and `provider: compatible` have no address of their own: `base_url` is needed.",
        bad="model: {name: my-model, provider: compatible}",
        good="model: {name: my-model, provider: compatible, base_url: 'https://models.example.com/v1'}",
    ),
    Code(
        "AR310",
        "setting that SIP calls refuse",
        "note",
        "Sessions that come in by SIP refuse `threshold`, `prefix_padding_ms` and `silence_duration_ms`. The "
        "agent works on the page and over relayed telephony; to answer SIP calls too, leave them out, or use "
        "`semantic_vad` with `eagerness`.",
        bad="turn_detection: {type: server_vad, threshold: 0.6}",
        good="turn_detection: {type: server_vad}",
    ),
    Code(
        "AR311",
        "instructions and tools are very long",
        "warning",
        "Instructions and tools stand before every turn: they are paid for each time, and only a part of the "
        "model's memory is certain to take them. The number is an estimate, within about a fifth. Put texts "
        "to look things up in behind a tool.",
        bad="instructions: {file: prompts/everything.md}",
        good="instructions: {file: prompts/desk.md}",
    ),
    Code(
        "AR901",
        "not supported yet",
        "note",
        "The field or file is part of the format and its form is checked, but this version of agentrun does "
        "not act on it.",
        bad="budget: {max_minutes: 10}",
        good="session: {max_duration: 10m}",
    ),
)
