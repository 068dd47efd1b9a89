"""Check of secrets that are written into a file instead of the environment."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import islice

from agentrun.config.checks.case import AgentCase
from agentrun.config.nodes import Path, YamlScalar, find_path
from agentrun.config.places import locate, normalize_lines
from agentrun.diagnostics import Diagnostic, Severity, Span, diagnose

# What the keys of well-known services look like, behind the words that each of them holds. They may stand
# anywhere, in comments and prompts too. Looking for the words first is much quicker than trying the formats.
_FORMATS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "an API key of OpenAI or Anthropic": (
        ("sk-",),
        r"\bsk-(?:proj-|svcacct-|ant-[a-z0-9]+-)?[A-Za-z0-9_-]{20,}",
    ),
    "an access key of AWS": (("AKIA", "ASIA"), r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a token of GitHub": (
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40,})",
    ),
    "a token of GitLab": (("glpat-",), r"\bglpat-[A-Za-z0-9_-]{20,}"),
    "a token of Slack": (("xox",), r"\bxox[abprs]-[A-Za-z0-9-]{20,}"),
    "an API key of Google": (("AIza",), r"\bAIza[0-9A-Za-z_-]{35}"),
    "a key of Stripe": (("sk_", "rk_"), r"\b[sr]k_(?:live|test)_[0-9A-Za-z]{16,}"),
    "an API key of Twilio": (("SK",), r"\bSK[0-9a-f]{32}\b"),
    "an API key of SendGrid": (("SG.",), r"\bSG\.[\w-]{16,}\.[\w-]{16,}"),
    "a token of Hugging Face": (("hf_",), r"\bhf_[A-Za-z0-9]{30,}"),
    "a secret of a webhook": (("whsec_",), r"\bwhsec_[A-Za-z0-9+/=]{24,}"),
    "a signed token": (("eyJ",), r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "a private key": (("PRIVATE KEY",), r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "a password in an address": (("@",), r"(?<=://)[^\s/:@${}<>]+:[^\s/:@${}<>]{6,}(?=@)"),
}
_KEY_LIKE = re.compile(
    r"api[_-]?key|token|secret|passw(or)?d|authorization|bearer|access[_-]?key|private[_-]?key", re.I
)
# Values that are nothing but a secret, whatever they look like; `*` stands for any index.
_SECRET_FIELDS = (
    ("tools", "*", "http", "auth", "bearer"),
    ("tools", "*", "http", "auth", "basic", "password"),
    ("tools", "*", "http", "auth", "oauth2", "client_secret"),
)
_MOST_KNOWN = 20  # of one file; the path of each is a search through the tree
_LEAST_LENGTH = 16
_OPAQUE = re.compile(r"(?:Bearer |Basic )?([A-Za-z0-9+/=_.~-]{16,})")
_LEAST_BITS = 3.2  # random text has more for each character, words and `your-key-here` have less


def check_secrets(case: AgentCase) -> Iterator[Diagnostic]:
    """No file holds a key, a token or a password."""
    known = [finding for file in sorted(case.texts) for finding in _find_known(case.texts[file], file)]
    yield from (replace(finding, path=find_path(case.tree, finding.span)) for finding in known)
    taken = {finding.span for finding in known}
    for path, scalar in case.scalars:
        if not isinstance(scalar.value, str) or scalar.unset:
            continue
        span = scalar.via or scalar.span
        severity: Severity | None = None
        found = _OPAQUE.fullmatch(scalar.value) if len(scalar.value) >= _LEAST_LENGTH else None
        if found is not None and _is_key_like(path) and _looks_random(found[1]):
            span, message = locate(case.texts, span, found[1]), "this looks like a secret"
        elif _is_written_out(path, scalar):
            message, severity = f"the value of `{path[-1]}` stands in the file", "warning"
        else:
            continue
        if not any(_overlap(span, other) for other in taken):
            yield _report(message, span, path, severity)


def _is_written_out(path: Path, scalar: YamlScalar) -> bool:
    """Return whether a field that holds a secret has it from no variable and no environment."""
    place = tuple("*" if isinstance(part, int) else part for part in path)
    return place in _SECRET_FIELDS and not ("{{" in scalar.text or "${" in scalar.text)


def _find_known(text: str, file: str) -> Iterator[Diagnostic]:
    kinds = tuple(kind for kind, (marks, _) in _FORMATS.items() if any(mark in text for mark in marks))
    if not kinds:
        return
    lines = normalize_lines(text)
    for match in islice(_compile_formats(kinds).finditer(lines), _MOST_KNOWN):
        kind = kinds[int(str(match.lastgroup)[1:])]
        line = lines.count("\n", 0, match.start()) + 1
        column = match.start() - lines.rfind("\n", 0, match.start())
        span = Span(file, line, column, line, column + len(match[0]))
        yield _report(f"this looks like {kind}", span, ())


@lru_cache(maxsize=64)
def _compile_formats(kinds: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<f{number}>{_FORMATS[kind][1]})" for number, kind in enumerate(kinds)))


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


def _report(message: str, span: Span, path: Path, severity: Severity | None = None) -> Diagnostic:
    hint = "put it into the environment or `.env`, write `${NAME}` here, and replace the key that was seen"
    return diagnose("AR111", message, span, hint=hint, path=path, severity=severity)
