"""A dispatcher as a process: ``navette serve dispatcher``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from services.dispatcher.role import dispatcher
from services.dispatcher.surroundings import ShardMetrics, Surroundings
from services.dispatcher.warm_up import warm_up
from services.domain.day import Weather
from services.runtime.dead_letters import DeadLetterWriter, Seal
from services.runtime.kafka_membership import KafkaMembership
from services.runtime.pages import pages
from services.runtime.serving import Place, Role, settle


def serving(name: str) -> Callable[[Place], Role]:
    """Return what puts a dispatcher together that has this name among all."""

    def make(place: Place) -> Role:
        around = Surroundings(
            messages=place.messages,
            store=place.store,
            dead_letters=DeadLetterWriter(place.messages, Seal.of(place.chosen.kafka)),
            clock=place.clock,
            owner=name,
            metrics=ShardMetrics(place.registry),
        )
        membership = KafkaMembership(place.chosen.kafka, name)
        weather = Weather(place.chosen.serve.weather)
        ownership, attendants = dispatcher(
            place.served, place.clocks, around, membership, place.registry, weather
        )

        async def run() -> None:
            for network in {id(network): network for _, network in place.served}.values():
                await asyncio.to_thread(warm_up, network)
            settle()
            try:
                await ownership.run()
            finally:
                attendants.stop()

        async def waiting() -> Sequence[str]:
            reasons = await place.waiting()
            if not membership.joined or not membership.reachable:
                reasons.append("it has not joined the other dispatchers")
            elif not ownership.ready:
                reasons.append("it has not taken all of its shards")
            return reasons

        return Role(run=run, app=pages(waiting, place.registry))

    return make
