"""The faults of one engine: those of its operator, and those that a request asks for in a header."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from agentrun.engine.faults.language import FaultsError, parse_faults
from agentrun.engine.faults.plan import Delivery, FaultPlan
from agentrun.engine.faults.rules import FaultRules
from agentrun.engine.http.refusals import RequestRefused

HEADER = "x-agentrun-faults"
MAX_ASKED = 100
"""How many different headers are remembered, so that `connect#1` means the first connection with it."""


class FaultDesk:
    """Finds the faults of a request.

    Args:
        rules: of the operator, for everybody; None for none.

    """

    def __init__(self, rules: FaultRules | None) -> None:
        self._engine = FaultPlan(rules) if rules is not None else None
        self._asked: OrderedDict[str, FaultPlan] = OrderedDict()

    def find(self, headers: Mapping[str, str]) -> list[FaultPlan]:
        """Return what goes wrong for a request; mostly nothing.

        Args:
            headers: names in lower case.

        Raises:
            RequestRefused: 400, the header cannot be understood.

        """
        plans = [] if self._engine is None else [self._engine]
        if line := headers.get(HEADER):
            plans.append(self._take(line))
        return plans

    def webhook(self) -> Delivery:
        """Return what becomes of the next webhook."""
        return self._engine.webhook() if self._engine is not None else Delivery()

    def _take(self, line: str) -> FaultPlan:
        plan = self._asked.get(line)
        if plan is None:
            try:
                plan = self._asked[line] = FaultPlan(parse_faults(line))
            except FaultsError as error:
                raise RequestRefused(400, "invalid_value", str(error), HEADER) from error
            if len(self._asked) > MAX_ASKED:
                self._asked.popitem(last=False)
        self._asked.move_to_end(line)
        return plan
