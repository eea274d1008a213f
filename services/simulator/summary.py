"""The table that a run ends with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.simulator.records import RideRow, Run
from services.simulator.simulation import Answers

REASONS = {
    "walk_to_stop": "no stop near the start",
    "walk_from_stop": "no stop near the destination",
    "same_stop": "near enough to walk",
    "unreachable": "no way by shuttle",
    "service_hours": "outside service hours",
    "party_size": "party too large",
    "seats": "not enough seats free",
    "ride_time": "the ride would take too long",
    "arrival": "not there in time",
    "wait": "no shuttle in time",
    "energy": "batteries too low",
    "operating_domain": "shuttles might not drive then",
    "supervision": "nobody free to supervise",
    "fleet": "no shuttle could fit it in",
}
"""Reasons of refusal in words."""


def print_summary(
    console: Console, run: Run, figures: dict[str, Any], answers: Answers, out: Path
) -> None:
    """Print a day's main figures, and where the rest is."""
    table = Table(title=run.settings.name, show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(justify="right")
    served, requests = figures["served"], figures["requests"]
    table.add_row("requests", f"{requests:,}")
    table.add_row("served", f"{served:,} ({_percent(figures['served_share'])})")
    reach = figures.get("served_share_in_reach")
    table.add_row("  of those within reach of a stop", _percent(reach))
    refused = figures["refused"]
    table.add_row("refused", f"{sum(refused.values()):,}")
    for reason, count in sorted(refused.items(), key=lambda entry: -entry[1]):
        table.add_row(f"  {REASONS.get(reason, reason)}", f"{count:,}")
    table.add_row("cancelled or declined", f"{figures['cancelled']:,}")
    table.add_row("no-show", f"{figures['no_show']:,}")
    wait = figures["wait_s"]
    table.add_row("wait, mean and 95 %", f"{_minutes(wait['mean'])}, {_minutes(wait['p95'])}")
    table.add_row("on time", _percent(figures["on_time_share"]))
    empty = _percent(figures["empty_share"])
    table.add_row("vehicle km (empty)", f"{figures['vehicle_km']:,.0f} ({empty})")
    if figures["waiting_km"]:
        table.add_row("  of these, to wait elsewhere", f"{figures['waiting_km']:,.0f}")
    per_ride = figures["km_per_served"]
    table.add_row("km per served ride", "–" if per_ride is None else f"{per_ride:.2f}")
    per_hour = figures["passengers_per_vehicle_hour"]["in_service"]
    table.add_row("passengers per vehicle-hour", "–" if per_hour is None else f"{per_hour:.2f}")
    console.print(table)
    rate = len(answers.answers_s) / answers.wall_s if answers.wall_s else 0
    console.print(
        f"The day took {answers.wall_s:.2f} s ({rate:,.0f} requests a second). "
        f"Open [bold]{out / 'report.html'}[/] in a browser; "
        f"[bold]navette check {out}[/] judges the run."
    )
    if (ride := _to_explain(run)) is not None:
        said = "refused" if ride.status == "refused" else f"given to {ride.shuttle_id}"
        command = f"[bold]navette explain {out} {escape(ride.request_id)}[/]"
        console.print(f"{command} says why that ride was {said}.")


def _to_explain(run: Run) -> RideRow | None:
    """A ride to try an explanation on: the first that shuttles could not take, else any."""
    near = [ride for ride in run.rides if "walk" not in (ride.refusal_reason or "")]
    refused = [ride for ride in near if ride.status == "refused"]
    offered = [ride for ride in near if ride.offered]
    return next(iter((*refused, *offered)), None)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _minutes(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds / 60:.1f} min"
