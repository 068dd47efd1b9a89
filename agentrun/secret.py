"""A value that must not be printed."""

from __future__ import annotations

from typing import Any


class Secret:
    """Text that shows as `***` wherever it is printed, logged, compared in a failing test or serialised.

    Call `reveal()` at the one place where the text leaves the process on purpose (a header, a query).
    Equality compares the hidden texts, so that plans stay comparable.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the hidden text."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(("Secret", self._text))

    def __deepcopy__(self, memo: dict[int, object]) -> Secret:
        return self

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a Secret cannot be pickled")


def reveal(value: str | Secret) -> str:
    """Return the text of a value that may or may not be secret."""
    return value.reveal() if isinstance(value, Secret) else value


def reveal_tree(value: Any) -> Any:
    """Return JSON with every secret in it revealed."""
    match value:
        case Secret():
            return value.reveal()
        case dict():
            return {key: reveal_tree(inner) for key, inner in value.items()}
        case list():
            return [reveal_tree(inner) for inner in value]
    return value
