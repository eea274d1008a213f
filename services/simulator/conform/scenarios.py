"""What a shuttle is tried with; each scenario ends with it at home, without riders."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from services.domain.events import (
    Arrived,
    Boarded,
    Departed,
    Left,
    PlanAcknowledged,
    Report,
)
from services.domain.ids import RideId
from services.domain.plan import Visit
from services.simulator.conform.bench import Bench
from services.wire.link import PROTOCOL, LinkHeartbeat

LEASE_S = 24 * 3600
QUIET_S = 60
"""A shuttle that should not do something gets so long to do it, in the zone's seconds."""

RECONNECT_S = 60.0


class Failed(Exception):
    """What was seen instead of what was expected."""


class Scenario(NamedTuple):
    """Something that a shuttle has to do."""

    name: str
    expected: str
    play: Callable[[Bench], Awaitable[str]]


def ride_visits(bench: Bench, ride: RideId, until_s: int) -> tuple[Visit, Visit]:
    """From the stop away, where a party gets on under a lease, to the stop at home."""
    now_s, drive_s = bench.clock.now_s(), bench.subject.drive_s
    away_s, home_s = now_s + drive_s, now_s + 2 * drive_s + 60
    return (
        Visit(
            stop=bench.subject.away,
            leave_s=now_s,
            arrive_s=away_s,
            depart_s=away_s + 60,
            board_from_s=now_s,
            board=(ride,),
            board_until_s=(until_s,),
        ),
        Visit(
            stop=bench.subject.home, leave_s=now_s, arrive_s=home_s, depart_s=home_s, leave=(ride,)
        ),
    )


def stand(bench: Bench, stop: int) -> Visit:
    """Go to a stop and stay there."""
    now_s = bench.clock.now_s()
    at_s = now_s + bench.subject.drive_s
    return Visit(stop=stop, leave_s=now_s, arrive_s=at_s, depart_s=at_s)


async def need(bench: Bench, done: Callable[[], bool], within_s: float, seen: str) -> None:
    """Wait until something is so.

    Raises
    ------
    Failed
        If it does not come to be.
    """
    if not await bench.until(done, within_s):
        raise Failed(f"{seen} within {within_s:.0f} s")


async def follow(bench: Bench, *visits: Visit) -> int:
    """Send a plan, and wait until it is acknowledged."""
    revision = await bench.plan(*visits)
    await need(
        bench,
        lambda: revision in acknowledged(bench),
        bench.subject.within_s,
        f"plan {revision} was not acknowledged",
    )
    return revision


def acknowledged(bench: Bench) -> set[int]:
    """All revisions that were acknowledged."""
    reports = (one.report for one in bench.said)
    return {report.revision for report in reports if isinstance(report, PlanAcknowledged)}


async def quiet(bench: Bench, kind: type, mark: int) -> bool:
    """Wait a while, and tell whether no such report came."""
    quiet_s = max(QUIET_S / bench.clock.speed, 0.2)
    return not await bench.until(
        lambda: any(isinstance(report, kind) for report in bench.since(mark)), quiet_s
    )


def stands_at(bench: Bench) -> int | None:
    """Where it stands, as far as it said so; none if it drives."""
    where: int | None = bench.subject.home
    for one in bench.said:
        if isinstance(one.report, Arrived):
            where = one.report.stop
        elif isinstance(one.report, Departed):
            where = None
    return where


async def arrival(bench: Bench, stop: int) -> None:
    """Wait until it stands at a stop."""
    await need(
        bench,
        lambda: stands_at(bench) == stop,
        bench.drive_within_s(2),
        f"it did not arrive at stop {stop}",
    )


async def call_to(bench: Bench, stop: int) -> None:
    """Call the shuttle to a stop, without riders, and wait for it there."""
    await follow(bench, stand(bench, stop))
    await arrival(bench, stop)


async def finished(bench: Bench, mark: int, ride: RideId, within_s: float) -> None:
    """Wait until a party got off."""
    await need(
        bench,
        lambda: any(
            isinstance(report, Left) and report.ride_id == ride for report in bench.since(mark)
        ),
        within_s,
        f"{story(bench.since(mark))}; {ride} was not let off",
    )


