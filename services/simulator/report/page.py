"""What stands on the page of a report, section by section; the template only sets it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from services import __version__
from services.domain.settings_part import DAY_S
from services.network.folder import Network
from services.simulator.demand import Trip
from services.simulator.records import Run
from services.simulator.report import words
from services.simulator.report.day import MANY_ABOARD, km_by_people

Kpis = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tile:
    """A headline figure: what it is, the figure, and a line that puts it in its place."""

    name: str
    figure: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One line of a bar chart made of text; ``part`` of the longest bar."""

    name: str
    value: str
    part: float
    kind: str


def summary(run: Run, kpis: Kpis) -> tuple[str, ...]:
    """Say in a few sentences how the day went."""
    if not kpis["requests"]:
        return ("Nobody asked for a ride on this day.",)
    asked = f"{words.count(kpis['requests'])} rides were asked for"
    if not kpis["served"]:
        return (f"{asked}, and none was served.",)
    shuttles = "1 shuttle" if kpis["shuttles"] == 1 else f"{words.count(kpis['shuttles'])} shuttles"
    sentences = [
        f"{asked}, and {shuttles} served {words.count(kpis['served'])} of them"
        f" ({words.percent(kpis['served_share'])}).",
        f"Riders waited {words.minutes(kpis['wait_s']['mean'])} on average; 95 of 100 waited at"
        f" most {words.minutes(kpis['wait_s']['p95'])}.",
        f"{words.percent(kpis['on_time_share'])} of the rides kept their promised times.",
    ]
    sentences += _disruptions(kpis["disruptions"])
    sentences += _operating_domain(run)
    if run.benchmark:
        sentences.append(
            "Chance was off: no delays, every offer accepted, everybody came to the stop."
        )
    return tuple(sentences)


def _operating_domain(run: Run) -> list[str]:
    """Say when shuttles might not drive, or only slowly."""
    sentences = []
    asked = run.disruptions.asked.restrictions
    nights = [(row.from_s, row.until_s) for row in asked if row.darkness]
    if len(nights) > 1:
        count = sum(group.count for group in run.settings.fleet if not group.drives_in_darkness)
        light = (words.clock(nights[0][1]), words.clock(nights[1][0]))
        sentences.append(
            f"Shuttles that are not fit for darkness, {words.count(count)} of them, drove by light"
            f" only, from {light[0]} to {light[1]}."
        )
    spans = [
        f"from {words.clock(row.from_s)} to {words.clock(row.until_s)} ({row.reason})"
        for row in asked
        if not row.darkness
    ]
    if spans:
        sentences.append(f"No shuttle might drive {', '.join(spans)}.")
    caps = {
        (row.from_s, row.until_s, row.reason, row.speed_kmh, bool(row.links))
        for row in run.disruptions.asked.speed_caps
        if row.until_s > 0 and row.from_s < DAY_S
    }
    for from_s, until_s, reason, speed_kmh, some in sorted(caps):
        times = f"from {words.clock(max(from_s, 0))} to {words.clock(until_s)}"
        roads = " on some roads" if some else ""
        sentences.append(f"Shuttles drove at most {speed_kmh:g} km/h{roads} {times} ({reason}).")
    return sentences


def _disruptions(figures: Kpis) -> list[str]:
    """Say what went wrong, and what became of those whom it met on the way."""
    sentences = []
    if figures["breakdowns"]:
        sentences.append(
            f"Shuttles broke down {words.count(figures['breakdowns'])} times and were out of order"
            f" for {words.decimal(figures['out_of_order_h'])} hours in all."
        )
    if figures["let_off"] or figures["breakdowns"]:
        sentences.append(
            f"{words.count(figures['let_off'])} parties had to get off on the way, since their"
            " shuttle broke down or might not drive on, of which"
            f" {words.count(figures['let_off_completed'])} went on with another shuttle and"
            f" arrived."
        )
    if figures["blackouts"]:
        sentences.append(
            f"Shuttles were out of reach {words.count(figures['blackouts'])} times, and went on"
            " with what they had been told."
        )
    if figures["closures"]:
        sentences.append(
            f"Roads were closed {words.count(figures['closures'])} times;"
            f" {words.count(figures['diverted'])} rides were promised another stop for it."
        )
    return sentences


