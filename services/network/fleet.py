"""The shuttles that a territory's settings ask for."""

from __future__ import annotations

from services.domain.battery import Battery, Charger
from services.domain.fleet_settings import DailyUpkeep, FleetGroup
from services.domain.ids import ShuttleId
from services.domain.ride import Load
from services.domain.settings_part import DAY_S
from services.domain.shuttle import Shuttle
from services.domain.task import TaskKind, Upkeep
from services.network.folder import Network
from services.network.tables import UNREACHABLE_S


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
            dark=group.drives_in_darkness,
            battery=_battery(group),
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


def chargers(network: Network) -> tuple[Charger, ...]:
    """Where the shuttles of a territory charge."""
    number = {stop_id: stop for stop, stop_id in enumerate(network.stops.ids)}
    return tuple(
        Charger(stop=number[one.stop], power_w=round(one.power_kw * 1000), plugs=one.plugs)
        for one in network.territory.chargers
    )


def _battery(group: FleetGroup) -> Battery | None:
    own = group.battery
    if own is None:
        return None
    capacity_mwh = own.capacity_wh * 1000
    shares = (own.reserve_share, own.start_share, own.charge_below_share, own.charge_to_share)
    reserve, start, below, to = (round(capacity_mwh * share) for share in shares)
    return Battery(
        capacity_mwh=capacity_mwh,
        reserve_mwh=reserve,
        start_mwh=start,
        charge_below_mwh=below,
        charge_to_mwh=to,
        per_m_mwh=round(group.energy_wh_per_km),
        per_s_mwh=round(own.per_hour_wh * 1000 / 3600),
        per_stop_mwh=own.per_stop_wh * 1000,
    )


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
