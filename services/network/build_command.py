"""``navette territory build``: from what was chosen on the command line to a summary on screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from rich.console import Console

from services.domain.errors import InvalidRequest
from services.domain.territory import Promises, StopTimes, Travel, TravelKind
from services.network.build import build
from services.network.build_options import BuildOptions, FleetOptions, Sources
from services.network.summary import show

_Part = TypeVar("_Part", bound=BaseModel)


def run(chosen: Mapping[str, Any]) -> None:
    """Build what was chosen, with progress on a terminal's error stream, and print a summary."""
    options = options_of(chosen)
    with Console(stderr=True).status("starting") as status:
        built = build(options, lambda doing: status.update(doing))
    show(built, Console(), options.cover)


def options_of(chosen: Mapping[str, Any]) -> BuildOptions:
    """Turn the command's options into the builder's.

    Raises
    ------
    InvalidRequest
        With the option at fault.
    """
    files = ("osm", "nodes", "edges", "corridors", "stops", "demand")
    sources = Sources(**{name: chosen[name] for name in files})
    if chosen["crow"] and sources.has_roads:
        raise InvalidRequest("--crow", "means no roads: leave it out, or the roads")
    if not chosen["crow"] and sources.nodes is sources.edges is sources.osm is None:
        raise InvalidRequest(
            "--osm", "give roads (or --nodes and --edges), or --crow to do without"
        )
    return BuildOptions(
        sources=sources,
        out=chosen["out"],
        name=chosen["name"] or chosen["out"].absolute().name,
        timezone=chosen["timezone"],
        promises=_part(
            Promises,
            chosen,
            wait_s_max="wait_s",
            walk_m_max="walk_m",
            ride_factor="ride_factor",
            ride_constant_s="ride_constant_s",
        ),
        stop_times=_part(StopTimes, chosen, base_s="stop_base_s", party_s="stop_party_s"),
        travel=_part(
            Travel,
            {**chosen, "kind": TravelKind.CROW if chosen["crow"] else TravelKind.ROAD},
            kind="kind",
            speed_kmh_max="speed_kmh_max",
        ),
        fleet=FleetOptions(
            shuttles=chosen["shuttles"], seats=chosen["seats"], depots=chosen["depots"]
        ),
        cover=chosen["cover"],
        snap_m_max=chosen["snap_m"],
        attribution=chosen["attribution"],
        force=chosen["force"],
    )


def _part(model: type[_Part], chosen: Mapping[str, Any], **option_of: str) -> _Part:
    """Fill a part of the settings; a complaint about a field names its option."""
    try:
        return model(**{name: chosen[option] for name, option in option_of.items()})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = option_of.get(str(first["loc"][0]), "") if first["loc"] else ""
        option = f"--{name.replace('_', '-')}" if name else "options"
        raise InvalidRequest(option, first["msg"].removeprefix("Value error, ")) from None
