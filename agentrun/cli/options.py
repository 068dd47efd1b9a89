"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Iterable

import typer

ENGINE_HELP = (
    "Who answers: `auto` (the provider where there is a key, else the embedded engine), `openai`, `embedded`,"
    " or the base URL of a Realtime service such as http://127.0.0.1:8765/v1."
)


def parse_variables(options: Iterable[str]) -> dict[str, str]:
    """Read `--var name=value` options.

    Raises:
        typer.BadParameter: an option has no `=` or no name.

    """
    variables: dict[str, str] = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or not name.strip():
            raise typer.BadParameter(f"`{option}` is not of the form NAME=VALUE", param_hint="--var")
        variables[name.strip()] = value
    return variables


def start_logging(*, verbose: bool, quiet: str = "CRITICAL") -> None:
    """Send the log to stderr: everything that happens if `verbose`, else from the level `quiet` up."""
    import logging
    import sys

    logging.basicConfig(
        stream=sys.stderr,
        level="INFO" if verbose else quiet,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
