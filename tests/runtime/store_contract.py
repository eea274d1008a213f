"""What every store keeps to, wherever it runs: each adapter has a class of tests made from this."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.domain.errors import InvalidSetting, ShardLost
from services.domain.ids import RideId, ZoneId
from services.domain.ride import Status
from services.runtime.journal import entries, verify
from services.runtime.ports import (
    UNREAD,
    Changes,
    Group,
    Holding,
    Mark,
    Part,
    Store,
    ZoneHolding,
)
from services.wire.stored import Entry
from services.wire.topics import Topic
from tests.runtime.samples import ZONE, journal, ride, rides, snapshot

DAY = date(2026, 6, 10)
SHARD = 3
OTHER = ZoneId("other")
INPUTS = (Topic.RIDE_COMMANDS, Topic.SHUTTLE_REPORTS)


async def take(store: Store, *zones: ZoneId, shard: int = SHARD) -> Holding:
    """Take a shard; its zones are made known first, as an owner does."""
    for zone in zones or (ZONE,):
        await store.open(zone, shard, DAY)
    return await store.take(shard, zones or (ZONE,), "dispatcher-0")


async def commit(store: Store, epoch: int, *entries: Entry, **rest: Any) -> None:
    """Commit steps of one zone, and what changed in it."""
    changes = {ZONE: rest.pop("changes")} if "changes" in rest else {}
    await store.commit(SHARD, epoch, Group(entries=entries, changes=changes, **rest))


class StoreContract:
    async def test_a_new_zone_is_empty(self, store: Store) -> None:
        holding = await take(store)
        assert holding.zones == {ZONE: ZoneHolding()}
        assert holding.offsets == {}
        assert await store.journal(ZONE) == []

    async def test_a_zone_keeps_its_first_day(self, store: Store) -> None:
        assert await store.open(ZONE, SHARD, DAY) == DAY
        assert await store.open(ZONE, SHARD, date(2026, 6, 11)) == DAY

    async def test_its_clock_shows_the_time_if_it_has_one(self, store: Store) -> None:
        shown_ms = await store.now_ms()
        assert shown_ms is None or abs(shown_ms - time.time() * 1000) < 60_000

    async def test_where_a_zone_stands_still_is_kept_though_it_takes_no_step(
        self, store: Store
    ) -> None:
        holding = await take(store)
        for body, unread in ((b"17", {Topic.RIDE_COMMANDS: 17}), (b"", {})):
            changes = Changes(parts=(Part(UNREAD, Topic.RIDE_COMMANDS, body),))
            group = Group(changes={ZONE: changes}, offsets={Topic.RIDE_COMMANDS: 40})
            await store.commit(SHARD, holding.epoch, group)
            found = await store.look(ZONE)
            assert found.unread == unread
            assert found.rows() == ()

    async def test_a_zone_stays_in_its_shard(self, store: Store) -> None:
        await store.open(ZONE, SHARD, DAY)
        with pytest.raises(InvalidSetting, match=r"partitions.*shard 3"):
            await store.open(ZONE, SHARD + 1, DAY)

    async def test_an_owner_finds_what_the_one_before_committed(self, store: Store) -> None:
        first, chain = await take(store), journal(3)
        offsets = {Topic.RIDE_COMMANDS: 20}
        some = {"offsets": offsets, "published": {ZONE: 1}, "changes": rides(1, 2)}
        await commit(store, first.epoch, *chain[:2], **some)
        more = {"offsets": {Topic.SHUTTLE_REPORTS: 5}, "changes": rides(3)}
        await commit(store, first.epoch, chain[2], **more)
        second = await take(store)
        assert second.epoch > first.epoch
        assert second.offsets == {Topic.RIDE_COMMANDS: 20, Topic.SHUTTLE_REPORTS: 5}
        found, last = second.zones[ZONE], chain[-1]
        assert (found.number, found.now_s, found.link) == (3, last.now_s, last.link)
        assert found.published == 1
        assert set(map(repr, found.rides)) == {repr(ride(n)) for n in (1, 2, 3)}
        assert found.message_ids == ("m-1", "m-2", "m-3")

    async def test_ids_are_found_of_steps_of_several_messages_and_of_none(
        self, store: Store
    ) -> None:
        first, chain = await take(store), journal(3)
        names = (("a/1/2", "ü-\0"), ("", ""), ("", "b"))
        chain = [replace(one, message_ids=ids) for one, ids in zip(chain, names, strict=True)]
        await commit(store, first.epoch, *chain)
        assert (await take(store)).zones[ZONE].message_ids == ("a/1/2", "ü-\0", "b")

    async def test_who_only_looks_finds_the_same_and_takes_nothing_away(self, store: Store) -> None:
        assert await store.look(ZONE) == ZoneHolding()
        holding, chain = await take(store), journal(2)
        await commit(store, holding.epoch, chain[0], changes=rides(1))
        found = await store.look(ZONE)
        await commit(store, holding.epoch, chain[1])
        assert (found.number, found.rides) == (1, (ride(1),))

    async def test_what_is_kept_in_mind_of_the_log_is_found_by_the_next_owner(
        self, store: Store
    ) -> None:
        first = await take(store)
        assert first.marks == {}
        for offset in (7, 9):
            marks = {Topic.RIDE_COMMANDS: Mark(offset, "a0"), Topic.SHUTTLE_REPORTS: Mark(3, "b1")}
            await store.mark(SHARD, first.epoch, marks)
        assert (await take(store)).marks == marks
        with pytest.raises(ShardLost):
            await store.mark(SHARD, first.epoch, {})

    async def test_inputs_that_were_lost_are_read_anew_and_others_read_on(
        self, store: Store
    ) -> None:
        first = await take(store)
        behind = Changes(parts=tuple(Part(UNREAD, topic, b"3") for topic in INPUTS))
        offsets = dict.fromkeys(INPUTS, 7)
        await commit(store, first.epoch, *journal(1), offsets=offsets, changes=behind)
        marks = {topic: Mark(6, "a0") for topic in INPUTS}
        await store.mark(SHARD, first.epoch, marks)
        other = await take(store, OTHER, shard=SHARD + 1)
        group = Group(offsets=offsets, changes={OTHER: behind})
        await store.commit(SHARD + 1, other.epoch, group)
        await store.begin_anew(SHARD, [Topic.RIDE_COMMANDS])
        with pytest.raises(ShardLost):
            await commit(store, first.epoch, journal(2)[1])
        progress, then = await store.progress(SHARD), await take(store)
        assert progress.offsets == then.offsets == {Topic.SHUTTLE_REPORTS: 7}
        assert progress.marks == then.marks == {Topic.SHUTTLE_REPORTS: Mark(6, "a0")}
        assert then.zones[ZONE].unread == {Topic.SHUTTLE_REPORTS: 3}
        assert then.zones[ZONE].number == 1
        untouched = await store.progress(SHARD + 1)
        assert (untouched.epoch, untouched.offsets) == (other.epoch, offsets)
        assert (await store.look(OTHER)).unread == dict.fromkeys(INPUTS, 3)
        assert (await store.progress(SHARD + 2)).offsets == {}

    async def test_what_was_asked_first_is_told_to_whoever_asks_again(self, store: Store) -> None:
        name = RideId("r-1")
        assert await store.ask(name, b"first") == (b"first", None)
        assert await store.ask(name, b"first") == (b"first", None)
        assert await store.ask(name, b"other") == (b"first", None)
        assert await store.ask(RideId("r-2"), b"other") == (b"other", None)
        holding = await take(store)
        await commit(store, holding.epoch, *journal(1), changes=rides(1))
        assert await store.ask(name, b"other") == (b"first", (ZONE, ride(1), 1))

    async def test_of_all_who_ask_at_once_one_is_first(self, store: Store) -> None:
        names = [RideId(f"r-{n}") for n in range(20)]
        hows = [b"a", b"b", b"c"]
        found = await asyncio.gather(*(store.ask(n, how) for how in hows for n in names))
        for number in range(len(names)):
            assert len({one.how for one in found[number :: len(names)]}) == 1

    async def test_an_owner_that_was_replaced_cannot_write(self, store: Store) -> None:
        old, new = await take(store), await take(store)
        with pytest.raises(ShardLost):
            await commit(store, old.epoch, *journal(1), changes=rides(1))
        with pytest.raises(ShardLost):
            await commit(store, old.epoch, offsets={Topic.RIDE_COMMANDS: 7})
        assert await store.journal(ZONE) == []
        assert await store.ride(RideId("r-1")) is None
        await commit(store, new.epoch, *journal(1))

    async def test_nobody_writes_a_shard_that_it_never_took(self, store: Store) -> None:
        await store.open(ZONE, SHARD, DAY)
        with pytest.raises(ShardLost):
            await commit(store, 1, *journal(1))

    @pytest.mark.parametrize(
        "numbers",
        [(1,), (3,), (2, 4), (2, 2)],
        ids=["again", "gap", "gap inside", "twice"],
    )
    async def test_steps_that_do_not_follow_are_not_written_not_even_in_part(
        self, store: Store, numbers: tuple[int, ...]
    ) -> None:
        holding, chain = await take(store), journal(4)
        first = {"offsets": {Topic.RIDE_COMMANDS: 10}, "changes": rides(1)}
        await commit(store, holding.epoch, chain[0], **first)
        wrong = [chain[number - 1] for number in numbers]
        rest = {"offsets": {Topic.RIDE_COMMANDS: 99}, "changes": rides(2)}
        with pytest.raises(ShardLost):
            await commit(store, holding.epoch, *wrong, **rest)
        again = await take(store)
        assert again.zones[ZONE].number == 1
        assert again.zones[ZONE].rides == (ride(1),)
        assert again.offsets == {Topic.RIDE_COMMANDS: 10}

    async def test_a_ride_is_kept_as_it_was_last_committed(self, store: Store) -> None:
        holding, chain = await take(store), journal(3)
        await commit(store, holding.epoch, *chain[:2], changes=rides(1, 2))
        await commit(store, holding.epoch, chain[2], changes=rides(1, status=Status.ABOARD))
        assert await store.ride(RideId("r-1")) == (ZONE, ride(1, Status.ABOARD), 3)
        assert await store.ride(RideId("r-2")) == (ZONE, ride(2), 2)
        assert await store.ride(RideId("r-9")) is None
        assert len((await take(store)).zones[ZONE].rides) == 2

    async def test_of_a_ride_that_was_referred_the_zone_that_has_it_tells(
        self, store: Store
    ) -> None:
        holding, chain = await take(store, ZONE, OTHER), journal(2)
        mark = replace(ride(1, Status.REFERRED), referred_to=OTHER)
        await commit(store, holding.epoch, chain[0], changes=Changes(rides=(mark,)))
        assert await store.ride(mark.id) == (ZONE, mark, 1)
        group = Group(entries=journal(1, OTHER), changes={OTHER: rides(1)})
        await store.commit(SHARD, holding.epoch, group)
        assert await store.ride(mark.id) == (OTHER, ride(1), 1)
        again = replace(mark, requested_s=mark.requested_s + 1)
        await commit(store, holding.epoch, chain[1], changes=Changes(rides=(again,)))
        assert await store.ride(mark.id) == (OTHER, ride(1), 1)

    async def test_a_forgotten_ride_is_kept_but_not_loaded(self, store: Store) -> None:
        holding, chain = await take(store), journal(2)
        await commit(store, holding.epoch, chain[0], changes=rides(1, 2))
        await commit(store, holding.epoch, chain[1], changes=Changes(forgotten=(RideId("r-1"),)))
        assert (await take(store)).zones[ZONE].rides == (ride(2),)
        assert await store.ride(RideId("r-1")) == (ZONE, ride(1), 1)

    async def test_a_ride_that_ended_and_was_forgotten_at_once_is_kept_as_it_ended(
        self, store: Store
    ) -> None:
        first, chain = await take(store), journal(2)
        await commit(store, first.epoch, chain[0], changes=rides(1, 2))
        ended = ride(1, Status.COMPLETED)
        changes = Changes(rides=(ended,), forgotten=(ended.id,))
        await commit(store, first.epoch, chain[1], changes=changes)
        found = await store.ride(ended.id)
        assert found is not None
        assert found.ride.status is Status.COMPLETED
        assert [one.id for one in (await take(store)).zones[ZONE].rides] == ["r-2"]

    async def test_parts_are_kept_as_they_were_last_and_go_when_empty(self, store: Store) -> None:
        holding, chain = await take(store), journal(2)
        first = (Part("a", "1", b"x"), Part("a", "2", b"y"))
        second = (Part("a", "1", b"z"), Part("a", "2", b""), Part("b", "", b"0"))
        await commit(store, holding.epoch, chain[0], changes=Changes(parts=first))
        await commit(store, holding.epoch, chain[1], changes=Changes(parts=second))
        parts = (await take(store)).zones[ZONE].parts
        assert set(parts) == {Part("a", "1", b"z"), Part("b", "", b"0")}
        assert await store.part(ZONE, "a", "1") == Part("a", "1", b"z")
        assert await store.part(ZONE, "b", "") == Part("b", "", b"0")
        assert await store.part(ZONE, "a", "2") is None
        assert await store.part(ZoneId("elsewhere"), "a", "1") is None

    async def test_the_journal_gives_back_every_step_in_order_and_its_chain_holds(
        self, store: Store
    ) -> None:
        holding, chain = await take(store), journal(7)
        await commit(store, holding.epoch, *chain[:3])
        await commit(store, holding.epoch, *chain[3:])
        found = [entry async for entry in entries(store, ZONE)]
        assert found == chain
        assert verify(found) == found[-1].link
        part = await store.journal(ZONE, after=2, count_max=3)
        assert list(part) == found[2:5]
        assert verify(part, previous=found[1].link) == found[4].link
        assert await store.journal(ZONE, after=7) == []

    async def test_zones_of_a_shard_do_not_mix(self, store: Store) -> None:
        holding = await take(store, ZONE, OTHER)
        theirs, ours = journal(2, OTHER), journal(1)
        changes = {ZONE: rides(1), OTHER: rides(8)}
        steps = (theirs[0], *ours, theirs[1])
        group = Group(entries=steps, changes=changes, published={OTHER: 2})
        await store.commit(SHARD, holding.epoch, group)
        again = await take(store, ZONE, OTHER)
        assert again.zones[ZONE].rides == (ride(1),)
        assert again.zones[OTHER].rides == (ride(8),)
        assert (again.zones[OTHER].number, again.zones[OTHER].published) == (2, 2)
        assert (again.zones[ZONE].number, again.zones[ZONE].published) == (1, 0)
        assert len(await store.journal(ZONE)) == 1

    async def test_shards_have_owners_of_their_own(self, store: Store) -> None:
        here = await take(store)
        await take(store, OTHER, shard=SHARD + 1)
        await commit(store, here.epoch, *journal(1), changes=rides(1))
        assert (await store.ride(RideId("r-1"))) is not None

    async def test_snapshots_are_given_back_in_order_and_the_newest_is_known(
        self, store: Store
    ) -> None:
        holding, chain = await take(store), journal(2)
        assert await store.last_snapshot(ZONE) is None
        assert await store.snapshots(ZONE) == []
        kept = [snapshot(0, 10), snapshot(2, 20), snapshot(2, 30)]
        await store.keep_snapshot(SHARD, holding.epoch, kept[0])
        await commit(store, holding.epoch, *chain)
        for one in kept[1:]:
            await store.keep_snapshot(SHARD, holding.epoch, one)
        assert await store.last_snapshot(ZONE) == kept[-1].mark
        assert list(await store.snapshots(ZONE)) == kept
        assert list(await store.snapshots(ZONE, (2, 20))) == kept[2:]
        assert await store.snapshots(ZONE, (2, 30)) == []
        assert await store.zones() == {ZONE: DAY}

    async def test_no_snapshot_of_who_was_replaced_or_of_what_is_not_committed(
        self, store: Store
    ) -> None:
        old, new = await take(store), await take(store)
        with pytest.raises(ShardLost):
            await store.keep_snapshot(SHARD, old.epoch, snapshot(0, 10))
        with pytest.raises(ShardLost):
            await store.keep_snapshot(SHARD, new.epoch, snapshot(1, 10))
        assert await store.snapshots(ZONE) == []