def story(reports: Sequence[Report]) -> str:
    """Tell in a line what was reported of stops and riders."""
    words = []
    for report in reports:
        match report:
            case Departed(stop=stop, towards=towards):
                words.append(f"departed {stop}>{towards}")
            case Arrived(stop=stop):
                words.append(f"arrived {stop}")
            case Boarded(ride_id=ride_id):
                words.append(f"boarded {ride_id}")
            case Left(ride_id=ride_id):
                words.append(f"left {ride_id}")
            case _:
                pass
    return ", ".join(words) or "nothing"


def expected_story(bench: Bench, ride: RideId) -> str:
    """What is reported of a ride from away to home, by a shuttle that stands at home."""
    home, away = bench.subject.home, bench.subject.away
    return (
        f"departed {home}>{away}, arrived {away}, boarded {ride}, "
        f"departed {away}>{home}, arrived {home}, left {ride}"
    )


def judge_story(bench: Bench, mark: int, ride: RideId) -> str:
    """Compare what was reported with what was to be done, and look at the times."""
    reports = bench.since(mark)
    seen = story(reports)
    if seen != expected_story(bench, ride):
        raise Failed(seen)
    times = [report.at_s for report in reports]
    if times != sorted(times):
        raise Failed(f"times go back: {times}")
    if times[-1] > bench.clock.now_s() + 60:
        raise Failed("times lie ahead: is its clock right?")
    return seen


async def greet(bench: Bench) -> str:
    """Wait for the first hello, and send an empty plan."""
    await need(bench, lambda: bool(bench.hellos), RECONNECT_S, "no hello came")
    hello = bench.hellos[0]
    if hello.protocol != PROTOCOL:
        raise Failed(f"protocol {hello.protocol}")
    if not 8 <= len(hello.boot_id) <= 64:
        raise Failed(f"a boot_id of {len(hello.boot_id)} characters")
    bench.revision = hello.plan_revision
    bench.safe = hello.received_up_to
    return f"boot {hello.boot_id}, {hello.software or 'no name'}"


async def acknowledge(bench: Bench) -> str:
    """Send an empty plan."""
    return f"plan {await follow(bench)} acknowledged"


async def heartbeat(bench: Bench) -> str:
    """Send a heartbeat."""
    number = len(bench.answers) + 700
    await bench.send(LinkHeartbeat(number))
    within_s = bench.subject.within_s
    await need(bench, lambda: number in bench.answers, within_s, f"{number} was not answered")
    return f"{number} answered"


async def ride(bench: Bench) -> str:
    """Send it for a party."""
    mark, party = len(bench.said), RideId("ride-1")
    await follow(bench, *ride_visits(bench, party, bench.clock.now_s() + LEASE_S))
    await finished(bench, mark, party, bench.drive_within_s(4))
    return judge_story(bench, mark, party)


async def ignore_older(bench: Bench) -> str:
    """Send a plan with a gap before it, then one that falls into the gap."""
    older = bench.revision + 1
    bench.revision += 4
    await follow(bench)
    mark = len(bench.said)
    visits = ride_visits(bench, RideId("ride-2"), bench.clock.now_s() + LEASE_S)
    await bench.plan(*visits, revision=older)
    if not await quiet(bench, Departed, mark) or older in acknowledged(bench):
        raise Failed(f"plan {older} was followed after {bench.revision}")
    await heartbeat(bench)
    return f"plan {older} after {bench.revision} was ignored"


async def withdraw(bench: Bench) -> str:
    """Take a party out of the plan while the shuttle is on its way to it."""
    mark, party, subject = len(bench.said), RideId("ride-3"), bench.subject
    await follow(bench, *ride_visits(bench, party, bench.clock.now_s() + LEASE_S))
    await call_to(bench, subject.away)
    if not await quiet(bench, Boarded, mark):
        raise Failed("it boarded after its plan did not name it any more")
    await call_to(bench, subject.home)
    return "it was not let on"


async def no_lease(bench: Bench) -> str:
    """Send it for a party without a lease, then with one."""
    mark, party = len(bench.said), RideId("ride-4")
    await follow(bench, *ride_visits(bench, party, 0))
    await arrival(bench, bench.subject.away)
    if not await quiet(bench, Boarded, mark):
        raise Failed("it boarded without a lease")
    await follow(bench, *ride_visits(bench, party, bench.clock.now_s() + LEASE_S))
    await finished(bench, mark, party, bench.drive_within_s(4))
    return "it boarded when the lease came, and not before"


