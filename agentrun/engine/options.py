"""What the operator of an engine decides about every session."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How sessions behave where the service leaves no choice, or clients need one.

    Attributes:
        lenient: whether members that the API does not know are dropped instead of refused, for clients whose
            makers add some of their own.
        overlap: whether a function call begins while the message before it is still being spoken, as recorded
            of the models that speak before they call; without it, items follow each other.

    """

    lenient: bool = False
    overlap: bool = True


USUAL_OPTIONS = SessionOptions()
"""As the service is."""
