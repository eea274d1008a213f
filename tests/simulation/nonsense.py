"""Messages that make no sense, or no sense now; all of them could come over the wire."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from services.domain.events import (
    AcceptOffer,
    Arrived,
    Boarded,
    CancelRide,
    Departed,
    Fault,
    Left,
    Message,
    NotThere,
    ParkProposal,
    Passed,
    PlanAcknowledged,
    Repaired,
    RequestRide,
    WakeUp,
)
from services.domain.ids import RideId, ShuttleId
from services.domain.ride import Party, Request, StopWalk
from services.domain.shuttle import FaultKind

INT32 = 2**31 - 1
UINT32 = 2**32 - 1


class Nonsense:
    """Throws messages about rides and shuttles that exist, and about some that do not.

    Parameters
    ----------
    dice
        Which one comes next.
    rides
        The rides that there may be: ``r0``, ``r1`` … up to this number.
    stops, nodes
        How many there are.
    about_s
        Times lie around this one, but for some.
    """

    def __init__(
        self, dice: Random, rides: int = 20, stops: int = 7, nodes: int = 8, about_s: int = 0
    ) -> None:
        self._dice = dice
        self._rides = rides
        self._stops = stops
        self._nodes = nodes
        self.about_s = about_s

    def report(self) -> Message:
        """Something that a shuttle says."""
        dice, shuttle, ride = self._dice, self._shuttle(), self._ride()
        stop, at_s = self._stop(), self._time_s()
        throws: list[Callable[[], Message]] = [
            lambda: Arrived(shuttle, stop, at_s),
            lambda: Boarded(shuttle, ride, stop, at_s),
            lambda: Boarded(shuttle, ride, stop, at_s),
            lambda: Left(shuttle, ride, stop, at_s),
            lambda: Left(shuttle, ride, stop, at_s),
            lambda: NotThere(shuttle, ride, stop, self._time_s(), at_s),
            lambda: Departed(shuttle, stop, self._stop(), at_s),
            lambda: Departed(shuttle, stop, self._stop(), at_s),
            lambda: Fault(shuttle, dice.choice(list(FaultKind)), stop, at_s, self._time_s()),
            lambda: Fault(shuttle, FaultKind.BREAKDOWN, stop, at_s, at_s + 60),
            lambda: Repaired(shuttle, stop, at_s),
            lambda: Passed(shuttle, self._one_of(self._nodes), at_s),
            lambda: PlanAcknowledged(shuttle, dice.choice((0, 1, 2, 5, 40, UINT32)), at_s),
            lambda: PlanAcknowledged(
                shuttle,
                dice.randint(0, 12),
                at_s,
                node=self._one_of(self._nodes),
                node_ms=dice.choice((at_s * 1000, -(2**62), 2**62)),
            ),
            lambda: PlanAcknowledged(
                shuttle,
                dice.randint(0, 12),
                at_s,
                node_ms=at_s * 1000 + dice.randint(0, 999),
                x_mm=dice.choice((0, 700_000, -(2**62))),
                y_mm=dice.choice((0, 900_000, 2**62)),
            ),
        ]
        return dice.choice(throws)()

    def command(self) -> Message:
        """Something that a rider, or nobody, asks for."""
        ride = self._ride()
        throws: list[Callable[[], Message]] = [
            lambda: AcceptOffer(ride),
            lambda: CancelRide(ride),
            lambda: RequestRide(self._request(ride)),
            lambda: RequestRide(self._request(ride)),
            lambda: RequestRide(self._request(ride)),
            lambda: self.move(),
            lambda: self.move(),
            WakeUp,
        ]
        return self._dice.choice(throws)()

    def move(self) -> Message:
        """A proposal to park somewhere, which fits the shuttle's plan now and then."""
        return ParkProposal(self._shuttle(), self._stop(), self._dice.randint(0, 12))

    def any(self) -> Message:
        """Either of them."""
        return self.report() if self._dice.random() < 0.6 else self.command()

    def void(self) -> Message:
        """A report about a ride or shuttle that there is not, or from an impossible place."""
        dice, at_s = self._dice, self._time_s()
        ride, shuttle = RideId("nobody's"), self._shuttle()
        return dice.choice(
            (
                Boarded(shuttle, ride, 0, at_s),
                Left(shuttle, ride, 0, at_s),
                NotThere(shuttle, ride, 0, at_s, at_s),
                Boarded(ShuttleId("nobody"), self._ride(), 0, at_s),
                Arrived(ShuttleId("nobody"), 0, at_s),
                Arrived(shuttle, self._stops, at_s),
                Left(shuttle, self._ride(), UINT32, at_s),
                Departed(shuttle, 0, self._stops + 3, at_s),
                Passed(shuttle, self._nodes, at_s),
                PlanAcknowledged(shuttle, 10**6, at_s),
            )
        )

    def _request(self, ride: RideId) -> Request:
        dice = self._dice
        departure_s = self._time_s()
        return Request(
            ride_id=ride,
            party=Party(
                seats=dice.choice((1, 1, 1, 2, 4, 9, UINT32)),
                wheelchairs=dice.choice((0, 0, 0, 1, 2)),
                luggage=dice.choice((0, 0, 1, 50)),
                companions=dice.choice((0, 0, 1, UINT32)) if dice.random() < 0.2 else 0,
            ),
            origins=self._near(),
            destinations=self._near(),
            departure_s=departure_s,
            arrive_by_s=dice.choice((None, None, departure_s + 900, self._time_s())),
        )

    def _near(self) -> tuple[StopWalk, ...]:
        count = self._dice.choice((0, 1, 1, 2, 3, 6))
        walks = (0, 100, 499, 500, 501, 900, UINT32)
        return tuple(StopWalk(self._stop(), self._dice.choice(walks)) for _ in range(count))

    def _shuttle(self) -> ShuttleId:
        return ShuttleId(self._dice.choice(("a", "a", "b", "b", "nobody")))

    def _ride(self) -> RideId:
        return RideId(f"r{self._dice.randint(0, self._rides)}")

    def _stop(self) -> int:
        return self._one_of(self._stops)

    def _one_of(self, count: int) -> int:
        if self._dice.random() < 0.03:
            return self._dice.choice((count, count + 1, UINT32))
        return self._dice.randrange(count)

    def _time_s(self) -> int:
        if self._dice.random() < 0.03:
            return self._dice.choice((0, -1, -INT32 - 1, INT32, 86_399, 10**6))
        return self.about_s + self._dice.randint(-300, 1500)
