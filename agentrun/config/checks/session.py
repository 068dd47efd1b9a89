"""Checks of model, voice, language and transcription against what the provider offers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

from agentrun.config.catalogue import (
    BEST_MODEL,
    BEST_TRANSCRIPTION,
    BETA_SESSION_NAMES,
    COUNTRY_FOR_LANGUAGE,
    LANGUAGES,
    MODELS,
    SIP_REFUSES,
    STORED_PROMPTS_END,
    TRANSCRIPTION_MODELS,
    VOICES,
    ModelFacts,
)
from agentrun.config.checks.case import AgentCase, read_tool_name
from agentrun.config.nodes import (
    Path,
    YamlNode,
    YamlScalar,
    find_key,
    find_list,
    find_map,
    find_node,
    find_text,
    to_json,
)
from agentrun.config.suggest import suggest
from agentrun.config.tokens import estimate_tokens
from agentrun.diagnostics import Diagnostic, Remark, Severity, diagnose


def _is_openai(case: AgentCase) -> bool:
    provider = case.text("model", "provider")
    return provider is None or provider.value == "openai"


def _find_model(case: AgentCase) -> YamlScalar | None:
    return case.text("model") or case.text("model", "name")


def _path_to(case: AgentCase, field: str, key: str) -> Path:
    """Return where the name stands in a field that is a name, or a mapping with the name in it."""
    return (field, key) if find_map(case.tree, field) else (field,)


def _find_facts(case: AgentCase) -> ModelFacts | None:
    model = _find_model(case)
    return MODELS.get(str(model.value) if model else BEST_MODEL) if _is_openai(case) else None


def _retirement(path: Path, ends: date, today: date, model: YamlScalar, best: str) -> Diagnostic:
    gone = ends <= today
    verb = "was shut down" if gone else "will be shut down"
    return diagnose(
        "AR302",
        f"the model `{model.value}` {verb} on {ends}",
        model.span,
        hint=f"use `{best}`",
        path=path,
        severity="error" if gone else "warning",
    )


def check_model(case: AgentCase) -> Iterator[Diagnostic]:
    """The model exists and is not retired."""
    model = _find_model(case)
    if model is None or not _is_openai(case):
        return
    facts = MODELS.get(str(model.value))
    if facts is None:
        hint = suggest(str(model.value), [name for name, row in MODELS.items() if row.ends is None])
        hint += " (a server of your own needs `provider: compatible`)"
        message, path = f"`{model.value}` is no realtime model", _path_to(case, "model", "name")
        yield diagnose("AR301", message, model.span, hint=hint, path=path)
    elif facts.ends is not None:
        yield _retirement(_path_to(case, "model", "name"), facts.ends, case.today, model, BEST_MODEL)


def check_model_settings(case: AgentCase) -> Iterator[Diagnostic]:
    """The model accepts the settings that the file gives it."""
    facts = _find_facts(case)
    if facts is None:
        return
    for key in ("reasoning", "parallel_tool_calls"):
        if not facts.reasoning and find_node(case.tree, ("model", key)) is not None:
            message = f"`{key}` is for reasoning models only"
            span = find_key(case.tree, ("model", key))
            notes = _note_model(_find_model(case))
            hint = f"`{BEST_MODEL}` is one"
            yield diagnose("AR304", message, span, hint=hint, path=("model", key), notes=notes)
    bound = find_node(case.tree, ("model", "max_output_tokens"))
    if (
        isinstance(bound, YamlScalar)
        and isinstance(bound.value, int)
        and bound.value > facts.most_output_tokens
    ):
        message = f"`max_output_tokens` must be at most {facts.most_output_tokens} for this model"
        path = ("model", "max_output_tokens")
        notes, hint = _note_model(_find_model(case)), "`inf` is as much as possible"
        yield diagnose("AR304", message, bound.span, hint=hint, path=path, notes=notes)


def _note_model(model: YamlScalar | None) -> list[Remark]:
    return [Remark("the model is named here", model.span)] if model else []


def check_provider(case: AgentCase) -> Iterator[Diagnostic]:
    """A provider without an address of its own is given one."""
    provider = case.text("model", "provider")
    if provider is None or provider.value not in ("azure", "compatible"):
        return
    if find_node(case.tree, ("model", "base_url")) is None:
        message = f"`provider: {provider.value}` needs `base_url`"
        hint = "for example https://models.example.com/v1"
        yield diagnose("AR309", message, provider.span, hint=hint, path=("model", "provider"))


def check_voice(case: AgentCase) -> Iterator[Diagnostic]:
    """The voice exists."""
    voice = case.text("voice") or case.text("voice", "name")
    if voice is not None and _is_openai(case) and voice.value not in VOICES:
        hint = suggest(str(voice.value), VOICES)
        message, path = f"there is no voice `{voice.value}`", _path_to(case, "voice", "name")
        yield diagnose("AR303", message, voice.span, hint=hint, path=path)


def check_languages(case: AgentCase) -> Iterator[Diagnostic]:
    """Every language is a code of ISO 639-1."""
    several = find_list(case.tree, "transcription", "languages")
    paths: list[Path] = [("language",), ("transcription", "language")]
    paths += [("transcription", "languages", index) for index in range(len(several.items if several else ()))]
    for path in paths:
        language = case.text(*path)
        if language is not None:
            yield from _check_language(str(language.value), language, path)


def _check_language(code: str, language: YamlScalar, path: Path) -> Iterator[Diagnostic]:
    if code == "kr":
        hint = "Korean is `ko`"
        yield diagnose("AR307", "`kr` is Kanuri", language.span, hint=hint, path=path, severity="warning")
    if code in LANGUAGES:
        return
    base = code.replace("_", "-").split("-")[0].lower()
    guess = COUNTRY_FOR_LANGUAGE.get(base) or (base if base in LANGUAGES else None)
    hint = f"did you mean `{guess}`?" if guess else "codes have two letters: `en`, `ko`, `de`"
    yield diagnose("AR307", f"`{code}` is no language code of ISO 639-1", language.span, hint=hint, path=path)


def check_transcription(case: AgentCase) -> Iterator[Diagnostic]:
    """The transcription model exists, is not retired, and accepts its settings."""
    model = case.text("transcription") or case.text("transcription", "model")
    name = str(model.value) if model else BEST_TRANSCRIPTION
    if not _is_openai(case) or name == "off":
        return
    facts, path = TRANSCRIPTION_MODELS.get(name), _path_to(case, "transcription", "model")
    if facts is None:
        assert model is not None
        hint = suggest(name, TRANSCRIPTION_MODELS)
        message = f"`{name}` is no transcription model"
        yield diagnose("AR301", message, model.span, hint=hint, path=path)
        return
    if facts.ends is not None and model is not None:
        yield _retirement(path, facts.ends, case.today, model, BEST_TRANSCRIPTION)
    yield from _check_transcription_settings(case, name, facts.settings, _note_model(model))


def _check_transcription_settings(
    case: AgentCase, name: str, accepted: frozenset[str], notes: list[Remark]
) -> Iterator[Diagnostic]:
    for key in ("prompt", "keywords", "languages", "delay"):
        path = ("transcription", key)
        if key not in accepted and find_node(case.tree, path) is not None:
            fitting = [other for other, row in TRANSCRIPTION_MODELS.items() if key in row.settings]
            names = " and ".join(f"`{other}`" for other in fitting[:2])
            hint = f"{names} {'has' if len(fitting) == 1 else 'have'} it"
            span, message = find_key(case.tree, path), f"`{name}` has no `{key}`"
            yield diagnose("AR305", message, span, hint=hint, path=path, notes=notes)


def check_tool_choice(case: AgentCase) -> Iterator[Diagnostic]:
    """`tool_choice` names a tool of this agent."""
    chosen = case.text("tool_choice")
    if chosen is None or chosen.value in ("auto", "none"):
        return
    names = [name for _, tool in case.tools() if (name := read_tool_name(tool))]
    path = ("tool_choice",)
    servers = find_list(case.tree, "mcp_servers")
    labels = [find_text(server, "label") for server in (servers.items if servers else ())]
    if chosen.value == "required":
        if not names and not labels:
            message = "`tool_choice: required` needs at least one tool"
            yield diagnose("AR308", message, chosen.span, hint="add a tool, or use `auto`", path=path)
    elif chosen.value not in names and not any(
        label is not None and str(chosen.value).startswith(f"{label.value}_") for label in labels
    ):
        hint = suggest(str(chosen.value), [*names, "auto", "none", "required"])
        yield diagnose("AR308", f"there is no tool `{chosen.value}`", chosen.span, hint=hint, path=path)


def check_prompt(case: AgentCase) -> Iterator[Diagnostic]:
    """Stored prompts end soon, or have ended."""
    if "prompt" in case.tree.entries:
        gone = case.today >= STORED_PROMPTS_END
        message = f"the provider {'ended' if gone else 'ends'} stored prompts on {STORED_PROMPTS_END}"
        severity: Severity = "error" if gone else "warning"
        span = case.tree.entries["prompt"].key
        hint = "put the text into `instructions`"
        yield diagnose("AR306", message, span, hint=hint, path=("prompt",), severity=severity)


def check_sip(case: AgentCase) -> Iterator[Diagnostic]:
    """The settings of turn detection work on the telephone, too."""
    for key in SIP_REFUSES:
        path = ("turn_detection", key)
        node = find_node(case.tree, path)
        if _is_openai(case) and isinstance(node, YamlScalar) and node.value is not None:
            message = f"`{key}` is refused on calls that come in by SIP"
            hint = "fine for the page and for relayed telephony; for SIP leave it to the model's default"
            yield diagnose("AR310", message, find_key(case.tree, path), hint=hint, path=path)


def check_overrides(case: AgentCase) -> Iterator[Diagnostic]:
    """`overrides` speaks the language of today's API."""
    overrides = find_map(case.tree, "overrides")
    for key, entry in overrides.entries.items() if overrides else ():
        if key in BETA_SESSION_NAMES:
            today = BETA_SESSION_NAMES[key]
            hint = f"write `{today}`" if today else "remove it: there is no such setting any more"
            message = f"`{key}` is a name of the retired beta API"
            yield diagnose("AR202", message, entry.key, hint=hint, path=("overrides", key))