def tiles(kpis: Kpis) -> tuple[Tile, ...]:
    """Return the headline figures."""
    hours, served = kpis["passengers_per_vehicle_hour"], kpis["served"]
    in_reach = words.percent(kpis["served_share_in_reach"])

    def note(
        text: str, *, known: bool = bool(served), otherwise: str = "no ride was served"
    ) -> str:
        return text if known else otherwise

    return (
        Tile(
            "Requests served",
            words.percent(kpis["served_share"]),
            note(
                f"{words.count(served)} of {words.count(kpis['requests'])}; {in_reach} of those"
                " with stops in walking reach",
                known=bool(kpis["requests"]),
                otherwise="nobody asked for a ride",
            ),
        ),
        Tile(
            "Mean wait",
            words.minutes(kpis["wait_s"]["mean"]),
            note(f"95 of 100 waited at most {words.minutes(kpis['wait_s']['p95'])}"),
        ),
        Tile(
            "Promises kept",
            words.percent(kpis["on_time_share"]),
            note("picked up in the promised window, and there by the promised time"),
        ),
        Tile(
            "People per vehicle-hour",
            words.decimal(hours["active"]),
            note(
                f"{words.count(kpis['people_served'])} people carried;"
                f" {words.decimal(hours['in_service'])} per hour that a shuttle was in service"
            ),
        ),
        Tile(
            "Time on board",
            words.minutes(kpis["ride_s"]["mean"]),
            note(f"{words.decimal(kpis['detour']['mean'], 2)} times the direct drive on average"),
        ),
        Tile(
            "Shared rides",
            words.percent(kpis["pooled_share"]),
            note(
                f"{words.decimal(kpis['occupancy']['loaded'])} people on board, on average, when"
                " not empty"
            ),
        ),
        Tile("Driven", words.kilometres(kpis["vehicle_km"]), _driven(kpis)),
        Tile(
            "CO2e of the shuttles",
            words.kilograms(kpis["co2e_kg"]),
            note(f"the same trips by car: {words.kilograms(kpis['co2e_kg_by_car'])}"),
        ),
    )


def _driven(kpis: Kpis) -> str:
    if not kpis["vehicle_km"]:
        return "no shuttle moved"
    empty = f"{words.percent(kpis['empty_share'])} of it empty"
    if kpis["waiting_km"]:
        empty += f", {words.kilometres(kpis['waiting_km'])} to wait elsewhere"
    if not kpis["served"]:
        return empty
    return f"{empty}; {words.kilometres(kpis['km_per_served'])} per ride served"


def occupancy_bars(run: Run) -> tuple[Bar, ...]:
    """Kilometres by how many people were on board; none if nothing was driven."""
    km = km_by_people(run)
    total, largest = sum(km), max(km)
    if not total:
        return ()
    last = max(people for people, driven in enumerate(km) if driven)
    bars = []
    for people in range(last + 1):
        name = "empty" if people == 0 else f"{people} on board"
        if people == MANY_ABOARD:
            name = f"{people} or more"
        share = words.percent(round(km[people] / total, 4))
        value = f"{share} ({words.kilometres(km[people])})"
        kind = "empty" if people == 0 else "riding"
        bars.append(Bar(name=name, value=value, part=km[people] / largest, kind=kind))
    return tuple(bars)


def climate_bars(kpis: Kpis) -> tuple[Bar, ...]:
    """CO2e of the shuttles beside that of cars."""
    shuttles, cars = kpis["co2e_kg"], kpis["co2e_kg_by_car"]
    largest = max(shuttles, cars)
    if not largest:
        return ()
    return (
        Bar(
            name="Shuttles",
            value=words.kilograms(shuttles),
            part=shuttles / largest,
            kind="riding",
        ),
        Bar(name="By car", value=words.kilograms(cars), part=cars / largest, kind="empty"),
    )


def place_rows(kpis: Kpis) -> tuple[Mapping[str, Any], ...]:
    """Places with requests, most requests first."""
    rows = [row for row in kpis["by_place"] if row["requests"]]
    return tuple(sorted(rows, key=lambda row: (-row["requests"], row["place"])))


