"""Days whose requests come in one by one: the instant answer, batches, peers, and hindsight.

Run it from the project's root: ``python -m benchmarks.dynamic [--data DIR] [--quick | --full]``.
An answer binds at once, but for the rows that say otherwise. Peers plan everything anew every 30 s
with the same information, in a plain world of their own; they answer in no time, and who asked in
between waits for the next plan. One judge looks at all of it. Hindsight is the best that our own
solver finds when it knows all requests from the first second on; nobody is picked up before asking.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random
from statistics import fmean
from tempfile import TemporaryDirectory

import yaml

from benchmarks import vulkaneifel_day
from benchmarks._measuring import EXIT_NOTHING_TO_MEASURE, data_files, options, print_table
from benchmarks.online.darp_days import by_hindsight, by_product, read_darp_day
from benchmarks.online.days import Day, Form, Order, network_of, read_day
from benchmarks.online.planners import by_navette, by_ortools, by_vroom
from benchmarks.online.variants import HEADER, Outcome, Settings, hindsight, ours, row, theirs
from benchmarks.rebalancing import (
    DRAWN_DAYS,
    DRAWN_REQUESTS,
    drawn_day,
    expected_of,
    interval,
)
from benchmarks.static.peers import missing
from services.solver.problem import Budget

SETS = ("small", "peak", "drawn", "vulkaneifel", "darp")
DEFAULT_SETS = ("small", "peak", "drawn", "darp")
INSTANT: Settings = {"batch_every_s": 0}
VARIANTS: Mapping[str, Settings] = {
    "instant answer alone": INSTANT,
    "batches every 30 s": {"batch_every_s": 30},
    "batches every 10 s": {"batch_every_s": 10},
    "second look": {"batch_every_s": 30, "second_look": True},
    "answered after 30 s": {"batch_every_s": 30, "answer_after_s": 30},
}
"""How the product runs a day."""
BY_FORECAST = "batches, waiting by forecast"
"""One more, for which earlier days teach a forecast."""
PAIRED = ("batches every 30 s", "second look", BY_FORECAST)
"""Of these, what is also compared over drawn days."""
QUICK_REQUESTS = 60
VROOM_S = 5.0
"""VROOM ends by itself long before."""
PEAK_H = (7, 9)
VULKANEIFEL_FLEETS = (50, 60)

Rows = Iterator[tuple[str, Callable[[], Outcome]]]


def rows_of(day: Day, asked: Namespace, earlier: Sequence[Sequence[Order]], times: int) -> Rows:
    """Name and run of each row of a day; ``earlier`` days teach the forecast."""
    form = Form.ARRIVAL
    for name, settings in VARIANTS.items():
        yield name, partial(ours, day, form, settings)
    yield BY_FORECAST, partial(by_forecast, day, earlier, times)
    for divert in (False, True):
        how = "turning off" if divert else "to the next stop"
        if "vroom" not in missing():
            yield f"VROOM, {how}", partial(theirs, day, form, by_vroom(VROOM_S), divert=divert)
        if asked.ortools_s:
            planner = by_ortools(asked.ortools_s)
            yield f"OR-Tools, {how}", partial(theirs, day, form, planner, divert=divert)
        planner = by_navette(Budget(iterations=asked.iterations))
        yield f"our solver as a peer, {how}", partial(theirs, day, form, planner, divert=divert)
    for seconds in asked.hindsight:
        yield f"hindsight, {seconds:g} s", partial(hindsight, day, form, seconds)


def by_forecast(day: Day, earlier: Sequence[Sequence[Order]], times: int = 1) -> Outcome:
    """Batches, and idle shuttles wait where earlier days, so many times as busy, let expect."""
    network = network_of(day, Form.ARRIVAL)
    awaited = expected_of(network, len(day.vans), earlier, times)
    return ours(day, Form.ARRIVAL, VARIANTS["batches every 30 s"], awaited)


def show(day: Day, asked: Namespace, earlier: Sequence[Sequence[Order]], times: int = 1) -> None:
    """Print the table of one day."""
    print(f"{day.name} (requests / shuttles), arrival form\n", flush=True)
    found = []
    for name, run in rows_of(day, asked, earlier, times):
        if not asked.rows or any(word in name for word in asked.rows):
            found.append(row(name, run()))
            sys.stderr.write(" ".join(found[-1]) + "\n")
    print_table(HEADER, found)


def paired(whole: Day, count: int, words: Sequence[str]) -> None:
    """Print means over days drawn from a large one, and differences on the same days."""
    drawn = [drawn_day(whole, seed) for seed in range(count)]
    print(
        f"{count} drawn days of {DRAWN_REQUESTS:,} / {len(whole.vans)}: mean, and 95 % intervals\n"
    )
    plain = [ours(day, Form.ARRIVAL, INSTANT) for day, _ in drawn]
    rows = [["instant answer alone", *(f"{fmean(v):.2f}" for v in zip(*plain, strict=True))][:4]]
    for name in PAIRED:
        if words and not any(word in name for word in words):
            continue
        if name == BY_FORECAST:
            own = [by_forecast(day, earlier) for day, earlier in drawn]
        else:
            own = [ours(day, Form.ARRIVAL, VARIANTS[name]) for day, _ in drawn]
        more = [[a - b for a, b in zip(x, y, strict=True)] for x, y in zip(own, plain, strict=True)]
        rows.append([name, *(interval(values) for values in zip(*more, strict=True))][:4])
    print_table(HEADER[:4], rows)


def vulkaneifel(data: Path) -> None:
    """Print the Vulkaneifel day with and without batches."""
    (demand,) = data_files(data, vulkaneifel_day.DEMAND)
    rows = []
    with TemporaryDirectory() as folder:
        territory = Path(folder) / "vulkaneifel"
        vulkaneifel_day.build(territory, data)
        file = territory / "territory.yaml"
        built = yaml.safe_load(file.read_text(encoding="utf-8"))
        for shuttles in VULKANEIFEL_FLEETS:
            for name in ("instant answer alone", "batches every 30 s", "second look"):
                dispatch = {**built.get("dispatch", {}), **VARIANTS[name]}
                text = yaml.safe_dump({**built, "dispatch": dispatch}, allow_unicode=True)
                file.write_text(text, encoding="utf-8")
                (result,) = vulkaneifel_day.runs(territory, demand, shuttles, 1)
                figures, wall_s = result.figures, float(result.timing["wall_s"])
                outcome = Outcome(
                    100 * figures["served_share"],
                    figures["wait_s"]["mean"],
                    figures["km_per_served"],
                    wall_s,
                )
                rows.append(row(f"{shuttles} shuttles, {name}", outcome))
    print("Vulkaneifel, 7,146 requests; the independent check finds nothing\n")
    print_table(HEADER, rows)


def darp(data: Path, seconds: Sequence[float], count: int | None) -> None:
    """Print all dynamic dial-a-ride instances as one."""
    first = data_files(data / "darp_dynamic", "a2-16.json")[0]
    days = [read_darp_day(path) for path in sorted(first.parent.glob("*.json"))[:count]]
    asked = sum(day.instance.requests for day in days)
    print(f"{len(days)} instances of darp_dynamic, {asked} requests, as one\n", flush=True)
    runs = {name: partial(by_product, settings=own) for name, own in VARIANTS.items()}
    runs |= {f"hindsight, {s:g} s": partial(by_hindsight, seconds=s) for s in seconds}
    rows = []
    for name, run in runs.items():
        rows.append(_pooled(name, [run(day) for day in days], asked))
    told = [by_hindsight(day.expressible(), max(seconds)) for day in days]
    rows.append(_pooled("hindsight, windows as told to the product", told, asked))
    print_table(("", "served", "distance a served ride"), rows)


def _pooled(name: str, found: Sequence[tuple[int, float]], asked: int) -> list[str]:
    served, distance = (sum(values) for values in zip(*found, strict=True))
    return [name, f"{100 * served / asked:.2f} %", f"{distance / served:.3f}"]


def main() -> None:
    """Print a table for each set of days."""
    parser = options("Requests come in one by one: instant answers, batches, peers, hindsight.", 1)
    parser.add_argument("--sets", nargs="+", choices=SETS, help=f"days [{' '.join(DEFAULT_SETS)}]")
    parser.add_argument("--rows", nargs="+", metavar="WORD", help="only rows with one of these")
    parser.add_argument(
        "--hindsight", type=float, nargs="+", metavar="S", help="seconds of each try [10 30]"
    )
    parser.add_argument("--ortools-s", type=float, metavar="S", help="of a plan of OR-Tools' [0]")
    parser.add_argument("--iterations", type=int, default=2000, help="of our solver as a peer")
    parser.add_argument("--days", type=int, metavar="N", help="drawn days [4]")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a few requests, to see that it runs")
    size.add_argument("--full", action="store_true", help="all that docs/benchmarks.md shows")
    asked = parser.parse_args()
    if "vroom" in missing():
        words = "VROOM is not installed: python -m pip install '.[benchmark]'\n"
        if any("vroom" in word.lower() for word in asked.rows or ()):
            sys.stderr.write(words)
            sys.exit(EXIT_NOTHING_TO_MEASURE)
        print(words)
    sets = asked.sets or (SETS if asked.full else DEFAULT_SETS)
    asked.hindsight = asked.hindsight or ([10, 30, 60, 120] if asked.full else [10, 30])
    asked.ortools_s = asked.ortools_s or (0.3 if asked.full else 0)
    if asked.quick:
        asked.hindsight, asked.days = [1], 2
    measure(asked, sets)


def measure(asked: Namespace, sets: Sequence[str]) -> None:
    """Print the sets that were chosen."""
    names = ("stops.csv", "requests_10000.csv", "requests_1000.csv")
    stops, many, few = data_files(asked.data / "online", *names)
    twenty, hundred = data_files(asked.data / "online", "fleet_20.csv", "fleet_100.csv")
    whole, small = read_day(stops, many, twenty), read_day(stops, few, twenty)
    peak = read_day(stops, many, hundred).between(*PEAK_H)
    days = asked.days or (16 if asked.full else 4)
    if asked.quick:
        small, peak = small.first(QUICK_REQUESTS), peak.first(QUICK_REQUESTS)
    thinned = [Random(seed).sample(whole.orders, DRAWN_REQUESTS) for seed in range(DRAWN_DAYS)]
    if "small" in sets:
        show(small, asked, thinned)
    if "peak" in sets:
        show(peak, asked, [small.orders], times=10)
    if "drawn" in sets:
        paired(whole, days, asked.rows or ())
    if "vulkaneifel" in sets:
        vulkaneifel(asked.data)
    if "darp" in sets:
        darp(asked.data, [1.0, 5.0] if asked.full else [1.0], 3 if asked.quick else None)


if __name__ == "__main__":
    main()
