"""What riders would have done, by what they did."""

from __future__ import annotations

from collections.abc import Mapping

from services.domain.ride import Offer
from services.domain.territory import Promises
from services.simulator.chance import Chance
from services.simulator.riders import DrawnWill, Rider, willingness
from services.simulator.whatif.outside import LivedRider


class LivedWill:
    """Riders as they were known on the lived day; what is not known of them is drawn.

    Each rider takes an offer if it is worth more than something that only the rider knows. Whoever
    took an offer takes any that is as good, and whoever did not take one takes none that
    is as bad; in between, the dice say where that something lies (the same for the same seed).

    Parameters
    ----------
    lived
        By request id.
    promises
        How people walk.
    chance
        Dice.
    """

    def __init__(self, lived: Mapping[str, LivedRider], promises: Promises, chance: Chance) -> None:
        self._lived = lived
        self._promises = promises
        self._chance = chance
        self._drawn = DrawnWill(promises, chance)

    def think_s(self, rider: Rider, offer: Offer) -> int:
        """As long as then; if there was no offer then, by the dice."""
        lived = self._lived[rider.trip.request_id]
        said_s = lived.declined_s if lived.accepted_s is None else lived.accepted_s
        if lived.offered_s is None or said_s is None:
            return self._drawn.think_s(rider, offer)
        return max(said_s - lived.offered_s, 0)

    def accepts(self, rider: Rider, offer: Offer) -> bool:
        """As then, if the offer is as good, or as bad."""
        lived = self._lived[rider.trip.request_id]
        departure_s = rider.trip.departure_s
        share = willingness(self._promises, offer.promise, departure_s)
        low, high = 0.0, 1.0
        if lived.offer is not None:
            then = willingness(self._promises, lived.offer.promise, lived.departure_s)
            low, high = (low, then) if lived.accepted_s is not None else (then, high)
        draw = self._chance.uniform("accept", rider.trip.request_id)
        return low + draw * (high - low) <= share and share > low

    def comes(self, rider: Rider) -> bool:
        """As then; if nobody waited for the rider then, by the dice."""
        came = self._lived[rider.trip.request_id].came
        return self._drawn.comes(rider) if came is None else came
