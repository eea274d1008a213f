"""The charts of a report: each with its legend, and with the same figures as a table."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from services.simulator.records import Run
from services.simulator.report import words
from services.simulator.report.charts import (
    Layer,
    band,
    both_widths,
    dots,
    limit,
    stacked_areas,
    stacked_columns,
    together,
)
from services.simulator.report.day import (
    CALLED_OFF,
    FLEET_BIN_S,
    HOUR_S,
    OTHER_REASONS,
    SERVED,
    fleet_states,
    hours_of,
    outcomes_by_hour,
    waits_by_hour,
)
from services.simulator.watched import limits_of, moving_max, waited_s


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of a legend."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing with its legend, and the same as a table."""

    drawing: Markup
    keys: tuple[Key, ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def waits_chart(run: Run) -> Chart | None:
    """Draw waits over the day: the median, and up to the 95th percentile."""
    hours = hours_of(run)
    rows = waits_by_hour(run, hours)
    if not any(row.rides for row in rows):
        return None
    p50 = [None if row.p50_s is None else row.p50_s / 60 for row in rows]
    p95 = [None if row.p95_s is None else row.p95_s / 60 for row in rows]
    longest = run.settings.promises.wait_s_max / 60
    tips = [
        f"{words.clock(row.hour * HOUR_S)}: half waited at most {words.minutes(row.p50_s)},"
        f" 95 of 100 at most {words.minutes(row.p95_s)} ({row.rides} rides)"
        for row in rows
    ]
    drawing = both_widths(
        "Waits over the day in minutes, by hour of departure: median, and up to the 95th"
        " percentile. The table below has the figures.",
        (hours.start, hours.stop),
        max(longest * 1.15, *(value for value in p95 if value is not None)),
        together(
            band(hours, p50, p95),
            dots(hours, p50, tips, "dot"),
            limit(longest, f"longest wait: {words.minutes(60 * longest)}"),
        ),
        unit="minutes",
    )
    return Chart(
        drawing=drawing,
        keys=(
            Key("median", "half of the riders waited at most this long"),
            Key("band", "up to what 95 of 100 waited at most"),
        ),
        head=("Hour", "Rides", "Median wait", "95 of 100 at most"),
        rows=tuple(
            (
                words.clock(row.hour * HOUR_S),
                words.count(row.rides),
                words.minutes(row.p50_s),
                words.minutes(row.p95_s),
            )
            for row in rows
        ),
    )


def requests_chart(run: Run) -> Chart | None:
    """Draw what became of the requests of each hour."""
    if not run.rides:
        return None
    hours = hours_of(run)
    outcomes = outcomes_by_hour(run.rides, hours)
    layers = [
        Layer(_outcome_name(name), _outcome_kind(name, number), values)
        for number, (name, values) in enumerate(zip(outcomes.names, outcomes.counts, strict=True))
    ]
    used = [layer for layer in layers if any(layer.values)]
    drawing = both_widths(
        "Requests over the day, by hour of departure and by what became of them. The table below"
        " has the figures.",
        (hours.start, hours.stop),
        max(map(sum, zip(*outcomes.counts, strict=True))),
        stacked_columns(used, hours, "{hour}: {value} {name}"),
        unit="requests an hour",
    )
    return Chart(
        drawing=drawing,
        keys=tuple(Key(layer.kind, layer.name) for layer in used),
        head=("Hour", *(layer.name for layer in used)),
        rows=tuple(
            (words.clock(hour * HOUR_S), *(words.count(layer.values[index]) for layer in used))
            for index, hour in enumerate(hours)
        ),
    )


def _outcome_name(name: str) -> str:
    if name == CALLED_OFF:
        return "cancelled, not shown up or failed"
    if name == SERVED:
        return "served"
    if name == OTHER_REASONS:
        return "refused: other reasons"
    return f"refused: {words.SHORT_REASONS.get(name, name.replace('_', ' '))}"


def _outcome_kind(name: str, number: int) -> str:
    return {SERVED: "served", CALLED_OFF: "called-off", OTHER_REASONS: "refused-5"}.get(
        name, f"refused-{number}"
    )


def fleet_chart(run: Run) -> Chart | None:
    """Draw what the fleet did over the day."""
    if not run.shuttles:
        return None
    hours = hours_of(run)
    fleet = fleet_states(run, hours)
    layers = [
        Layer("driving with riders", "riding", fleet.riding.tolist()),
        Layer("at a stop", "at-stop", fleet.at_stop.tolist()),
        Layer("driving empty", "empty", fleet.empty.tolist()),
        Layer("standing idle", "idle", fleet.idle.tolist()),
    ]
    besides = [
        Layer("cleaned, looked after or charged", "upkeep", fleet.upkeep.tolist()),
        Layer("off duty", "off-duty", fleet.off_duty.tolist()),
    ]
    layers += [layer for layer in besides if any(layer.values)]
    count = len(fleet.idle)
    times = [(fleet.start_s + FLEET_BIN_S * number) / HOUR_S for number in range(count + 1)]
    drawing = both_widths(
        "What the fleet did over the day: shuttles driving with riders, at a stop, driving empty"
        " and idle. The table below has the figures.",
        (hours.start, hours.stop),
        float(len(run.shuttles)),
        stacked_areas(layers, times),
        unit="shuttles",
    )
    step = HOUR_S // FLEET_BIN_S
    rows = []
    for number, hour in enumerate(hours):
        part = slice(number * step, (number + 1) * step)
        means = [sum(layer.values[part]) / step for layer in layers]
        rows.append((words.clock(hour * HOUR_S), *(words.decimal(mean) for mean in means)))
    return Chart(
        drawing=drawing,
        keys=tuple(Key(layer.kind, layer.name) for layer in layers),
        head=("Hour", *(layer.name for layer in layers)),
        rows=tuple(rows),
    )


def moving_chart(run: Run) -> Chart | None:
    """Draw how many shuttles moved at once, beside how many might; None if all might."""
    if run.settings.supervision is None:
        return None
    hours = hours_of(run)
    spans_ms = [(hour * HOUR_S * 1000, (hour + 1) * HOUR_S * 1000) for hour in hours]
    moved, limits, waits_s = moving_max(run, spans_ms), limits_of(run, hours), waited_s(run, hours)
    spare = [max(most - own, 0) for own, most in zip(moved, limits, strict=True)]
    layers = [
        Layer("moved at once at most", "riding", moved),
        Layer("more were supervised", "idle", spare),
    ]
    drawing = both_widths(
        "How many shuttles moved at once at most in each hour, and how many more might have. The"
        " table below has the figures.",
        (hours.start, hours.stop),
        float(max(map(sum, zip(moved, spare, strict=True)), default=1) or 1),
        stacked_columns(layers, hours, "{hour}: {value} {name}"),
        unit="shuttles",
    )
    return Chart(
        drawing=drawing,
        keys=tuple(Key(layer.kind, layer.name) for layer in layers),
        head=("Hour", "Moved at once", "Might move", "Waited for an operator"),
        rows=tuple(
            (words.clock(hour * HOUR_S), words.count(a), words.count(b), words.minutes(s))
            for hour, a, b, s in zip(hours, moved, limits, waits_s, strict=True)
        ),
    )
