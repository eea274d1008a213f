"""How long a dispatcher takes to go on with a zone of thousands of open rides.

Riders book rides over the days ahead, on a real Kafka and PostgreSQL, until so many are confirmed.
Then the dispatcher is killed and started again, some times: what counts is the time from taking
the zone's shard to its first step, as the dispatcher itself measures it. The shuttles have no
batteries here: what one holds now limits all that is booked on it for the days ahead.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from argparse import Namespace
from functools import partial
from pathlib import Path
from random import Random

from benchmarks._measuring import options
from benchmarks.stack.climb import many_shuttles
from benchmarks.stack.zones import PARTITIONS, READY_S_MAX, Fleet, dispatcher
from services.domain.events import (
    AcceptOffer,
    CommandTurnedDown,
    OfferExpired,
    RequestRide,
    RideConfirmed,
    RideOffered,
    RideRefused,
)
from services.domain.ids import RideId, ZoneId
from services.domain.ride import Party, Request, StopWalk
from services.domain.settings_part import DAY_S
from services.network.folder import load
from services.runtime.child import Child
from services.runtime.kafka import KafkaLog
from services.runtime.probe import says_ok
from services.wire.topics import Topic, partition_of

ZONE = ZoneId("bench")
UNDER_WAY_MAX = 50
SILENCE_S_MAX = 30
HOURS = 8, 19
BAR_S = 2.0


async def book(fleet: Fleet, log: KafkaLog, count: int, dice: Random) -> int:
    """Book rides until so many are confirmed; return how many were asked for."""
    stops, confirmed, asked = len(fleet.network.stops), 0, 0
    days = fleet.network.territory.promises.book_ahead_s_max // DAY_S
    reader = log.reader(Topic.RIDE_EVENTS, partition_of(ZONE, PARTITIONS))
    under_way: set[str] = set()
    while confirmed < count:
        while len(under_way) < UNDER_WAY_MAX:
            origin, destination = dice.sample(range(stops), 2)
            midnight_s = dice.randrange(1, days) * DAY_S
            request = Request(
                ride_id=RideId(f"bench-{asked}"),
                party=Party(),
                origins=(StopWalk(origin, 0),),
                destinations=(StopWalk(destination, 0),),
                departure_s=midnight_s + dice.randrange(HOURS[0] * 3600, HOURS[1] * 3600),
            )
            asked += 1
            under_way.add(request.ride_id)
            await log.append_all([fleet.envelope(ZONE, RequestRide(request))])
        async with asyncio.timeout(SILENCE_S_MAX):
            records = await reader.read()
        for record in records:
            match getattr(record.value, "body", None):
                case RideOffered(ride_id=ride_id):
                    await log.append_all([fleet.envelope(ZONE, AcceptOffer(ride_id))])
                case (
                    RideRefused(ride_id=ride_id)
                    | OfferExpired(ride_id=ride_id)
                    | CommandTurnedDown(ride_id=ride_id)
                ):
                    under_way.discard(ride_id)
                case RideConfirmed(ride_id=ride_id):
                    under_way.discard(ride_id)
                    confirmed += 1
    reader.close()
    return asked


def take_s(said: str) -> float:
    """Return how long the last take of the zone's shard took, from what the dispatcher said."""
    return int(re.findall(r"shard_taken .* ms=(\d+) .* zones=1", said)[-1]) / 1000


async def measure(given: Namespace, folder: Path) -> bool:
    """Book, kill and take over; return whether every take was within the bar."""
    took_s = []
    into = folder / "territory"
    territory = many_shuttles(given.territory, given.fleet_times, into, batteries=False)
    async with dispatcher(folder, [ZONE], territory) as (child, log):
        fleet = Fleet(load(territory), [ZONE], log)
        began = time.monotonic()
        asked = await book(fleet, log, given.rides, Random(given.seed))
        print(f"{given.rides} of {asked} booked in {time.monotonic() - began:.0f} s")
        port = int(child.program.command[-1])
        for _ in range(given.times):
            child.kill()
            child = Child(child.program)
            try:
                await child.until(partial(says_ok, port), READY_S_MAX)
                took_s.append(take_s(child.program.log.read_text()))
            finally:
                await child.stop()
    shown = ", ".join(f"{one:.2f}" for one in sorted(took_s))
    print(f"taken over with {given.rides} open rides in {shown} s (at most {BAR_S:g})")
    return max(took_s) < BAR_S


def main(given: Namespace) -> int:
    """Measure, and return an exit status."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        return 0 if asyncio.run(measure(given, Path(folder))) else 1


if __name__ == "__main__":
    parser = options(__doc__)
    parser.add_argument("--rides", type=int, default=5000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fleet-times", type=int, default=5, help="so many times its shuttles")
    parser.add_argument(
        "--territory", type=Path, default=Path("territories/la-souterraine").resolve()
    )
    raise SystemExit(main(parser.parse_args()))
