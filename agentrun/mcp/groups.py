"""What went wrong, found in the exception groups that the `mcp` package raises, and quiet for its loggers."""

from __future__ import annotations

import logging
from collections.abc import Iterator


def find_leaves(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the single errors of a group, however deep; of a single error the error itself."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from find_leaves(inner)
    elif error is not None:
        yield error


def shorten_error(error: BaseException | None) -> str:
    """Return an error in one line of at most 300 characters; the name of its class if it says nothing."""
    words = " ".join(str(error or "").split())[:300]
    return words or (type(error).__name__ if error is not None else "no reason given")


def find_cause(error: BaseException | None) -> BaseException | None:
    """Return the error of a group that is nearest to the cause.

    What the transport says is nearer than what the session made of it, and a cancellation says nothing.
    """
    leaves = list(find_leaves(error))
    transport = (leaf for leaf in leaves if type(leaf).__module__.startswith("httpx2"))
    plain = (leaf for leaf in leaves if isinstance(leaf, Exception))
    return next(transport, None) or next(plain, None) or next(iter(leaves), None)


def quieten(name: str) -> None:
    """Keep a logger of the package from printing, with stacks, what comes back as an error all the same."""
    logger = logging.getLogger(name)
    if logger.level == logging.NOTSET:  # whoever wants to see it has set a level
        logger.setLevel(logging.CRITICAL)
