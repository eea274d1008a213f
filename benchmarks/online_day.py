"""The synthetic rural day of the measured data: how many are served, how far, how fast decided.

Run it from the project's root: ``python -m benchmarks.online_day [--data DIR]``. The day is run by
the product's own simulation, checked by code that knows none of it, and part of its decisions is
made a second time by a straightforward insertion in plain Python.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

from benchmarks._measuring import (
    data_files,
    give_up,
    middle,
    options,
    percentile_ms,
    print_table,
)
from benchmarks.online.beside import Beside
from benchmarks.online.days import (
    Day,
    Form,
    read_day,
    simulation_of,
)
from benchmarks.online.judge import judge, records_of
from benchmarks.online.stopwatch import Stopwatch, Took
from services.domain.ride import Status

WARM_UP_REQUESTS = 200
PLAIN_DECISIONS = 100
"""Decisions of a day that plain Python makes again."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One run of a day: what came of it, and what it took."""

    served: int
    wait_s: float
    km_per_served: float
    wall_s: float
    decided: list[Took]
    applied: list[Took]

    @property
    def outcome(self) -> tuple[float, ...]:
        """What must be the same in every run."""
        return self.served, self.wait_s, self.km_per_served


def run(day: Day, form: Form) -> Result:
    """Let a day happen, judge it, and measure it."""
    simulation, watch = simulation_of(day, form), Stopwatch()
    with watch.on(simulation.zone):
        answers = simulation.run()
    records = records_of(simulation)
    verdict = judge(day, form, records)
    if verdict.faults:
        give_up(f"{day.name}, {form}: {len(verdict.faults)} faults, first {verdict.faults[0]}")
    served = [ride for ride in records.rides.values() if ride.status is Status.COMPLETED]
    return Result(
        served=len(served),
        wait_s=fmean((ride.picked_up_s or 0) - ride.requested_s for ride in served),
        km_per_served=verdict.driven_km / len(served),
        wall_s=answers.wall_s,
        decided=watch.decided,
        applied=watch.applied,
    )


def runs(day: Day, form: Form, repeat: int) -> list[Result]:
    """Run a day several times; what comes of it must be the same."""
    results = [run(day, form) for _ in range(repeat)]
    if len(Counter(result.outcome for result in results)) > 1:
        give_up(f"{day.name}, {form}: not the same twice")
    return results


def figures(day: Day, result: Result) -> list[str]:
    """What came of a day."""
    share = 100 * result.served / len(day.orders)
    return [f"{share:.2f} %", f"{result.wait_s:.0f}", f"{result.km_per_served:.3f}"]


def times(results: list[Result]) -> list[str]:
    """What a day took, as medians over its runs."""
    row = []
    for took in ([r.decided for r in results], [r.applied for r in results]):
        cpu_s = [[decision.cpu_s for decision in own] for own in took]
        wall_s = [[decision.wall_s for decision in own] for own in took]
        row.append(f"{median(percentile_ms(own, 50) for own in cpu_s):.3f}")
        row += [middle([percentile_ms(own, 99) for own in times], 3) for times in (cpu_s, wall_s)]
    return [*row, middle([result.wall_s for result in results], 2)]


def beside(day: Day, form: Form) -> list[str]:
    """Run a day once more with plain Python beside the kernel; a row of figures."""
    simulation, watch = simulation_of(day, form), Stopwatch()
    plain = Beside(simulation.zone, max(len(day.orders) // PLAIN_DECISIONS, 1))
    with watch.on(simulation.zone, plain.told):
        simulation.run()
    if plain.unlike:
        give_up(f"{day.name}, {form}: {len(plain.unlike)} answers differ: {plain.unlike[0]}")
    row = [f"{day.name}, {form}", f"{len(plain.plain_s)} of {len(day.orders):,}"]
    for times_s in (plain.kernel_s, plain.plain_s):
        row += [f"{percentile_ms(times_s, percent):.3f}" for percent in (50, 99)]
    ratio = median(slow / fast for slow, fast in zip(plain.plain_s, plain.kernel_s, strict=True))
    return [*row, f"{ratio:,.0f} x"]


def days_of(folder: Path) -> list[tuple[Day, Form]]:
    """All that is measured."""

    def files(requests: int, shuttles: int) -> Day:
        names = ("stops.csv", f"requests_{requests}.csv", f"fleet_{shuttles}.csv")
        return read_day(*data_files(folder, *names))

    small, large = files(1000, 20), files(10_000, 200)
    few = files(10_000, 100)
    return [
        (small, Form.ARRIVAL),
        (small, Form.RIDE),
        (large, Form.ARRIVAL),
        (large, Form.RIDE),
        (large.between(7, 9), Form.ARRIVAL),
        (few.between(7, 9), Form.ARRIVAL),
    ]


def main() -> None:
    """Print what is served, how far is driven and how long decisions take."""
    parser = options(
        "The synthetic rural day: served, km, decision times; kernel and plain Python."
    )
    asked = parser.parse_args()
    days = days_of(asked.data / "online")
    for form in Form:  # compiles, or loads what was compiled before
        simulation_of(days[0][0].first(WARM_UP_REQUESTS), form).run()
    results = [(day, form, runs(day, form, asked.repeat)) for day, form in days]
    print("Requests / shuttles, form: what came of it (the same on every machine)\n")
    print_table(
        ("day", "served", "wait s", "km a served ride"),
        [[f"{day.name}, {form}", *figures(day, own[0])] for day, form, own in results],
    )
    print(f"What it took, in ms a decision and s a day; median of {asked.repeat} runs (min–max)\n")
    print_table(
        ("", "kernel p50", "p99", "p99 wall", "apply p50", "p99", "p99 wall", "day"),
        [[f"{day.name}, {form}", *times(own)] for day, form, own in results],
    )
    print("The same decisions by the kernel and in plain Python; all answers are the same\n")
    print_table(
        ("day", "decisions", "kernel p50 ms", "p99", "plain p50 ms", "p99", "median ratio"),
        [beside(day, form) for day, form in days],
    )


if __name__ == "__main__":
    main()
