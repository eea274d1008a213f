"""Prints what was built."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from services.network.build import Built


def show(built: Built, console: Console, cover_asked: float) -> None:
    """Print a territory's figures, and all that was left out of it."""
    record, network = built.record, built.network
    table = Table(title=network.territory.name, show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column()
    if "roads" in record:
        roads = record["roads"]
        table.add_row("roads", f"{roads['nodes']:,} nodes, {roads['links']:,} directed links")
        table.add_row(
            "", f"{roads['length_km']:,} km of links, {roads['speed_kmh_mean']} km/h on average"
        )
        cap = network.territory.travel.speed_kmh_max
        table.add_row("speed cap", "none" if cap is None else f"{cap:g} km/h")
    stops = record["stops"]
    origin = "from a file" if stops["from"] == "file" else "proposed"
    table.add_row("stops", f"{stops['count']:,} {origin}")
    if stops["from"] == "file" and "roads" in record:
        table.add_row("", f"at most {stops['away_from_road_m_max']} m from their road node")
    if built.cover is not None:
        cover, limit = built.cover, network.territory.promises.walk_m_max
        table.add_row("cover", f"{cover.by_walk:.1%} of {cover.what} walk at most {limit} m")
        table.add_row(
            "", f"{cover.by_straight_line:.1%} have a stop within {limit} m as the crow flies"
        )
    shuttles = sum(group.count for group in network.territory.fleet)
    depots = ", ".join(group.depot for group in network.territory.fleet)
    table.add_row("fleet", f"{shuttles} shuttles, starting at {depots}")
    for dropped in record["dropped"]:
        table.add_row("dropped", f"{dropped['count']:,} {dropped['what']}")
    for far in stops["too_far_from_road"]:
        table.add_row("dropped", f"stop {far['stop_id']}, {far['away_m']:,} m from any road")
    table.add_row("tables", f"version {network.tables.version[:12]}")
    console.print(table)
    if stops["from"] == "proposed" and built.cover and built.cover.by_walk < cover_asked - 1e-9:
        console.print(
            f"Only {built.cover.by_walk:.1%} of the {cover_asked:.0%} asked for can be covered:"
            " the rest is too far from any road on which a stop may be.",
            style="yellow",
        )
    if "attribution" in record:
        console.print(f"Roads: {record['attribution']}. Licence: {record['licence']}", style="dim")
