"""What a row of the registry holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding.

    Attributes:
        code: `AR` and three digits.
        title: the kind of finding in a few words.
        severity: how bad it is unless the place that finds it knows better.
        story: why it matters and what to do, a few sentences.
        bad: part of a file that yields the code (keys that every file needs are left out).
        good: the same part without the finding.
        kind: what the examples are parts of.
        arguable: whether `# agentrun: allow …` may keep back the finding although it is an error; warnings
            and notes can always be allowed.

    """

    code: str
    title: str
    severity: Literal["error", "warning", "note"]
    story: str
    bad: str = ""
    good: str = ""
    kind: Literal["agent", "scenario"] = "agent"
    arguable: bool = False
