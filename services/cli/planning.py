"""Sub-commands that make territories and demand, simulate days, and judge and explain them."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from services.cli.commands import EXIT_FINDINGS, FILE, WEATHER, main
from services.domain.day import DayKind, Weather

_DATE = click.DateTime(["%Y-%m-%d"])


def _kind(day: datetime | None, weather: str | None) -> DayKind | None:
    """Return the kind of day that is meant, if one is."""
    if day is None and weather is None:
        return None
    return DayKind(0 if day is None else day.weekday(), Weather(weather or "dry"))


@main.group()
def territory() -> None:
    """Make the folder of a territory."""


@territory.command("build", short_help="From roads and stops (or demand) to a territory's folder.")
@click.option("--osm", type=FILE, help="Roads: OpenStreetMap (.osm.pbf, .osm.gz, .osm).")
@click.option("--nodes", type=FILE, help="Roads: table of nodes (CSV, plain or .gz).")
@click.option("--edges", type=FILE, help="Roads: table of directed links (CSV, plain or .gz).")
@click.option("--crow", is_flag=True, help="No roads: straight lines x 1.3 at 50 km/h.")
@click.option("--corridors", type=FILE, help="Which roads shuttles may use, how fast (YAML).")
@click.option("--stops", type=FILE, help="Stops: CSV, GeoJSON or GTFS (stops.txt or .zip).")
@click.option("--demand", type=FILE, help="Requests (CSV or Parquet) to propose stops for.")
@click.option(
    "--cover",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.95,
    show_default=True,
    help="Share of requests (or homes) with both ends near a proposed stop.",
)
@click.option("--walk-m", type=int, default=500, show_default=True, help="Longest walk.")
@click.option("--wait-s", type=int, default=900, show_default=True, help="Longest wait.")
@click.option(
    "--ride-factor",
    type=float,
    default=1.5,
    show_default=True,
    help="A ride takes at most this x direct drive ...",
)
@click.option("--ride-constant-s", type=int, default=900, show_default=True, help="... + this.")
@click.option("--stop-base-s", type=int, default=30, show_default=True, help="Time of a stop ...")
@click.option(
    "--stop-party-s",
    type=int,
    default=15,
    show_default=True,
    help="... + this per party that gets on or off.",
)
@click.option("--speed-kmh-max", type=float, help="Shuttles drive no faster than this.")
@click.option(
    "--shuttles",
    type=click.IntRange(1, 10_000),
    default=10,
    show_default=True,
    help="How many shuttles there are.",
)
@click.option("--seats", type=int, default=8, show_default=True, help="Seats of a shuttle.")
@click.option(
    "--depots",
    type=click.IntRange(1),
    help="Stops where shuttles start.  [default: one for five shuttles]",
)
@click.option(
    "--snap-m",
    type=click.FloatRange(0),
    default=1000,
    show_default=True,
    help="Stops of a file further than this from any road are dropped.",
)
@click.option("--name", help="The territory's name.  [default: the folder's]")
@click.option(
    "--timezone", default="Europe/Paris", show_default=True, help="The clock that people go by."
)
@click.option("--attribution", help="Whom to name as the source of the roads.")
@click.option("--out", type=FILE, required=True, help="The folder to make.")
@click.option("--force", is_flag=True, help="Replace a territory that is there already.")
def territory_build(**chosen: Any) -> None:
    """Make a territory's folder from roads and stops, or demand to propose stops for."""
    from services.network.build_command import run

    run(chosen)


@main.group()
def demand() -> None:
    """Make a day of requests."""


@demand.command("generate", short_help="A rural day for a territory, as CSV to look at or replay.")
@click.argument("territory", type=FILE)
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Same seed, same day."
)
@click.option(
    "--requests", type=click.IntRange(0, 1_000_000), help="How many.  [default: by people]"
)
@click.option("--date", "day", type=_DATE, help="The day, for its weekday.  [default: any weekday]")
@click.option("--weather", type=WEATHER, help="The day's weather.  [default: none]")
@click.option("--out", type=FILE, required=True, help="CSV to write; gzipped if it ends in .gz.")
def demand_generate(
    territory: Path,
    seed: int,
    requests: int | None,
    day: datetime | None,
    weather: str | None,
    out: Path,
) -> None:
    """Generate the requests of one day from the territory's places."""
    from services.simulator.demand_command import generate

    kind = _kind(day, weather)
    click.echo(generate(territory, seed=seed, requests=requests, kind=kind, out=out))


@demand.command("history", short_help="Many generated days, to learn a forecast from.")
@click.argument("territory", type=FILE)
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Same seed, same days."
)
@click.option("--from", "first", type=_DATE, required=True, help="The first day.")
@click.option(
    "--days", type=click.IntRange(1, 1000), default=30, show_default=True, help="How many."
)
@click.option("--out", type=FILE, required=True, help="CSV to write; gzipped if it ends in .gz.")
def demand_history(territory: Path, seed: int, first: datetime, days: int, out: Path) -> None:
    """Generate days with their weekdays and weather, at stops, without places."""
    from services.simulator.demand_command import generate_days

    click.echo(generate_days(territory, seed=seed, first=first.date(), days=days, out=out))


@main.group()
def forecast() -> None:
    """Learn how many requests to expect where and when."""


_HISTORY = click.option(
    "--history", type=FILE, help="Earlier days.  [default: history.csv.gz of the territory]"
)


