"""Faults on demand: what a service does on its worst days, by rule and by seed.

`rules` are the values, `language` reads them from a line or a file, `plan` decides what happens at which
moment, without any I/O; `shell` does it to a connection. The guide is `docs/guides/engine-faults.md`.
"""

from agentrun.engine.faults.language import FaultsError, load_faults, parse_faults
from agentrun.engine.faults.plan import Delivery, FaultPlan, SessionFaults
from agentrun.engine.faults.rules import FaultRules, Rule

__all__ = [
    "Delivery",
    "FaultPlan",
    "FaultRules",
    "FaultsError",
    "Rule",
    "SessionFaults",
    "load_faults",
    "parse_faults",
]
