"""Riders of a rural territory, for Locust: `make load`, or `python -m locust -f` this file.

Run it against a service that is meant for it (`navette up`), on this machine.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from random import Random
from typing import Any

import gevent
from geventhttpclient.client import HTTPClientPool
from locust import LoadTestShape, events, task
from locust.contrib.fasthttp import FastHttpUser

from loadtests.ledger import Ledger
from loadtests.pace import ASKS_EVERY_S, DAY_HOURS, PEAK_HOURS, OfDay, Pace, Steady, users
from loadtests.rider import Habits, Rider
from loadtests.trips import Trip, quarters, trips
from loadtests.verdict import Bars, judge

DEMO = Path(__file__).resolve().parents[1] / "territories" / "la-souterraine"
CONNECTIONS_MAX = 4000


class Run:
    """What all riders of a run share."""

    trips: list[Trip]
    pace: Pace
    habits: Habits
    dice: Random
    ledger: Ledger
    began_s = 0.0
    took_s = 0.0


RUN = Run()


@events.init_command_line_parser.add_listener
def add_options(parser: Any) -> None:
    """Say what can be chosen."""
    group = parser.add_argument_group("Riders of a rural territory")
    group.add_argument("--territory", default=str(DEMO), help="Folder that the requests are of.")
    group.add_argument("--seed", type=int, default=1, help="Same seed, same riders.")
    group.add_argument("--pace", choices=["day", "peak", "steady"], default="peak", help="Shape.")
    group.add_argument(
        "--compress", type=float, default=60, help="Seconds of the day in a second of the run."
    )
    group.add_argument(
        "--ask-only", action="store_true", help="Riders wait for their answer and go away."
    )
    group.add_argument("--times", type=float, default=1, help="So many territories' requests.")
    group.add_argument("--rate", type=float, default=5, help="Requests a second, if steady.")
    group.add_argument("--seconds", type=float, default=20, help="Length of the run, if steady.")
    group.add_argument("--p50-ms", type=float, default=500, help="Bar for the answer.")
    group.add_argument("--p99-ms", type=float, default=2000, help="Bar for the answer.")
    group.add_argument("--failures", type=float, default=0.01, help="Bar: share of requests.")
    group.add_argument(
        "--settle-s", type=float, default=60, help="Rides have so long to come to their end."
    )


@events.init.add_listener
def get_ready(environment: Any, **_: Any) -> None:
    """Draw the day's requests and choose the pace."""
    chosen = environment.parsed_options
    RUN.trips = trips(Path(chosen.territory), chosen.seed)
    RUN.dice = Random(chosen.seed)
    RUN.ledger = Ledger()
    compress = chosen.compress
    RUN.habits = Habits(think_s=max(0.05, 8 / compress), look_every_s=max(0.5, 20 / compress))
    if chosen.pace == "steady":
        RUN.pace = Steady(chosen.rate, chosen.seconds)
    else:
        RUN.pace = OfDay(
            quarters=quarters(RUN.trips),
            hours=DAY_HOURS if chosen.pace == "day" else PEAK_HOURS,
            compress=compress,
            times=chosen.times,
        )


class RuralDay(LoadTestShape):
    """As many users as ask as often as the pace says."""

    def tick(self) -> tuple[int, float] | None:
        """Return how many there are now; absent at the end."""
        rate = RUN.pace.at(self.get_run_time())
        if rate is None:
            return None
        count = max(1, users(rate))
        return count, math.ceil(count)


class Riders(FastHttpUser):
    """Asks again and again, each time as another rider, who then goes on beside the others."""

    client_pool = HTTPClientPool(concurrency=CONNECTIONS_MAX, network_timeout=60)

    def on_start(self) -> None:
        """Begin at any time, so that not all ask at once and none asks more often at first."""
        self._next_s = time.monotonic() + RUN.dice.expovariate(1 / ASKS_EVERY_S)

    def wait_time(self) -> float:
        """Return how long until the next request, whose time does not depend on the last answer."""
        return max(0.0, self._next_s - time.monotonic())

    @task
    def ask(self) -> None:
        """Ask for a ride."""
        late_s = time.monotonic() - self._next_s
        if late_s < 0:
            gevent.sleep(-late_s)
        self._next_s += RUN.dice.expovariate(1 / ASKS_EVERY_S)
        gevent.spawn(self._ride, RUN.dice.choice(RUN.trips))

    def _ride(self, trip: Trip) -> None:
        rider = Rider(self.client, self.environment.events, RUN.ledger, RUN.habits, RUN.dice)
        ride_id = rider.ask(trip.body)
        if ride_id is not None and not self.environment.parsed_options.ask_only:
            rider.go_on(ride_id)


@events.test_start.add_listener
def begin(**_: Any) -> None:
    """Take the time."""
    RUN.began_s = time.monotonic()


@events.test_stop.add_listener
def settle(environment: Any, **_: Any) -> None:
    """Let all rides come to their end; riders who still wait go home."""
    RUN.took_s = time.monotonic() - RUN.began_s
    if environment.parsed_options.ask_only:
        return
    end_s = time.monotonic() + environment.parsed_options.settle_s
    user = Riders(environment)
    rider = Rider(user.client, environment.events, RUN.ledger, RUN.habits, RUN.dice)
    cancelled: set[str] = set()
    while (waiting := list(RUN.ledger.unfinished())) and time.monotonic() < end_s:
        for ride_id, state in waiting:
            if state == "confirmed" and ride_id not in cancelled:
                cancelled.add(ride_id)
                rider.cancel(ride_id)
            else:
                rider.look(ride_id)
        gevent.sleep(0.5)


@events.quitting.add_listener
def tell(environment: Any, **_: Any) -> None:
    """Judge the run, and say so by the exit status."""
    chosen = environment.parsed_options
    bars = Bars(p50_ms=chosen.p50_ms, p99_ms=chosen.p99_ms, failures=chosen.failures)
    if chosen.ask_only:
        RUN.ledger.forget_unfinished()
    text, wrong = judge(environment.stats, RUN.ledger, bars, RUN.took_s)
    print(text)
    for line in wrong:
        print(f"NOT GOOD ENOUGH: {line}")
    environment.process_exit_code = 1 if wrong else 0
