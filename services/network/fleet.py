"""The shuttles that a territory's settings ask for."""

from __future__ import annotations

from services.domain.ids import ShuttleId
from services.domain.ride import Load
from services.domain.shuttle import Shuttle
from services.domain.task import TaskKind, Upkeep
from services.domain.territory import DAY_S, DailyUpkeep, FleetGroup
from services.network.folder import Network

UNREACHABLE_S = 65_535


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
    members = [
        (group, member) for group in network.territory.fleet for member in range(group.count)
    ]
    width = len(str(len(members)))
    return tuple(
        Shuttle(
            id=ShuttleId(f"shuttle-{i:0{width}}"),
            depot_stop=number[group.depot],
            capacity=Load(group.seats, group.wheelchair_places, group.luggage_places),
            seats_per_wheelchair=group.seats_per_wheelchair,
            shifts=_shifts(network, group, number[group.depot]),
            upkeep=tuple(
                _turn(upkeep, number[upkeep.stop or group.depot], member, group.count)
                for upkeep in group.upkeep
            ),
        )
        for i, (group, member) in enumerate(members, start=1)
    )


def _shifts(network: Network, group: FleetGroup, depot: int) -> tuple[tuple[int, int], ...]:
    """When a group is on duty; if it comes home every day, with the longest ways from and to it."""
    service = network.territory.service
    if group.shifts or not group.home or service.closes_s is None:
        return group.shifts_s
    drive_s = network.tables.drive_s
    there_s, back_s = (
        int(way_s[way_s < UNREACHABLE_S].max(initial=0))
        for way_s in (drive_s[depot], drive_s[:, depot])
    )
    span = service.opens_s - there_s, service.closes_s + back_s + network.territory.reserve_s
    return (span,) if span[1] - span[0] < DAY_S else ()


def _turn(upkeep: DailyUpkeep, stop: int, member: int, count: int) -> Upkeep:
    """A shuttle's own part of the window in which its group takes turns."""
    from_s, to_s = upkeep.window_s
    spare_s = to_s - from_s - upkeep.duration_s
    return Upkeep(
        kind=TaskKind(upkeep.kind.value),
        stop=stop,
        from_s=from_s + spare_s * member // count,
        to_s=from_s + spare_s * (member + 1) // count,
        duration_s=upkeep.duration_s,
    )
