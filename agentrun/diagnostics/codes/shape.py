"""AR2xx: keys and values."""

from __future__ import annotations

from agentrun.diagnostics.codes.row import Code

SHAPE_CODES = (
    Code(
        "AR201",
        "unknown key",
        "error",
        "The key is not part of the agent file at this place: a slip of the keyboard, a key of another "
        "place, or a key of another version. Keys that start with `x-` at the top of the file are yours.",
        bad="voise: marin",
        good="voice: marin",
    ),
    Code(
        "AR202",
        "name of the retired beta API",
        "error",
        "The beta of the Realtime API ended on 2026-05-12 and many of its names changed. The message "
        "gives today's name.",
        bad="input_audio_transcription: {model: gpt-realtime-whisper}",
        good="transcription: {model: gpt-realtime-whisper}",
    ),
    Code(
        "AR203",
        "key is missing",
        "error",
        "The mapping at this place cannot work without the key.",
        bad="turn_detection: {eagerness: low}",
        good="turn_detection: {type: semantic_vad, eagerness: low}",
    ),
    Code(
        "AR204",
        "key without a value",
        "error",
        "The key stands there with nothing after it, which YAML reads as `null`. Give a value or remove "
        "the key. `null` has a meaning only in a file with `extends`, where it removes what the other "
        "file says.",
        bad="tools:",
        good="tools: []",
    ),
    Code(
        "AR210",
        "wrong type",
        "error",
        "A text stands where a number is needed, a list where a mapping is needed, and so on.",
        bad="tools: lookup_order",
        good="tools: []",
    ),
    Code(
        "AR211",
        "word where true or false is needed",
        "error",
        "YAML 1.2 knows only `true` and `false`; `yes`, `no`, `on` and `off` are texts. (YAML 1.1 read "
        "them as booleans, which is how the language code `no` of Norwegian was lost.)",
        bad="greeting: {say: Hello, interruptible: no}",
        good="greeting: {say: Hello, interruptible: false}",
    ),
    Code(
        "AR212",
        "quantity without its unit",
        "error",
        "Times have a unit, so that nobody has to guess: `700ms`, `8s`, `15m`, `1h`. Sizes have one too: "
        "`16KiB`, `2MiB`. Fields that mirror the API end in `_ms` and are plain numbers.",
        bad="session: {max_duration: 15}",
        good="session: {max_duration: 15m}",
    ),
    Code(
        "AR213",
        "not one of the allowed values",
        "error",
        "The field takes one of a few words; the message lists them.",
        bad="output: video",
        good="output: audio",
    ),
    Code(
        "AR214",
        "number out of range",
        "error",
        "The number is smaller or larger than the field allows.",
        bad="voice: {name: marin, speed: 2}",
        good="voice: {name: marin, speed: 1.2}",
    ),
    Code(
        "AR215",
        "text of the wrong form",
        "error",
        "The field has a fixed form, for example a name of lower-case letters, digits, `-` and `_`.",
        bad="name: Order Desk",
        good="name: order-desk",
    ),
    Code(
        "AR216",
        "exactly one of several keys",
        "error",
        "The keys exclude each other, and one of them is needed: a tool is `python`, `http` or `builtin`; "
        "a greeting is the words to `say` or `instructions` for the model.",
        bad="greeting: {say: Hello, instructions: Greet the caller}",
        good="greeting: {say: Hello}",
    ),
    Code(
        "AR217",
        "key does not go with another value",
        "error",
        "The key exists, but not together with what stands beside it: `eagerness` belongs to "
        "`semantic_vad`, the thresholds and times belong to `server_vad`.",
        bad="turn_detection: {type: server_vad, eagerness: low}",
        good="turn_detection: {type: semantic_vad, eagerness: low}",
    ),
    Code(
        "AR218",
        "too short or too long",
        "error",
        "The text or the list has too few or too many entries; an empty text is usually a forgotten one.",
        bad='instructions: ""',
        good="instructions: You are the order desk of a book shop.",
    ),
)
