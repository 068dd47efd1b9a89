"""Who a finding is: the same tomorrow, on another machine, and after lines were put in above it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from agentrun.diagnostics.model import Diagnostic, PathPart
from agentrun.diagnostics.report import Report


def show_path(path: Iterable[PathPart]) -> str:
    """Return a path as people write it: `tools[0].http.url`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def identify(report: Report) -> Iterator[tuple[Diagnostic, str]]:
    """Yield each finding with a fingerprint of 32 hexadecimal digits that is unique in the report.

    It depends on the code, the file's place in the project, the key in the file and the message, and not on
    the line; findings that are equal in all of these are counted.
    """
    from hashlib import sha256

    seen: Counter[tuple[str, ...]] = Counter()
    for finding in report.findings:
        place = show_path(finding.path)
        key = (finding.code, report.locate(finding.span.file), place, finding.message)
        seen[key] += 1
        text = "\0".join((*key, str(seen[key])))
        yield finding, sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
