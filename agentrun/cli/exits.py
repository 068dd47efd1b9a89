"""Exit codes, and the one place where an outcome becomes a code and a printed verdict."""

from __future__ import annotations

import sys
import traceback
from enum import IntEnum

from agentrun.errors import (
    AgentrunError,
    ConfigError,
    ConnectFailed,
    ListenFailed,
    ToolError,
    TransportError,
)


class Exit(IntEnum):
    """Exit codes of every command."""

    FINE = 0
    FINDINGS = 1
    USAGE = 2
    BUG = 3
    ENVIRONMENT = 4
    NOTHING_MATCHED = 5
    INTERRUPTED = 130


def report_failure(error: BaseException) -> Exit:
    """Print what went wrong to stderr and return the code to leave with."""
    if isinstance(error, BaseExceptionGroup):
        error = _first_leaf(error)
    match error:
        case KeyboardInterrupt():
            return Exit.INTERRUPTED
        case ConfigError():
            return _show_findings(error)
        case ToolError():
            _say(str(error))
            return Exit.FINDINGS
        case ConnectFailed():
            _say(str(error), error.hint)
            return Exit.ENVIRONMENT
        case TransportError() | ListenFailed():
            _say(str(error))
            return Exit.ENVIRONMENT
        case AgentrunError():
            _say(str(error))
            return Exit.USAGE
        case BrokenPipeError():
            return Exit.FINE
        case _:
            traceback.print_exception(error, file=sys.stderr)
            _say("this is a bug in agentrun", "please report it with the lines above")
            return Exit.BUG


def _show_findings(error: ConfigError) -> Exit:
    from agentrun.cli.terminal import wants_color
    from agentrun.config import read_sources
    from agentrun.diagnostics import Report, render_text

    report = Report(error.diagnostics, sources=read_sources(error.diagnostics))
    print(render_text(report, color=wants_color(sys.stderr)), end="", file=sys.stderr)  # noqa: T201
    return Exit.FINDINGS


def _say(message: str, hint: str = "") -> None:
    print(f"agentrun: {message}", file=sys.stderr)  # noqa: T201
    if hint:
        print(f"  hint: {hint}", file=sys.stderr)  # noqa: T201


def _first_leaf(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _first_leaf(first) if isinstance(first, BaseExceptionGroup) else first
