"""What riders were told, ride by ride: nothing that was acknowledged may be lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

ENDS = frozenset({"refused", "completed", "cancelled", "expired", "no_show", "failed"})
"""States that a ride does not leave."""
LOST = "lost"
FACTS = frozenset({"aboard", "completed"})
"""What happened is true, whatever was thought before: a rider may board just after cancelling."""
CORRECTED = {
    "cancelled": FACTS,
    "no_show": FACTS,
    "failed": FACTS,
    # An accept that comes late still counts if the promise can be kept.
    "expired": FACTS | {"confirmed", "cancelled", "no_show", "failed"},
}
"""Final states, and what they may turn out to have been."""


class Ledger:
    """The last state that each ride was seen in."""

    def __init__(self) -> None:
        self._states: dict[str, str] = {}
        self.contradictions: list[str] = []
        """Rides that were seen in one final state and then in another that denies it."""
        self.corrections = 0
        """Final states that facts have corrected."""

    def see(self, ride: str, state: str) -> bool:
        """Take down a ride's state, and tell whether it is its end."""
        before = self._states.get(ride)
        if before in ENDS and state != before:
            if state in CORRECTED.get(before, ()):
                self.corrections += 1
            else:
                self.contradictions.append(f"{ride}: {before}, then {state}")
        self._states[ride] = state
        return state in ENDS

    def unfinished(self) -> Iterator[tuple[str, str]]:
        """Rides that have not come to their end, and how they stand."""
        return ((ride, state) for ride, state in self._states.items() if state not in ENDS)

    def forget_unfinished(self) -> None:
        """Forget rides that nobody followed to their end."""
        self._states = {ride: state for ride, state in self._states.items() if state in ENDS}

    def counts(self) -> Counter[str]:
        """How many rides stand how."""
        return Counter(self._states.values())
