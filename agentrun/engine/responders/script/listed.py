"""The mind that does exactly what it was told beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agentrun.engine.seams import Move, Prompt


class ScriptedResponder:
    """Answers each response with the next list of moves; after the last list, with nothing.

    Attributes:
        prompts: what was asked so far, for tests to look at.

    """

    def __init__(self, script: Iterable[Sequence[Move]]) -> None:
        self._script = iter(script)
        self.prompts: list[Prompt] = []

    def respond(self, prompt: Prompt) -> Sequence[Move]:
        """Return the next moves of the script, whatever is asked."""
        self.prompts.append(prompt)
        return next(self._script, ())