def check_standing_tokens(case: AgentCase) -> Iterator[Diagnostic]:
    """Instructions and tools fit into the part of the model's memory that is never given up."""
    facts = _find_facts(case)
    if facts is None or case.instructions is None or not isinstance(case.instructions.value, str):
        return
    spoken = estimate_tokens(case.instructions.value)
    tools = find_list(case.tree, "tools")
    called = sum(map(_estimate_tool, tools.items if tools else ()))
    if spoken + called > facts.most_standing_tokens:
        message = (
            f"instructions and tools are about {spoken + called:,} tokens, "
            f"and {facts.most_standing_tokens:,} are certain to fit"
        )
        hint = f"about {spoken:,} of them are instructions; put texts to look things up in behind a tool"
        path: Path = ("instructions",) if spoken >= called else ("tools",)
        yield diagnose("AR311", message, find_key(case.tree, path), hint=hint, path=path)


def _estimate_tool(tool: YamlNode) -> int:
    """Estimate what the model reads of a tool; what Python tools leave to the function is not known here."""
    seen = [find_node(tool, (key,)) for key in ("name", "description", "parameters")]
    words = [json.dumps(to_json(node, reveal=True), ensure_ascii=False) for node in seen if node is not None]
    return estimate_tokens(" ".join(words))
