"""Fixtures and settings for every test."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# No test is about speed, so no test may fail because the machine is busy. In CI every run is the same run.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
