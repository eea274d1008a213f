"""The shuttles that a territory's settings ask for."""

from __future__ import annotations

from services.domain.ids import ShuttleId
from services.domain.ride import Load
from services.domain.shuttle import Shuttle
from services.domain.territory import FleetGroup
from services.network.folder import Network


def groups(network: Network, count: int | None = None) -> tuple[FleetGroup, ...]:
    """The fleet's groups, scaled to ``count`` shuttles in all, each group in its proportion."""
    fleet = network.territory.fleet
    if count is None:
        return fleet
    everyone = [g for g, group in enumerate(fleet) for _ in range(group.count)]
    chosen = [everyone[i * len(everyone) // count] for i in range(count)]
    return tuple(
        group.model_copy(update={"count": chosen.count(g)})
        for g, group in enumerate(fleet)
        if g in chosen
    )


def shuttles(network: Network) -> tuple[Shuttle, ...]:
    """All shuttles of a territory, numbered from ``shuttle-1`` on in the order of its groups."""
    number = {stop_id: stop for stop, stop_id in enumerate(network.stops.ids)}
    members = [group for group in network.territory.fleet for _ in range(group.count)]
    width = len(str(len(members)))
    return tuple(
        Shuttle(
            id=ShuttleId(f"shuttle-{i:0{width}}"),
            depot_stop=number[group.depot],
            capacity=Load(group.seats, group.wheelchair_places, group.luggage_places),
            seats_per_wheelchair=group.seats_per_wheelchair,
        )
        for i, group in enumerate(members, start=1)
    )
