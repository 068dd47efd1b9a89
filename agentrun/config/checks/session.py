"""Checks of model, voice, language and transcription against what the provider offers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from agentrun.config.catalogue import (
    BEST_MODEL,
    BEST_TRANSCRIPTION,
    COUNTRY_FOR_LANGUAGE,
    LANGUAGES,
    MODELS,
    TRANSCRIPTION_MODELS,
    VOICES,
    ModelFacts,
)
from agentrun.config.checks.case import AgentCase, read_tool_name
from agentrun.config.nodes import Path, YamlScalar, find_key, find_list, find_node
from agentrun.config.shape import suggest
from agentrun.diagnostics import Diagnostic, diagnose


def _is_openai(case: AgentCase) -> bool:
    provider = case.text("model", "provider")
    return provider is None or provider.value == "openai"


def _find_model(case: AgentCase) -> YamlScalar | None:
    return case.text("model") or case.text("model", "name")


def _find_facts(case: AgentCase) -> ModelFacts | None:
    model = _find_model(case)
    return MODELS.get(str(model.value) if model else BEST_MODEL) if _is_openai(case) else None


def _retirement(code_name: str, ends: date, today: date, model: YamlScalar, best: str) -> Diagnostic:
    gone = ends <= today
    verb = "was shut down" if gone else "will be shut down"
    return diagnose(
        "AR302",
        f"the model `{model.value}` {verb} on {ends}",
        model.span,
        hint=f"use `{best}`",
        path=(code_name,),
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
        yield diagnose(
            "AR301", f"`{model.value}` is no realtime model", model.span, hint=hint, path=("model",)
        )
    elif facts.ends is not None:
        yield _retirement("model", facts.ends, case.today, model, BEST_MODEL)


def check_model_settings(case: AgentCase) -> Iterator[Diagnostic]:
    """The model accepts the settings that the file gives it."""
    facts = _find_facts(case)
    if facts is None:
        return
    for key in ("reasoning", "parallel_tool_calls"):
        if not facts.reasoning and find_node(case.tree, ("model", key)) is not None:
            message = f"`{key}` is for reasoning models only"
            span = find_key(case.tree, ("model", key))
            yield diagnose("AR304", message, span, hint=f"`{BEST_MODEL}` is one", path=("model", key))
    bound = find_node(case.tree, ("model", "max_output_tokens"))
    if (
        isinstance(bound, YamlScalar)
        and isinstance(bound.value, int)
        and bound.value > facts.most_output_tokens
    ):
        message = f"`max_output_tokens` must be at most {facts.most_output_tokens} for this model"
        path = ("model", "max_output_tokens")
        yield diagnose("AR304", message, bound.span, hint="`inf` is as much as possible", path=path)


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
        yield diagnose("AR303", f"there is no voice `{voice.value}`", voice.span, hint=hint, path=("voice",))


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
    facts = TRANSCRIPTION_MODELS.get(name)
    if facts is None:
        assert model is not None
        hint = suggest(name, TRANSCRIPTION_MODELS)
        message = f"`{name}` is no transcription model"
        yield diagnose("AR301", message, model.span, hint=hint, path=("transcription",))
        return
    if facts.ends is not None and model is not None:
        yield _retirement("transcription", facts.ends, case.today, model, BEST_TRANSCRIPTION)
    yield from _check_transcription_settings(case, name, facts.settings)


def _check_transcription_settings(
    case: AgentCase, name: str, accepted: frozenset[str]
) -> Iterator[Diagnostic]:
    for key in ("prompt", "keywords", "languages", "delay"):
        path = ("transcription", key)
        if key not in accepted and find_node(case.tree, path) is not None:
            fitting = [other for other, row in TRANSCRIPTION_MODELS.items() if key in row.settings]
            hint = f"{' and '.join(f'`{other}`' for other in fitting[:2])} have it"
            yield diagnose(
                "AR305", f"`{name}` has no `{key}`", find_key(case.tree, path), hint=hint, path=path
            )


def check_tool_choice(case: AgentCase) -> Iterator[Diagnostic]:
    """`tool_choice` names a tool of this agent."""
    chosen = case.text("tool_choice")
    if chosen is None or chosen.value in ("auto", "none"):
        return
    names = [name for _, tool in case.tools() if (name := read_tool_name(tool))]
    path = ("tool_choice",)
    if chosen.value == "required":
        if not names:
            message = "`tool_choice: required` needs at least one tool"
            yield diagnose("AR308", message, chosen.span, hint="add a tool, or use `auto`", path=path)
    elif chosen.value not in names:
        hint = suggest(str(chosen.value), [*names, "auto", "none", "required"])
        yield diagnose("AR308", f"there is no tool `{chosen.value}`", chosen.span, hint=hint, path=path)


def check_prompt(case: AgentCase) -> Iterator[Diagnostic]:
    """Stored prompts end soon."""
    if "prompt" in case.tree.entries:
        span = case.tree.entries["prompt"].key
        message = "the provider ends stored prompts on 2026-11-30"
        hint = "put the text into `instructions`"
        yield diagnose("AR306", message, span, hint=hint, path=("prompt",))
