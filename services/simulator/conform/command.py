"""``navette shuttles conform``: tries a shuttle, and says what it did and what it should have."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from services.domain.errors import InvalidSetting
from services.domain.ids import ShuttleId, ZoneId
from services.network.fleet import shuttles
from services.network.folder import Network, load
from services.network.tables import UNREACHABLE_S
from services.runtime.clock import WallClock
from services.runtime.settings import Settings, read_settings
from services.simulator.conform.bench import Bench, Subject
from services.simulator.conform.scenarios import SCENARIOS, Failed

DRIVES_SLOWER = 1.5
STOP_S = 180
"""A shuttle may take this much longer than planned, and so long for a stop."""


class Outcome(NamedTuple):
    """What came of a scenario."""

    name: str
    passed: bool
    expected: str
    seen: str


class Asked(NamedTuple):
    """What is to be tried; see the command's options."""

    territory: Path
    port: int
    zone: str = "main"
    shuttle: str | None = None
    speed: float = 1.0
    within_s: float = 10.0


def subject_of(network: Network, asked: Asked, key: str | None) -> Subject:
    """Choose the shuttle that is tried, and the stops between which it is sent.

    Raises
    ------
    InvalidSetting
        If there is no such shuttle, or no stop that it could go to.
    """
    fleet = {shuttle.id: shuttle for shuttle in shuttles(network)}
    name = ShuttleId(asked.shuttle) if asked.shuttle else next(iter(fleet))
    if name not in fleet:
        raise InvalidSetting("--shuttle", f"'{name}' is none of {', '.join(sorted(fleet))}")
    home = fleet[name].depot_stop
    drive_s = network.tables.drive_s
    both_s = np.maximum(drive_s[home], drive_s[:, home])
    candidates = np.flatnonzero((both_s > 0) & (both_s < UNREACHABLE_S))
    if not len(candidates):
        raise InvalidSetting("--territory", f"no stop is within reach of {name}'s depot")
    away = int(candidates[np.argmin(both_s[candidates])])
    return Subject(
        zone=ZoneId(asked.zone),
        shuttle=name,
        home=home,
        away=away,
        drive_s=int(both_s[away] * DRIVES_SLOWER) + STOP_S,
        key=key,
        within_s=asked.within_s,
    )


async def tried(bench: Bench, tell: Callable[[Outcome], None]) -> bool:
    """Go through all scenarios; return whether all were passed."""
    outcomes: list[Outcome] = []
    for scenario in SCENARIOS:
        try:
            seen, passed = await scenario.play(bench), True
        except Failed as failed:
            seen, passed = str(failed), False
        outcomes.append(Outcome(scenario.name, passed, scenario.expected, seen))
        tell(outcomes[-1])
        if not bench.hellos:
            break  # nobody came
    return all(outcome.passed for outcome in outcomes)


def conform(asked: Asked, say: Callable[[str], None]) -> bool:
    """Wait for a shuttle, try it, and say what came of it.

    Returns
    -------
    bool
        Whether all was as it has to be.

    Raises
    ------
    NavetteError
        If the territory or a setting is not as it has to be.
    """
    settings = read_settings(Settings)
    network = load(asked.territory)
    key = settings.shuttle_key.get_secret_value() if settings.shuttle_key else None
    subject = subject_of(network, asked, key)
    clock = WallClock.from_now(network.territory.timezone, asked.speed)
    stops = network.stops.ids

    async def run() -> bool:
        bench = Bench(subject, clock, say)
        async with bench.serving(settings.host, asked.port) as server:
            port = server.sockets[0].getsockname()[1]
            say(
                f"Waiting for {subject.shuttle} at ws://{settings.host}:{port}/v1/shuttles/"
                f"{subject.shuttle}/link?territory={subject.zone}"
            )
            say(
                f"It is to stand at stop {subject.home} ({stops[subject.home]}), and is sent to "
                f"{subject.away} ({stops[subject.away]}) and back. Whoever its plan names is "
                "there. " + ("" if key else "Any token is taken.")
            )
            return await tried(bench, lambda outcome: say(line(outcome)))

    passed = asyncio.run(run())
    say("It conforms." if passed else "It does not conform.")
    return passed


def line(outcome: Outcome) -> str:
    """Write an outcome down: what was expected, and what was seen."""
    if outcome.passed:
        return f"passed  {outcome.name:<13} {outcome.seen}"
    return (
        f"FAILED  {outcome.name:<13} expected: {outcome.expected}\n{'':<22}seen:     {outcome.seen}"
    )
