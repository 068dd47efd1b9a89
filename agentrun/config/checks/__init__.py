"""What is checked beyond the shape of the file. A new check is one function in this list.

A check reads the tree of one agent and yields findings. It looks at one thing, takes nothing about the rest
of the file for granted, and runs no code of the user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agentrun.config.checks.case import AgentCase
from agentrun.config.checks.guardrails import check_expressions
from agentrun.config.checks.handoffs import check_handoff_circles, check_handoff_targets, check_handoff_voices
from agentrun.config.checks.later import check_later_builtins, check_later_confirm, check_later_fields
from agentrun.config.checks.mcp_servers import check_server_folders
from agentrun.config.checks.names import check_names, check_secret_places, check_variables
from agentrun.config.checks.parameters import check_parameters
from agentrun.config.checks.python_tools import check_python_tools
from agentrun.config.checks.secrets import check_secrets
from agentrun.config.checks.selections import check_selections
from agentrun.config.checks.session import (
    check_languages,
    check_model,
    check_model_settings,
    check_overrides,
    check_prompt,
    check_provider,
    check_sip,
    check_standing_tokens,
    check_tool_choice,
    check_transcription,
    check_voice,
)
from agentrun.config.checks.times import check_times
from agentrun.config.checks.tools import (
    check_dead_air,
    check_http_addresses,
    check_idempotency_keys,
    check_placeholders,
    check_retries,
    check_tool_descriptions,
    check_tool_names,
)
from agentrun.diagnostics import Diagnostic

Check = Callable[[AgentCase], Iterator[Diagnostic]]

CHECKS: tuple[Check, ...] = (
    check_model,
    check_model_settings,
    check_provider,
    check_voice,
    check_languages,
    check_transcription,
    check_tool_choice,
    check_prompt,
    check_sip,
    check_overrides,
    check_standing_tokens,
    check_names,
    check_variables,
    check_secret_places,
    check_secrets,
    check_tool_names,
    check_tool_descriptions,
    check_parameters,
    check_python_tools,
    check_http_addresses,
    check_server_folders,
    check_times,
    check_placeholders,
    check_dead_air,
    check_retries,
    check_idempotency_keys,
    check_selections,
    check_handoff_targets,
    check_handoff_circles,
    check_handoff_voices,
    check_expressions,
    check_later_confirm,
    check_later_fields,
    check_later_builtins,
)

__all__ = ["CHECKS", "AgentCase", "Check"]
