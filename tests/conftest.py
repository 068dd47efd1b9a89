"""Fixtures and settings for every test."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, settings

# No test is about speed, so no test may fail because the machine is busy. In CI every run is the same run.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def unofficial_events() -> Iterator[list[str]]:
    """Check every event that an engine of this process sends; what is wrong with it is collected."""
    from agentrun.engine.calls.line import Line
    from agentrun.engine.outbox import Outbox
    from agentrun.wire import ServerEvent, dump_event
    from tests.engine.official import check_event

    faults: list[str] = []
    send = Outbox.send

    def send_checked(outbox: Outbox, event: ServerEvent) -> None:
        send(outbox, event)
        try:
            check_event(dump_event(cast(ServerEvent, outbox.newest)))
        except AssertionError as error:
            faults.append(str(error))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Outbox, "send", send_checked)
        for name in ("handle", "pull", "press"):
            patch.setattr(Line, name, _check_own_events(getattr(Line, name), faults))
        yield faults


def _check_own_events(method: Callable[..., Any], faults: list[str]) -> Callable[..., Any]:
    """Check the events that a call adds to those of its session."""
    from agentrun.engine.calls.line import Line
    from agentrun.wire import dump_event, server
    from tests.engine.official import check_event

    own = (
        server.InputAudioBufferDtmfEventReceived,
        server.OutputAudioBufferCleared,
        server.OutputAudioBufferStarted,
        server.OutputAudioBufferStopped,
    )

    @functools.wraps(method)
    def checked(line: Line, *args: Any) -> Any:
        result = method(line, *args)
        for output in result[1] if isinstance(result, tuple) else result:
            if isinstance(output, own):
                try:
                    check_event(dump_event(output))
                except AssertionError as error:
                    faults.append(str(error))
        return result

    return checked


@pytest.fixture(autouse=True)
def only_official_events(unofficial_events: list[str]) -> Iterator[None]:
    """No engine in any test may send what official clients would not understand."""
    yield
    found, unofficial_events[:] = list(unofficial_events), []
    assert not found, found[0]
