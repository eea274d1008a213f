"""From a day that happened to the records of it."""

from __future__ import annotations

import numpy as np

from services.dispatcher.adoption import Outcome
from services.domain.ride import Ride, Status
from services.domain.shuttle import Shuttle
from services.network.folder import Network
from services.simulator.chance import Chance
from services.simulator.driven import legs_of, name_of
from services.simulator.lease_file import LeaseRow
from services.simulator.records import (
    Batches,
    Disruptions,
    Inputs,
    OperatorWait,
    RideRow,
    Run,
    ShuttleRow,
    VisitRow,
    remedy_text,
)
from services.simulator.riders import Rider
from services.simulator.simulation import Simulation
from services.simulator.vehicle import Stay

STATUSES = {
    Status.COMPLETED: "completed",
    Status.REFUSED: "refused",
    Status.CANCELLED: "cancelled",
    Status.EXPIRED: "cancelled",
    Status.NO_SHOW: "no_show",
}
"""Status of a row; whatever else a ride ends the day in has failed."""


def outcome(
    simulation: Simulation, shuttles: tuple[Shuttle, ...], chance: Chance, inputs: Inputs
) -> Run:
    """Record a day that is over.

    Parameters
    ----------
    simulation
        The day.
    shuttles
        Its fleet.
    chance
        Its dice.
    inputs
        What it read.
    """
    network = simulation.network
    rides = tuple(
        ride_row(rider, simulation.rides.get(rider_id), network)
        for rider_id, rider in simulation.riders.riders.items()
    )
    legs, drive_mm = legs_of(simulation.world.drives, network, simulation.world.versions)
    first_s = min((row.request_s for row in rides), default=0)
    return Run(
        rides=rides,
        visits=_visit_rows(simulation, shuttles, drive_mm.tolist()),
        legs=legs,
        shuttles=_shuttle_rows(network, shuttles),
        seed=chance.seed,
        benchmark=not chance.on,
        settings=network.territory,
        horizon_s=(first_s, max(simulation.agenda.now_s, first_s)),
        disruptions=Disruptions(
            blackouts=tuple(simulation.world.blackouts), asked=simulation.faults
        ),
        batches=_batches(simulation),
        waits=tuple(
            OperatorWait(shuttle_id=shuttles[k].id, from_s=from_s, until_s=until_s)
            for k, from_s, until_s in simulation.world.operators.waits
        ),
        leases=tuple(
            LeaseRow(
                request_id=simulation.riders.riders[lease.ride_id].trip.request_id,
                shuttle_id=shuttles[lease.shuttle].id,
                from_s=lease.from_s,
                until_s=lease.until_s,
                ended_s=lease.ended_s,
            )
            for lease in simulation.world.leases.rows
        ),
        inputs=inputs,
    )


def _batches(simulation: Simulation) -> Batches:
    parts = simulation.parts
    tallies = [part.zone.adoption.tally for part in parts]
    losses = [loss for part in parts for loss in part.batching.border_losses]
    return Batches(
        solved=len(simulation.batches_s),
        groups={one.value: sum(tally.groups[one] for tally in tallies) for one in Outcome},
        moved=sum(tally.moved for tally in tallies),
        saved_s=sum(tally.saved_s for tally in tallies),
        border_losses=tuple(round(loss, 4) for loss in losses),
    )


def ride_row(rider: Rider, ride: Ride | None, network: Network) -> RideRow:
    """Record what a rider asked for, and what became of it by now."""
    trip, request = rider.trip, rider.request
    basics = {
        "request_id": trip.request_id,
        "request_s": trip.request_s,
        "departure_s": trip.departure_s,
        "seats": trip.seats,
        "wheelchairs": trip.wheelchairs,
        "answered_s": rider.answered_s,
    }
    if ride is None or (ride.status is Status.CANCELLED and ride.offer is None):
        return RideRow(status="cancelled", **basics)  # type: ignore[arg-type]  # before an answer
    status = STATUSES.get(ride.status, "failed")
    if ride.offer is None:
        assert ride.refusal is not None
        return RideRow(
            status=status,
            refusal_reason=ride.refusal.reason.value,
            refusal_remedy=remedy_text(ride.refusal.remedies),
            **basics,  # type: ignore[arg-type]
        )
    promise = ride.offer.promise
    walk_s = network.territory.promises.walk_s(promise.walk_to_m)
    return RideRow(
        status=status,
        earliest_pickup_s=request.departure_s + walk_s,
        promised_pickup_from_s=promise.pickup_from_s,
        promised_pickup_to_s=promise.pickup_to_s,
        promised_arrival_s=promise.arrive_by_s,
        shuttle_id=ride.shuttle_id,
        pickup_stop=network.stops.ids[promise.pickup_stop],
        dropoff_stop=network.stops.ids[promise.dropoff_stop],
        picked_up_s=ride.picked_up_s,
        dropped_off_s=ride.dropped_off_s,
        walk_to_m=promise.walk_to_m,
        walk_from_m=promise.walk_from_m,
        direct_s=int(network.tables.drive_s[promise.pickup_stop, promise.dropoff_stop]),
        offered=True,
        accepted=rider.confirmed,
        refusal_reason=ride.failure,
        diverted_stop=None
        if ride.promise.dropoff_stop == promise.dropoff_stop
        else network.stops.ids[ride.promise.dropoff_stop],
        **basics,  # type: ignore[arg-type]
    )


