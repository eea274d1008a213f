"""Puts the page of a report together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from services.network.folder import Network
from services.simulator.demand import Demand
from services.simulator.records import Run
from services.simulator.report import day_charts, page, words
from services.simulator.report.battery_chart import battery_chart
from services.simulator.report.map import draw_map
from services.simulator.report.svg import printable


def render(run: Run, network: Network, demand: Demand, kpis: Mapping[str, Any]) -> str:
    """Write a day's report as one HTML file that loads nothing.

    The same day gives the same text. Names from files are escaped.

    Parameters
    ----------
    run
        The day.
    network
        The territory it ran on.
    demand
        What was asked for; says where requests start and end.
    kpis
        The day's figures, as `services.simulator.kpis.kpis` works them out.
    """
    trips = {trip.request_id: trip for trip in demand.trips}
    return _template().render(
        name=run.settings.name,
        run=run,
        kpis=kpis,
        style=Markup(_text("report.css")),
        summary=page.summary(run, kpis),
        tiles=page.tiles(kpis),
        map=draw_map(run, network, trips),
        waits=day_charts.waits_chart(run),
        requests=day_charts.requests_chart(run),
        refusals=words.refusal_lines(run.rides),
        fleet=day_charts.fleet_chart(run),
        moving=day_charts.moving_chart(run),
        batteries=battery_chart(run),
        occupancy=page.occupancy_bars(run),
        places=page.place_rows(kpis),
        climate=page.climate_bars(kpis),
        replanning=page.replanning(run),
        facts=page.run_facts(run, network, trips),
        hashes=page.hashes(run),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FunctionLoader(_text),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_finished,
    )
    environment.filters |= {
        "count": words.count,
        "decimal": words.decimal,
        "percent": words.percent,
        "minutes": words.minutes,
        "km": words.kilometres,
        "kg": words.kilograms,
    }
    return environment.get_template("report.html.j2")


def _finished(value: object) -> object:
    """Keep control characters out, whichever file they came from."""
    return printable(value) if isinstance(value, str) else value


def _text(name: str) -> str:
    return (files("services.simulator.report") / "templates" / name).read_text(encoding="utf-8")
