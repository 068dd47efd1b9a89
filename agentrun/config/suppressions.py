"""`# agentrun: allow CODE reason` at the end of a line keeps a finding on that line from being reported.

Only what somebody may judge differently can be allowed: warnings, notes, and errors whose row of the registry
says so. A file with any other error could not be loaded, or would be refused by the API.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import yaml

from agentrun.config.places import normalize_lines
from agentrun.config.yamlfile import scan_scalars
from agentrun.diagnostics import Diagnostic, Span, diagnose

_COMMENT = re.compile(r"(?:^|(?<=\s))#[ \t]*agentrun:[ \t]*(.*)$", re.M)
_MOST_COMMENTS = 200  # of one file; those below them are not read
_ALLOW = re.compile(r"allow[ \t]+([A-Za-z]+\d+)[ \t]*(.*)")


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment.

    Attributes:
        span: from `allow` to the end of the line.

    """

    code: str
    span: Span


@dataclass(frozen=True, slots=True)
class Sifted:
    """Findings after the comments were heard.

    Attributes:
        findings: what is left, with what is wrong about the comments themselves.
        used: comments that kept a finding back.
        unused: comments that kept nothing back here; a file that several agents include may need them
            elsewhere.

    """

    findings: tuple[Diagnostic, ...]
    used: frozenset[Suppression] = frozenset()
    unused: frozenset[Suppression] = frozenset()


def sift_findings(findings: Iterable[Diagnostic], texts: Mapping[str, str]) -> Sifted:
    """Leave out the findings that a comment on their line allows.

    Args:
        findings: of one agent or scenario.
        texts: the YAML files that were read for it.

    """
    found = [entry for file, text in texts.items() for entry in _find_comments(text, file)]
    wrong = [entry for entry in found if isinstance(entry, Diagnostic)]
    allowed = {(s.span.file, s.span.line, s.code): s for s in found if isinstance(s, Suppression)}
    kept: list[Diagnostic] = []
    used: set[Suppression] = set()
    for finding in findings:
        suppression = allowed.get((finding.span.file, finding.span.line, finding.code))
        if suppression is None or not _can_be_allowed(finding):
            kept.append(finding)
        else:
            used.add(suppression)
    unused = frozenset(allowed.values()) - used
    return Sifted((*kept, *wrong), frozenset(used), unused)


def report_unused(suppression: Suppression) -> Diagnostic:
    """Return the finding for a comment that keeps nothing back."""
    message = f"there is no {suppression.code} on this line to allow"
    return diagnose("AR131", message, suppression.span, hint="remove the comment")


def _can_be_allowed(finding: Diagnostic) -> bool:
    from agentrun.diagnostics import find_code

    return finding.severity != "error" or find_code(finding.code).arguable


def _find_comments(text: str, file: str) -> Iterator[Suppression | Diagnostic]:
    if "agentrun:" not in text:
        return
    lines = normalize_lines(text)
    scalars = sorted(_find_scalars(lines))
    starts = [start for start, _ in scalars]
    seen = 0
    for match in _COMMENT.finditer(lines):
        before = bisect_right(starts, match.start())
        if before and match.start() < scalars[before - 1][1]:
            continue
        line = lines.count("\n", 0, match.start()) + 1
        column = match.start(1) - lines.rfind("\n", 0, match.start(1))
        span = Span(file, line, column, line, column + len(match[1].rstrip()))
        seen += 1
        if seen > _MOST_COMMENTS:
            message = f"a file has at most {_MOST_COMMENTS} comments to agentrun"
            yield diagnose("AR130", message, span, hint="this one and those below it are not read")
            return
        yield _read_comment(match[1].rstrip(), span)


def _find_scalars(text: str) -> Iterator[tuple[int, int]]:
    """Yield where values stand, which may contain the text of a comment without being one."""
    try:
        yield from scan_scalars(text)
    except yaml.YAMLError:
        return


def _read_comment(text: str, span: Span) -> Suppression | Diagnostic:
    from agentrun.diagnostics import CODES

    match = _ALLOW.fullmatch(text)
    if match is None:
        hint = "write `# agentrun: allow AR414 the answer comes at once`"
        return diagnose("AR130", "this comment is not `agentrun: allow CODE reason`", span, hint=hint)
    code = match[1].upper()
    if code not in CODES:
        return diagnose("AR130", f"there is no code `{match[1]}`", span, hint="see `agentrun explain`")
    if not match[2]:
        hint = "say after the code why it is all right here"
        return diagnose("AR130", f"allowing {code} needs a reason", span, hint=hint)
    if CODES[code].severity == "error" and not CODES[code].arguable:
        message = f"{code} cannot be allowed: {CODES[code].title}"
        return diagnose("AR130", message, span, hint="the agent would not run; mend the cause")
    return Suppression(code, span)
