"""agentrun: voice agents declared in YAML, checked in CI, rehearsed offline, put on a live call."""

__version__ = "0.1.0"
