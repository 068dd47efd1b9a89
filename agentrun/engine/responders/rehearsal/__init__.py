"""The deterministic mind of the embedded engine: no weights, no network, any agent."""

from agentrun.engine.responders.rehearsal.responder import RehearsalResponder

__all__ = ["RehearsalResponder"]