async def lapsed_lease(bench: Bench) -> str:
    """Send it for a party whose lease is over before it can be there."""
    mark, party, subject = len(bench.said), RideId("ride-5"), bench.subject
    visits = ride_visits(bench, party, bench.clock.now_s() - 1)
    await follow(bench, *visits)
    await asyncio.sleep(bench.drive_within_s(1) - subject.within_s)
    if not await quiet(bench, Boarded, mark):
        raise Failed("it boarded after its lease was over")
    await call_to(bench, subject.away)
    if any(isinstance(report, Boarded) for report in bench.since(mark)):
        raise Failed("it boarded after its plan did not name it any more")
    await call_to(bench, subject.home)
    return "it was not let on"


async def resend(bench: Bench) -> str:
    """Break the connection while reports are not safe."""
    party = RideId("ride-6")
    mark, bench.acknowledging = len(bench.said), False
    try:
        await follow(bench, *ride_visits(bench, party, bench.clock.now_s() + LEASE_S))
        within_s, count = bench.drive_within_s(2), len(bench.hellos)
        await need(bench, lambda: len(bench.since(mark)) >= 2, within_s, "too few reports came")
        before = {one.number: one.report for one in bench.said[mark:]}
        bench.cut()
        again = len(bench.said)
        await need(bench, lambda: len(bench.hellos) > count, RECONNECT_S, "it did not come back")
        hello = bench.hellos[-1]
        if hello.boot_id != bench.hellos[0].boot_id:
            raise Failed("another boot_id, without a restart")
        if hello.received_up_to > bench.safe:
            raise Failed(f"it takes {hello.received_up_to} for safe, which is {bench.safe}")
        await need(
            bench,
            lambda: len(bench.said) >= again + len(before),
            bench.subject.within_s,
            f"{len(bench.said) - again} of {len(before)} reports came again",
        )
        resent = {one.number: one.report for one in bench.said[again : again + len(before)]}
    finally:
        bench.acknowledging = True
        await bench.acknowledge()
    if list(resent.items())[: len(before)] != list(before.items()):
        raise Failed(f"{list(resent)} came again, not {list(before)}, or with other contents")
    await finished(bench, mark, party, bench.drive_within_s(4))
    judge_story(bench, mark, party)
    return f"{list(before)} came again, unchanged"


async def offline(bench: Bench) -> str:
    """Leave it alone in a white zone for a whole ride."""
    mark, party = len(bench.said), RideId("ride-7")
    await follow(bench, *ride_visits(bench, party, bench.clock.now_s() + LEASE_S))
    count, bench.refusing = len(bench.hellos), True
    bench.cut()
    try:
        await asyncio.sleep(bench.drive_within_s(4) - bench.subject.within_s)
    finally:
        bench.refusing = False
    back_s = bench.clock.now_s()
    await need(bench, lambda: len(bench.hellos) > count, RECONNECT_S, "it did not come back")
    await finished(bench, mark, party, bench.subject.within_s)
    seen = judge_story(bench, mark, party)
    if bench.since(mark)[-1].at_s > back_s:
        raise Failed("it waited for the connection")
    return seen


async def well_formed(bench: Bench) -> str:
    """Look at all that was said."""
    if bench.wrong:
        raise Failed("; ".join(bench.wrong[:5]))
    return f"{len(bench.said)} reports"


SCENARIOS = (
    Scenario("greets", "a hello with protocol 1 and a boot id", greet),
    Scenario("acknowledges", "PlanAcknowledged with the plan's revision", acknowledge),
    Scenario("heartbeat", "the same number back, as an answer", heartbeat),
    Scenario("ride", "departed, arrived, boarded, departed, arrived, left, in order", ride),
    Scenario("older plans", "a lower revision is not followed", ignore_older),
    Scenario("withdrawn", "who is in the plan no more does not board", withdraw),
    Scenario("no lease", "nobody boards before there is a lease", no_lease),
    Scenario("lapsed lease", "nobody boards after the lease", lapsed_lease),
    Scenario("resends", "what was not safe comes again: numbers, contents, order", resend),
    Scenario("white zone", "the ride goes on; its reports come later, in order", offline),
    Scenario("well-formed", "all frames can be read, numbers grow", well_formed),
)
