"""The registry of codes: one row each, kept in one module for each hundred.

A new code is a row in one of these modules; `agentrun explain` and the tests find it by itself. The tests run
both examples of every row: the bad one must yield the code and the good one must not.
"""

from __future__ import annotations

from collections.abc import Mapping

from agentrun.diagnostics.codes.calls import CALL_CODES
from agentrun.diagnostics.codes.files import FILE_CODES
from agentrun.diagnostics.codes.names import NAME_CODES
from agentrun.diagnostics.codes.row import Code
from agentrun.diagnostics.codes.scenarios import SCENARIO_CODES
from agentrun.diagnostics.codes.session import SESSION_CODES
from agentrun.diagnostics.codes.shape import SHAPE_CODES
from agentrun.diagnostics.codes.tools import TOOL_CODES

_ROWS = (
    *FILE_CODES,
    *NAME_CODES,
    *SHAPE_CODES,
    *SESSION_CODES,
    *TOOL_CODES,
    *CALL_CODES,
    *SCENARIO_CODES,
)

CODES: Mapping[str, Code] = {row.code: row for row in sorted(_ROWS, key=lambda row: row.code)}


def find_code(code: str) -> Code:
    """Return the row of a code.

    Raises:
        KeyError: there is no such code.

    """
    return CODES[code]


__all__ = ["CODES", "Code", "find_code"]
