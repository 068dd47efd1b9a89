"""Check of secrets that are written into a file instead of the environment."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from agentrun.config.checks.case import AgentCase
from agentrun.config.nodes import Path, find_path, walk_scalars
from agentrun.config.places import locate, normalize_lines
from agentrun.diagnostics import Diagnostic, Span, diagnose

# What the keys of well-known services look like. They may stand anywhere, in comments and prompts too.
_FORMATS = {
    "an API key of OpenAI or Anthropic": r"\bsk-(?:proj-|svcacct-|ant-[a-z0-9]+-)?[A-Za-z0-9_-]{20,}",
    "an access key of AWS": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40,})",
    "a token of GitLab": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "a token of Slack": r"\bxox[abprs]-[A-Za-z0-9-]{20,}",
    "an API key of Google": r"\bAIza[0-9A-Za-z_-]{35}",
    "a key of Stripe": r"\b[sr]k_(?:live|test)_[0-9A-Za-z]{16,}",
    "an API key of Twilio": r"\bSK[0-9a-f]{32}\b",
    "an API key of SendGrid": r"\bSG\.[\w-]{16,}\.[\w-]{16,}",
    "a token of Hugging Face": r"\bhf_[A-Za-z0-9]{30,}",
    "a secret of a webhook": r"\bwhsec_[A-Za-z0-9+/=]{24,}",
    "a signed token": r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}",
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "a password in an address": r"(?<=://)[^\s/:@${}<>]+:[^\s/:@${}<>]{6,}(?=@)",
}
_KNOWN = re.compile("|".join(f"(?P<f{number}>{form})" for number, form in enumerate(_FORMATS.values())))
# Each format holds one of these; looking for them first is ten times quicker than trying the formats.
_MARKS = (
    *(
        "sk-",
        "sk_",
        "rk_",
        "AKIA",
        "ASIA",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "glpat-",
        "xox",
        "AIza",
        "SK",
        "SG.",
        "hf_",
        "whsec_",
    ),
    *("eyJ", "PRIVATE KEY", "@"),
)
_KEY_LIKE = re.compile(
    r"api[_-]?key|token|secret|passw(or)?d|authorization|bearer|access[_-]?key|private[_-]?key", re.I
)
_OPAQUE = re.compile(r"(?:Bearer |Basic )?([A-Za-z0-9+/=_.~-]{16,})")
_LEAST_BITS = 3.2  # random text has more for each character, words and `your-key-here` have less


def check_secrets(case: AgentCase) -> Iterator[Diagnostic]:
    """No file holds a key, a token or a password."""
    known = [finding for file in sorted(case.texts) for finding in _find_known(case.texts[file], file)]
    yield from (replace(finding, path=find_path(case.tree, finding.span)) for finding in known)
    taken = {finding.span for finding in known}
    for path, scalar in walk_scalars(case.tree):
        found = _OPAQUE.fullmatch(scalar.value) if isinstance(scalar.value, str) else None
        if found is None or not _is_key_like(path) or not _looks_random(found[1]):
            continue
        span = locate(case.texts, scalar.via or scalar.span, found[1])
        if not any(_overlap(span, other) for other in taken):
            yield _report("this looks like a secret", span, path)


def _find_known(text: str, file: str) -> Iterator[Diagnostic]:
    if not any(mark in text for mark in _MARKS):
        return
    lines = normalize_lines(text)
    for match in _KNOWN.finditer(lines):
        kind = list(_FORMATS)[int(str(match.lastgroup)[1:])]
        line = lines.count("\n", 0, match.start()) + 1
        column = match.start() - lines.rfind("\n", 0, match.start())
        yield _report(f"this looks like {kind}", Span(file, line, column, line, column + len(match[0])), ())


def _is_key_like(path: Path) -> bool:
    """Return whether the key over a value says that it is a secret; keys of our own format never do."""
    last = next((part for part in reversed(path) if isinstance(part, str)), "")
    return bool(_KEY_LIKE.search(last)) or path[-3:-1] in ((("auth", "header")), ("auth", "query"))


def _looks_random(text: str) -> bool:
    kinds = sum(bool(re.search(kind, text)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    bits = -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())
    # Names such as `order-desk-2` have digits at their end; random text has them everywhere.
    mixed = len(re.findall(r"(?<=[0-9])[A-Za-z]|(?<=[A-Za-z])[0-9]", text)) >= 3
    return kinds >= 2 and mixed and bits >= _LEAST_BITS


def _overlap(one: Span, other: Span) -> bool:
    return (
        one.file == other.file
        and one.line == other.line
        and (one.column < other.end_column and other.column < one.end_column)
    )


def _report(message: str, span: Span, path: Path) -> Diagnostic:
    hint = "put it into the environment or `.env`, write `${NAME}` here, and replace the key that was seen"
    return diagnose("AR111", message, span, hint=hint, path=path)
