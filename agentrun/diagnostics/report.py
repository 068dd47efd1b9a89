"""What the renderers render."""

from __future__ import annotations

import os.path
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
        strict: whether warnings fail, too.
        folder: absolute path of the folder that relative paths start from.
        root: absolute path of the folder that paths are relative to in formats that are read elsewhere
            (GitHub, SARIF, JUnit), for example the root of the repository; empty is the same as `folder`.

    """

    findings: tuple[Diagnostic, ...]
    files: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    strict: bool = False
    folder: str = ""
    root: str = ""

    def fails(self, finding: Diagnostic) -> bool:
        """Return whether a finding makes the run fail."""
        return finding.severity == "error" or (self.strict and finding.severity == "warning")

    def locate(self, file: str) -> str:
        """Return a file's path relative to `root`, with slashes; a file outside stays absolute."""
        if not self.folder:
            return file.replace(os.path.sep, "/")
        path, root = os.path.normpath(os.path.join(self.folder, file)), self.root or self.folder
        inside = path.startswith(os.path.join(root, ""))
        return (os.path.relpath(path, root) if inside else path).replace(os.path.sep, "/")
