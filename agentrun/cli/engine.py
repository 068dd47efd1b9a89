"""`agentrun engine`: the embedded Realtime server alone, for any Realtime client."""

from __future__ import annotations

from typing import Annotated

import typer

from agentrun.cli.options import start_logging


def engine_command(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any free one.")
    ] = 8765,
    responder: Annotated[str, typer.Option(help="What thinks: `rehearsal`.")] = "rehearsal",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens in sessions.")] = False,
) -> None:
    """Serve the Realtime protocol offline, so that any client of it can be tried without a key.

    Example: agentrun engine --port 8765
    """
    import asyncio

    from agentrun.engine.opening import RESPONDERS

    if responder not in RESPONDERS:
        message = f"`{responder}` is not one of {', '.join(RESPONDERS)}"
        raise typer.BadParameter(message, param_hint="--responder")
    start_logging(verbose=verbose, quiet="WARNING")
    asyncio.run(_serve(host, port, responder))


async def _serve(host: str, port: int, responder: str) -> None:
    import asyncio

    from agentrun.engine.opening import open_engine
    from agentrun.engine.server import listen
    from agentrun.runtime.signals import catch_signals

    stop = asyncio.Event()
    with catch_signals(stop.set):
        async with open_engine(responder) as (parts, degraded), listen(parts, host, port) as real_port:
            for line in degraded:
                typer.echo(f"agentrun: {line}", err=True)
            shown = f"[{host}]" if ":" in host else host
            url = f"http://{shown}:{real_port}/v1"
            typer.echo(
                f"engine ready at ws://{shown}:{real_port}/v1/realtime; use it with OPENAI_BASE_URL={url}"
            )
            await stop.wait()
