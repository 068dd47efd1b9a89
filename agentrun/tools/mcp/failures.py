"""What went wrong with a server, as an error of a tool: is it certain that nothing was done?"""

from __future__ import annotations

from agentrun.errors import ToolError
from agentrun.mcp.groups import find_cause, shorten_error
from agentrun.plan import Effect, McpAddress, OAuthClient
from agentrun.secret import Secret, reveal
from agentrun.tools.call import CodedFailure, without_answer

CONNECTION_CLOSED = -32000
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603

_MAY_HAVE_RUN = frozenset({408, 409, 425, 429})
_LONGEST_MESSAGE = 500


def hide_secrets(address: McpAddress, text: str) -> str:
    """Return a server's words without the credentials that it was given."""
    known = [value for _, value in (*address.headers, *address.env)] + list(address.command)
    match address.authorization:
        case OAuthClient():
            known.append(address.authorization.client_secret)
        case str():
            known.append(Secret(address.authorization))
        case Secret():
            known.append(address.authorization)
    for value in known:
        if isinstance(value, Secret) and len(reveal(value)) > 3:
            text = text.replace(reveal(value), str(value))
    return text


def is_lost(error: Exception) -> bool:
    """Whether nothing more can come of a connection; a server that forgot a session refuses it for ever."""
    from mcp import MCPError

    return isinstance(error, MCPError) and (
        error.code == CONNECTION_CLOSED or (error.code == INVALID_REQUEST and "ession" in error.message)
    )


def judge_failure(error: Exception, effect: Effect, status: int, name: str) -> ToolError:
    """Return what a tool call comes to whose request to the server raised.

    Args:
        error: what was raised.
        effect: what the tool does to the world.
        status: of the last HTTP answer that was an error, or 0.
        name: of the tool, for people.

    """
    from mcp import MCPError

    if not isinstance(error, MCPError):
        return without_answer(effect, "bad_answer", f"The answer of `{name}` breaks the protocol.")
    code, message = error.code, error.message[:_LONGEST_MESSAGE]
    if code in (INTERNAL_ERROR, CONNECTION_CLOSED) and status:
        words = f"The server of `{name}` answered with HTTP status {status}."
        refused = 400 <= status < 500 and status not in _MAY_HAVE_RUN
        return (
            CodedFailure(f"http_{status}", words)
            if refused
            else without_answer(effect, f"http_{status}", words)
        )
    match code:
        case -32000:
            words = f"The connection to the server of `{name}` was lost."
            return without_answer(effect, "connection_lost", words)
        case -32600 | -32601 | -32602:
            return CodedFailure("refused_by_server", f"The server did not run `{name}`: {message}")
    return without_answer(effect, "server_error", f"The server of `{name}` failed: {message}")


def explain_start(address: McpAddress, error: BaseException | None, status: int, last_words: str) -> str:
    """Return why a server cannot be used, in one line for the operator.

    Args:
        address: of the server.
        error: what was raised, possibly a group.
        status: of the last HTTP answer that was an error, or 0.
        last_words: the last line that a program wrote on stderr, or nothing.

    """
    cause = find_cause(error)
    if status:
        hint = "; check `authorization`" if status in (401, 403) else ""
        words = f"it answers with HTTP status {status}{hint}"
    elif isinstance(cause, FileNotFoundError) and address.command:
        words = _explain_missing(address)
    elif isinstance(cause, TimeoutError):
        words = "it does not answer in time"
    elif address.command:
        words = f"it ended ({shorten_error(cause)})" if cause is not None else "it ended"
    else:
        words = f"{reveal(address.url or '')}: {shorten_error(cause)}"
    return hide_secrets(address, f"{words}; its last words: {last_words}" if last_words else words)


def _explain_missing(address: McpAddress) -> str:
    program = reveal(address.command[0])
    if " " in program and len(address.command) == 1:
        return f"there is no program `{program}`; write the words of `command` as a list"
    return f"there is no program `{program}`, or no folder `{address.cwd}`"