@forecast.command("learn", short_help="From a territory's history to its forecast.")
@click.argument("territory", type=FILE)
@_HISTORY
@click.option("--out", type=FILE, help="Where to.  [default: forecast.json.gz of the territory]")
def forecast_learn(territory: Path, history: Path | None, out: Path | None) -> None:
    """Learn expected requests per H3 cell and quarter of an hour."""
    from services.forecast.forecast_command import learn_territory

    click.echo(learn_territory(territory, history, out))


@forecast.command("evaluate", short_help="Judge forecasts of days that they have not seen.")
@click.argument("territory", type=FILE)
@_HISTORY
@click.option(
    "--held-out",
    type=click.IntRange(1),
    default=14,
    show_default=True,
    help="How many of the last days, each foretold from all before it.",
)
def forecast_evaluate(territory: Path, history: Path | None, held_out: int) -> None:
    """Compare with naive forecasts by proper scores, and say whether intervals hold."""
    from services.forecast.forecast_command import evaluate_territory

    click.echo(evaluate_territory(territory, history, held_out))


@main.command("simulate", short_help="Run a day of rides, write figures and a report.")
@click.argument("territory", type=FILE)
@click.option("--demand", type=FILE, help="Requests to replay (CSV, Parquet).  [default: made up]")
@click.option("--shuttles", type=click.IntRange(1, 10_000), help="Fleet size.  [default: as it is]")
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Same seed, same day."
)
@click.option(
    "--date", "day", type=_DATE, help="The day, for its weekday and light.  [default: any]"
)
@click.option("--weather", type=WEATHER, help="The day's weather.  [default: none]")
@click.option("--out", type=FILE, default=Path("runs/latest"), show_default=True, help="Results.")
@click.option("--benchmark", is_flag=True, help="No chance in it: all goes as planned.")
@click.option("--closures", type=FILE, help="Roads that are closed, and when (CSV).")
@click.option("--conditions", type=FILE, help="Weather that shuttles may not drive in (CSV).")
@click.option("--faults", type=FILE, help="What goes wrong with which shuttle, and when (CSV).")
@click.option(
    "--breakdowns",
    type=click.FloatRange(0, 1000),
    default=0,
    show_default=True,
    help="Breakdowns per 1,000 km, by the dice.",
)
@click.option(
    "--blackouts",
    type=click.FloatRange(0, 1000),
    default=0,
    show_default=True,
    help="Times a day that a shuttle is out of reach for minutes, by the dice.",
)
@click.option("--skip-bad-rows", is_flag=True, help="Leave unusable rows out, and list them.")
@click.option("--force", is_flag=True, help="Replace results that are there already.")
def simulate_day(
    territory: Path, out: Path, day: datetime | None, weather: str | None, **chosen: Any
) -> None:
    """Simulate one day on a territory: its riders, its shuttles, the real dispatcher."""
    from services.simulator.simulate_command import Asked, simulate

    date = None if day is None else day.date()
    simulate(territory, out, Asked(kind=_kind(day, weather), day=date, **chosen))


@main.command("check", short_help="Judge what a simulated day wrote, without the planner's code.")
@click.argument("run_dir", metavar="DIR", type=FILE)
@click.option("--territory", type=FILE, help="Its territory, if not where the run found it.")
@click.option("--demand", type=FILE, help="Its demand, if not where the run found it.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
def check_run(run_dir: Path, territory: Path | None, demand: Path | None, as_json: bool) -> None:
    """Judge a run: 0 if it is clean, 1 if a rule is broken, 2 if there is nothing to judge."""
    from services.simulator.check import check, print_verdict

    verdict = check(run_dir, territory, demand)
    print_verdict(verdict, as_json=as_json)
    sys.exit(0 if verdict.clean else EXIT_FINDINGS)


@main.command("solve", short_help="Solve a static instance of the literature near the optimum.")
@click.argument("file", type=FILE)
@click.option(
    "--format",
    type=click.Choice(["lilim", "darp"]),
    required=True,
    help="lilim: pickup and delivery with time windows; darp: dial-a-ride.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    help="How long to search.  [default: 10, or as --iterations needs]",
)
@click.option(
    "--iterations", type=click.IntRange(1), help="Steps of the search; alone, runs repeat exactly."
)
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True, help="Of its dice."
)
@click.option(
    "--threads",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Searches side by side.",
)
@click.option("--out", type=FILE, help="Write the JSON here as well.")
@click.option(
    "--solver",
    type=click.Choice(["navette", "ortools"]),
    default="navette",
    show_default=True,
    help="Our own search, or OR-Tools' routing (one thread).",
)
def solve_instance(file: Path, **chosen: Any) -> None:
    """Find routes for an instance's FILE and print them as JSON, rechecked in double precision.

    Ends with 0 if they are feasible, 1 if not, 2 if there is nothing to solve.
    """
    from services.solver.solve_command import Asked, solve

    sys.exit(0 if solve(file, Asked(**chosen)) else EXIT_FINDINGS)


@main.command("explain", short_help="Why a ride of a simulated day got its answer.")
@click.argument("run_dir", metavar="DIR", type=FILE)
@click.argument("request_id", metavar="REQUEST")
@click.option("--shuttle", metavar="ID", help="All about this shuttle.  [default: an overview]")
@click.option("--territory", type=FILE, help="Its territory, if not where the run found it.")
@click.option("--demand", type=FILE, help="Its demand, if not where the run found it.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
def explain_ride(run_dir: Path, request_id: str, **chosen: Any) -> None:
    """Say why this shuttle, or why refused: what bound, and how far off each shuttle was."""
    from services.simulator.explain.command import Asked, run

    run(run_dir, request_id, Asked(**chosen), click.echo)