def replanning(run: Run) -> str | None:
    """Say what planning open rides anew brought; None if it was not done."""
    batches = run.batches
    if not batches.solved:
        return None
    adopted, proposed = batches.groups.get("adopted", 0), sum(batches.groups.values())
    text = (
        f"All open rides were planned anew {words.count(batches.solved)} times. Of"
        f" {words.count(proposed)} groups of shuttles that would have exchanged rides,"
        f" {words.count(adopted)} were adopted: {words.count(batches.moved)} rides changed their"
        f" shuttle, and what was planned cost less by {words.minutes(batches.saved_s)} of driving."
    )
    if batches.border_losses:
        loss = fmean(batches.border_losses)
        text += f" Planning in groups cost {100 * loss:.1f} % more than planning all at once."
    return text


def run_facts(run: Run, network: Network, trips: Mapping[str, Trip]) -> tuple[tuple[str, str], ...]:
    """Say what was run, and under which rules."""
    settings, promises, inputs = run.settings, run.settings.promises, run.inputs
    window_s = promises.pickup_window_s or promises.wait_s_max
    demand = (
        f"{words.count(len(trips))} requests, generated from the territory's places"
        if inputs.demand is None
        else f"{words.count(len(trips))} requests from {inputs.demand}"
    )
    if inputs.skipped_lines:
        demand += f"; {words.count(len(inputs.skipped_lines))} unusable lines were left out"
    ride = (
        f"at most {promises.ride_factor:g} × the direct drive"
        f" + {words.minutes(promises.ride_constant_s)}"
        if promises.ride_factor
        else "no limit"
    )
    return (
        (
            "Territory",
            f"{settings.name} ({inputs.territory})" if inputs.territory else settings.name,
        ),
        ("Demand", demand),
        ("Seed", f"{run.seed}"),
        ("Chance", "off (benchmark)" if run.benchmark else "on: delays, no-shows, refused offers"),
        ("Service", _service(run)),
        ("Fleet", _fleet(run)),
        ("Longest wait", words.minutes(promises.wait_s_max)),
        ("Promised pickup window", words.minutes(window_s)),
        ("Longest ride", ride),
        ("Longest walk at each end", words.metres(promises.walk_m_max)),
        ("Stops", words.count(len(network.stops))),
        ("Roads", _roads(network)),
        ("Software", f"Navette {__version__}"),
    )


def _service(run: Run) -> str:
    service = run.settings.service
    if service.closes_s is None:
        hours = (run.horizon_s[1] - run.horizon_s[0]) / 3600
        return f"around the clock; {hours:.1f} hours simulated"
    return f"{words.clock(service.opens_s)} to {words.clock(service.closes_s)}"


def _fleet(run: Run) -> str:
    kinds: dict[tuple[int, int], int] = {}
    for shuttle in run.shuttles:
        kind = (shuttle.seats, shuttle.wheelchairs)
        kinds[kind] = kinds.get(kind, 0) + 1
    return "; ".join(
        f"{count} × {seats} seats, {places} wheelchair place{'' if places == 1 else 's'}"
        for (seats, places), count in sorted(kinds.items())
    )


def _roads(network: Network) -> str:
    travel = run_travel(network)
    if network.roads is None:
        return travel
    return f"{words.count(network.roads.link_count)} links; {travel}"


def run_travel(network: Network) -> str:
    """Say how travel times come about."""
    travel = network.territory.travel
    if network.roads is None:
        return f"none: straight line × {travel.crow_factor:g} at {travel.crow_speed_kmh:g} km/h"
    if travel.speed_kmh_max is None:
        return "shuttles drive as fast as the road allows"
    return f"shuttles drive at most {travel.speed_kmh_max:g} km/h"


def hashes(run: Run) -> Sequence[tuple[str, str]]:
    """Return the inputs' names and hashes."""
    territory = sorted(run.inputs.territory_sha256.items())
    demand = run.inputs.demand or "demand.csv (generated)"
    return [*territory, *([(demand, run.inputs.demand_sha256)] if run.inputs.demand_sha256 else [])]
