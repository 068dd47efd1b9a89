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
        bad: part of an agent file that yields the code (keys an agent needs are left out).
        good: the same part without the finding.

    """

    code: str
    title: str
    severity: Literal["error", "warning", "note"]
    story: str
    bad: str = ""
    good: str = ""
