"""What the renderers render."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agentrun.diagnostics.model import Diagnostic


@dataclass(frozen=True, slots=True)
class Report:
    """Findings of one run.

    Attributes:
        findings: in file order.
        files: paths of the files that were asked for (not of those they include).
        sources: text of the files that findings point into, by the path used in their spans; a file that
            is missing here is rendered without an excerpt.

    """

    findings: tuple[Diagnostic, ...]
    files: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
