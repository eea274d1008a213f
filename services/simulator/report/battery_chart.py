"""What batteries held over the day: from the lowest to the highest, and each shuttle's figures."""

from __future__ import annotations

from services.simulator.batteries import batteries_of, shuttle_batteries
from services.simulator.records import Run
from services.simulator.report import words
from services.simulator.report.charts import band, both_widths, dots, limit, together
from services.simulator.report.day import HOUR_S, hours_of
from services.simulator.report.day_charts import Chart, Key


def battery_chart(run: Run) -> Chart | None:
    """Draw the lowest and the highest state of charge in the middle of each hour."""
    batteries = shuttle_batteries(run)
    if not batteries:
        return None
    hours = hours_of(run)
    levels = [_levels_at(run, hour * HOUR_S + HOUR_S // 2) for hour in hours]
    low = [100 * min(shares) for shares in levels]
    high = [100 * max(shares) for shares in levels]
    tips = [
        f"{words.clock(hour * HOUR_S + HOUR_S // 2)}: lowest {words.percent(min(shares))},"
        f" highest {words.percent(max(shares))}"
        for hour, shares in zip(hours, levels, strict=True)
    ]
    reserve = max(battery.reserve_share for battery in batteries_of(run).values())
    drawing = both_widths(
        "State of charge over the day in percent: from the shuttle with least to the one with most."
        " The table below has each shuttle's figures.",
        (hours.start, hours.stop),
        100.0,
        together(
            band(hours, low, high),
            dots(hours, low, tips, "dot"),
            limit(100 * reserve, f"reserve: {words.percent(reserve)}"),
        ),
        unit="percent",
    )
    return Chart(
        drawing=drawing,
        keys=(
            Key("median", "the shuttle with least"),
            Key("band", "up to the one with most"),
        ),
        head=("Shuttle", "Lowest", "At the end", "Charged", "Times"),
        rows=tuple(
            (
                one.shuttle_id,
                words.percent(one.lowest_share),
                words.percent(one.end_share),
                f"{words.decimal(one.charged_kwh)} kWh",
                words.count(one.charges),
            )
            for one in batteries
        ),
    )


def _levels_at(run: Run, at_s: int) -> list[float]:
    """What each battery held when its shuttle was last at a stop, as a share of what it holds."""
    held = {
        shuttle_id: battery.capacity_wh * battery.start_share
        for shuttle_id, battery in batteries_of(run).items()
    }
    for visit in run.visits:
        if visit.arrive_s <= at_s and visit.level_wh is not None:
            held[visit.shuttle_id] = visit.level_wh
        if visit.depart_s <= at_s and visit.left_wh is not None:
            held[visit.shuttle_id] = visit.left_wh
    batteries = batteries_of(run)
    return [held_wh / batteries[shuttle_id].capacity_wh for shuttle_id, held_wh in held.items()]