def _visit_rows(
    simulation: Simulation, shuttles: tuple[Shuttle, ...], drive_mm: list[int]
) -> tuple[VisitRow, ...]:
    """Stops made, by shuttle; what a shuttle drove until its next stop counts there."""
    request_ids = {
        ride_id: rider.trip.request_id for ride_id, rider in simulation.riders.riders.items()
    }
    stop_ids = simulation.network.stops.ids
    driven: list[list[tuple[int, int]]] = [[] for _ in shuttles]
    for i, drive in enumerate(simulation.world.drives):
        driven[drive.shuttle].append((i, drive_mm[i]))
    stays = sorted(
        enumerate(simulation.world.stays), key=lambda entry: (entry[1].shuttle, entry[0])
    )
    rows: list[VisitRow] = []
    seq, used, last = 0, 0, -1
    for _, stay in stays:
        if stay.shuttle != last:
            seq, used, last = 0, 0, stay.shuttle
        ways = driven[stay.shuttle]
        length_mm = 0
        while used < len(ways) and ways[used][0] < stay.drives:
            length_mm += ways[used][1]
            used += 1
        rows.append(
            VisitRow(
                shuttle_id=shuttles[stay.shuttle].id,
                seq=seq,
                stop=stop_ids[stay.stop],
                arrive_s=stay.arrive_s,
                depart_s=stay.depart_s,
                boarded=tuple(request_ids[ride_id] for ride_id in stay.boarded),
                left=tuple(request_ids[ride_id] for ride_id in stay.left),
                seats_on_board=stay.seats,
                wheelchairs_on_board=stay.wheelchairs,
                drive_mm=length_mm,
                broke_down_at=None
                if stay.broke_down_at is None
                else name_of(stay.broke_down_at, simulation.network),
                task=None if stay.task is None else stay.task.kind.value,
                **_battery_columns(stay, shuttles[stay.shuttle]),
            )
        )
        seq += 1
    return tuple(rows)


def _battery_columns(stay: Stay, shuttle: Shuttle) -> dict[str, int]:
    """What is known of a battery, in whole watt-hours."""
    if shuttle.battery is None:
        return {}
    return {
        "level_wh": stay.level_mwh // 1000,
        "left_wh": stay.left_mwh // 1000,
        "charged_wh": stay.charged_mwh // 1000,
    }


def _shuttle_rows(network: Network, shuttles: tuple[Shuttle, ...]) -> tuple[ShuttleRow, ...]:
    energy = [
        group.energy_wh_per_km for group in network.territory.fleet for _ in range(group.count)
    ]
    return tuple(
        ShuttleRow(
            shuttle_id=shuttle.id,
            depot_stop=network.stops.ids[shuttle.depot_stop],
            seats=shuttle.capacity.seats,
            wheelchairs=shuttle.capacity.wheelchairs,
            luggage=shuttle.capacity.luggage,
            energy_wh_per_km=wh_per_km,
            seats_per_wheelchair=shuttle.seats_per_wheelchair,
        )
        for shuttle, wh_per_km in zip(shuttles, energy, strict=True)
    )


def timing(
    wall_s: float, answers_s: list[float], steps: int, setup_s: dict[str, float]
) -> dict[str, object]:
    """What depends on the machine, and so stays out of every other file.

    ``wall_s`` is from the first to the last event; answers are from the message on the log to the
    step that is ready to be committed.
    """
    answers_ms = np.array(answers_s) * 1000
    return {
        "wall_s": round(wall_s, 3),
        "requests_per_wall_s": round(len(answers_s) / wall_s, 1) if wall_s else None,
        "steps": steps,
        "answer_ms": {
            "p50": round(float(np.percentile(answers_ms, 50)), 4),
            "p99": round(float(np.percentile(answers_ms, 99)), 4),
        }
        if answers_s
        else None,
        "setup_s": {name: round(took_s, 3) for name, took_s in setup_s.items()},
    }
