"""What runs beside a zone: it plans anew, places idle shuttles, says when it is dark.

All of them look at the zone between two of its steps and talk to it by messages only.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from services.dispatcher.batching import Batching
from services.dispatcher.company import Beside
from services.dispatcher.daylight_loop import DaylightLoop
from services.dispatcher.host import Host
from services.dispatcher.improver import Improver, ImproverMetrics, SolverProcess
from services.dispatcher.rebalancing import standings
from services.dispatcher.waiting import Waiting
from services.dispatcher.waiting_loop import WaitingLoop, WaitingMetrics
from services.domain.day import DayKind, Weather
from services.domain.territory import WaitingPlace
from services.forecast.expected import expected_in
from services.runtime.ports import Log

SOLVE_SHARE = 0.6
"""Of the time until a batch takes effect, how much its solver may use."""


class Attendants:
    """Those of all zones of a process; they share one process that solves.

    Parameters
    ----------
    messages
        By which way they talk to zones.
    weather
        The day's, for the forecast.
    """

    def __init__(self, messages: Log, weather: Weather, registry: CollectorRegistry) -> None:
        self._log = messages
        self._weather = weather
        self._placing = WaitingMetrics(registry)
        self._solver = SolverProcess(ImproverMetrics(registry))

    def of(self, host: Host) -> Beside:
        """Make those of a zone."""
        zone, clock, network = host.zone, host.clock, host.network
        dispatch = network.territory.dispatch
        improver = Improver(
            Batching(zone),
            host.id,
            self._log,
            clock,
            SOLVE_SHARE * dispatch.solve_latency_s / clock.speed,
            self._solver,
        )
        daylight = DaylightLoop(network, host.id, self._log, clock)
        runs = {"improver": improver.run, "daylight": daylight.run}
        waiting = Waiting(network, host.fleet)
        if waiting.settings.strategy is not WaitingPlace.STAY:
            waiting.expect = lambda day: expected_in(network, DayKind.of(day, self._weather))
            early_s = dispatch.early_s
            placing = WaitingLoop(
                waiting,
                lambda now_s: standings(zone.fleet, early_s, now_s),
                host.id,
                self._log,
                clock,
                self._placing,
            )
            runs["waiting"] = placing.run
        return Beside(runs, improver.changed)

    def stop(self) -> None:
        """End the process that solves."""
        self._solver.stop()
