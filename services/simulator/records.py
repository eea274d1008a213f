"""What a run collects: rides, stops made, roads driven, and what it was run on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.domain.day import DayKind
from services.domain.ride import Relaxation, Remedy
from services.domain.territory import Territory
from services.simulator.lease_file import LeaseRow


@dataclass(frozen=True, slots=True, kw_only=True)
class RideRow:
    """One request and what became of it; a row of ``rides.parquet``.

    Times are seconds after midnight, stops are ``stop_id``.

    Parameters
    ----------
    status
        ``completed``, ``refused``, ``cancelled``, ``no_show`` or ``failed``.
    earliest_pickup_s
        Departure plus the walk to the pickup stop; waits count from here.
    direct_s
        Direct drive between the two stops.
    refusal_remedy
        What would have worked, as `remedy_text` writes it; none if nothing would.
    answered_s
        When there was an offer or a refusal; none if it was cancelled before.
    offered, accepted
        Whether the rider got an offer, and took it.
    diverted_stop
        Where the party was let off instead of ``dropoff_stop``, since no road led there.
    """

    request_id: str
    status: str
    request_s: int
    departure_s: int
    seats: int
    wheelchairs: int
    luggage: int = 0
    companions: int = 0
    earliest_pickup_s: int | None = None
    promised_pickup_from_s: int | None = None
    promised_pickup_to_s: int | None = None
    promised_arrival_s: int | None = None
    shuttle_id: str | None = None
    pickup_stop: str | None = None
    dropoff_stop: str | None = None
    picked_up_s: int | None = None
    dropped_off_s: int | None = None
    walk_to_m: int | None = None
    walk_from_m: int | None = None
    direct_s: int | None = None
    refusal_reason: str | None = None
    refusal_remedy: str | None = None
    offered: bool = False
    accepted: bool = False
    diverted_stop: str | None = None
    answered_s: int | None = None

    @property
    def people(self) -> int:
        """How many travel together, carers included."""
        return self.seats + self.companions + self.wheelchairs


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRow:
    """One stop made; a row of ``visits.parquet``.

    Parameters
    ----------
    seq
        Counts the shuttle's stops from 0.
    arrive_s, depart_s
        When alighting starts, and when boarding ends.
    boarded, left
        Requests that got on and off.
    seats_on_board, wheelchairs_on_board
        On leaving.
    drive_mm
        Driven since the stop before.
    broke_down_at
        Where the shuttle stood, if this is no stop made but a breakdown: ``stop`` is the nearest
        one, where its riders got off at ``arrive_s``; ``depart_s`` is when it was repaired.
    task
        What the shuttle did there instead: ``off_duty``, ``cleaning``, ``maintenance``, ``charge``.
        Of the last time off duty, only its beginning is known.
    level_wh, left_wh, charged_wh
        What the battery held on arrival and on leaving, and what came in between, if it has one.
    """

    shuttle_id: str
    seq: int
    stop: str
    arrive_s: int
    depart_s: int
    boarded: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    seats_on_board: int = 0
    wheelchairs_on_board: int = 0
    drive_mm: int = 0
    broke_down_at: str | None = None
    task: str | None = None
    level_wh: int | None = None
    left_wh: int | None = None
    charged_wh: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Legs:
    """All pieces of road driven, as columns; rows of ``legs.parquet``.

    Parameters
    ----------
    nodes
        Names that ``from_node`` and ``to_node`` count in: road nodes, or places of the flat map.
    shuttle
        Number of the shuttle in `Run.shuttles`.
    seq
        Counts a shuttle's legs from 0.
    depart_ms, arrive_ms
        Milliseconds after midnight.
    length_mm
        Millimetres.
    plan_revision
        The order that the shuttle followed.
    """

    nodes: tuple[str, ...]
    shuttle: NDArray[np.int32]
    seq: NDArray[np.int32]
    from_node: NDArray[np.int32]
    to_node: NDArray[np.int32]
    depart_ms: NDArray[np.int64]
    arrive_ms: NDArray[np.int64]
    length_mm: NDArray[np.int32]
    plan_revision: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.shuttle)


def no_legs() -> Legs:
    """Legs of a fleet that never moved."""
    none = np.empty(0, dtype=np.int32)
    long_none = np.empty(0, dtype=np.int64)
    return Legs(
        nodes=(),
        shuttle=none,
        seq=none,
        from_node=none,
        to_node=none,
        depart_ms=long_none,
        arrive_ms=long_none,
        length_mm=none,
        plan_revision=none,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShuttleRow:
    """One shuttle of the run, as ``run.json`` names it; ``depot_stop`` is a ``stop_id``."""

    shuttle_id: str
    depot_stop: str
    seats: int
    wheelchairs: int
    luggage: int
    energy_wh_per_km: float
    seats_per_wheelchair: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the run read, and the hashes that tell whether another run read the same.

    Parameters
    ----------
    territory, demand
        Paths as the user gave them; no demand path means that the demand was generated.
    territory_sha256
        Hash of each of the territory's files.
    skipped_lines
        Lines of the demand file that were left out as unusable.
    attributions
        Whose data the territory was made from, and under which licence.
    kind
        The kind of day that was asked for, if one was.
    """

    territory: str
    territory_sha256: Mapping[str, str]
    demand: str | None
    demand_sha256: str
    skipped_lines: tuple[int, ...] = ()
    attributions: tuple[str, ...] = ()
    kind: DayKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blackout:
    """For how long a shuttle neither heard nor was heard, in seconds after midnight."""

    shuttle_id: str
    from_s: int
    until_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """Links (by id) that were closed; without ``until_s``, to the end."""

    closure_id: str
    links: tuple[str, ...]
    from_s: int
    until_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRestriction:
    """A time in which shuttles (``darkness``: those not fit for it) may not drive.

    Known to the operator from ``known_s`` on.
    """

    reason: str
    from_s: int
    until_s: int
    darkness: bool
    known_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSpeedCap:
    """A time in which shuttles drive no faster than so on links (by id; none: on all).

    Known to the operator from ``known_s`` on.
    """

    reason: str
    from_s: int
    until_s: int
    speed_kmh: float
    links: tuple[str, ...]
    known_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRow:
    """One thing that goes wrong; ``kind`` is ``breakdown`` or ``blackout``."""

    kind: str
    shuttle_id: str
    at_s: int
    for_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong in a run.

    Parameters
    ----------
    breakdowns_per_1000_km
        Of any shuttle, in the mean.
    blackouts_per_day
        Of each shuttle, in the mean, during service hours taken as a day.
    rows
        What goes wrong for certain.
    closures
        Roads that the operator closes, each at its time.
    restrictions
        Times at which shuttles may not drive.
    speed_caps
        Times at which they drive more slowly.
    """

    breakdowns_per_1000_km: float = 0.0
    blackouts_per_day: float = 0.0
    rows: tuple[FaultRow, ...] = ()
    closures: tuple[Closure, ...] = ()
    restrictions: tuple[KnownRestriction, ...] = ()
    speed_caps: tuple[KnownSpeedCap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorWait:
    """For how long a shuttle stood ready and waited for somebody to supervise it."""

    shuttle_id: str
    from_s: int
    until_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Disruptions:
    """What went wrong on purpose; breakdowns are among the visits.

    ``asked`` is what the user asked for, so that the day can be run again.
    """

    blackouts: tuple[Blackout, ...] = ()
    asked: Faults = Faults()


@dataclass(frozen=True, slots=True, kw_only=True)
class Batches:
    """What became of the batches in which open rides were planned anew.

    Parameters
    ----------
    solved
        How many snapshots were solved.
    groups
        Groups of shuttles that would exchange rides, by what became of them.
    moved
        Rides that went to another shuttle.
    saved_s
        What all adopted groups cost less than what was planned, as seconds of driving.
    border_losses
        Shares by which solving in groups was dearer than solving whole, as far as measured.
    """

    solved: int = 0
    groups: Mapping[str, int] = field(default_factory=dict)
    moved: int = 0
    saved_s: int = 0
    border_losses: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """All that a simulated day left behind.

    Parameters
    ----------
    rides
        In the order in which they were asked for.
    visits
        By shuttle, then ``seq``.
    benchmark
        Whether chance was off.
    settings
        What the run ran under, fleet included.
    horizon_s
        When the run began and ended, in seconds after midnight.
    waits
        Who waited for an operator, in order.
    leases
        Who might let whom on; none: that was not written down.
    """

    rides: tuple[RideRow, ...]
    visits: tuple[VisitRow, ...]
    legs: Legs
    shuttles: tuple[ShuttleRow, ...]
    seed: int
    benchmark: bool
    settings: Territory
    horizon_s: tuple[int, int]
    disruptions: Disruptions = Disruptions()
    batches: Batches = Batches()
    waits: tuple[OperatorWait, ...] = ()
    leases: tuple[LeaseRow, ...] | None = None
    inputs: Inputs = field(
        default_factory=lambda: Inputs(
            territory="", territory_sha256={}, demand=None, demand_sha256=""
        )
    )


def remedy_text(remedies: Iterable[Remedy]) -> str | None:
    """Write remedies in one cell: ``leave_later_s=540;walk_further_m=120``; none for none."""
    text = ";".join(f"{remedy.relaxation.value}={remedy.amount}" for remedy in remedies)
    return text or None


def remedies_of(text: str | None) -> tuple[Remedy, ...]:
    """Read what `remedy_text` wrote.

    Raises
    ------
    ValueError
        If the text is of another form.
    """
    if not text:
        return ()
    remedies = []
    for part in text.split(";"):
        name, _, amount = part.partition("=")
        remedies.append(Remedy(Relaxation(name), int(amount)))
    return tuple(remedies)
