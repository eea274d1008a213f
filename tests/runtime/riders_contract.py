"""What every store of riders keeps to: each adapter has a class of tests made from this."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace

import pytest

from services.domain.contact import Contact
from services.domain.ids import RideId, RiderId, ZoneId
from services.domain.ride import Status
from services.runtime.embedded_store import EmbeddedStore
from services.runtime.ports import Group
from services.runtime.rider_care import DAY_MS, RideOpen, Tended, erase, tend
from services.runtime.rider_keys import CannotOpen, MasterKeys
from services.runtime.riders import OtherContact, RiderGone, Riders, RiderStore, SealedContact
from tests.runtime.samples import ZONE, entry, rides
from tests.runtime.store_contract import DAY, SHARD

ANNE = Contact(name="Anne Martin", phone="+33612345678", note="the blue door")
BEN = Contact(name="Ben", phone="+33698765432")
OTHER = ZoneId("other")
OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)
R1, R2, R3 = (RideId(f"r-{n}") for n in (1, 2, 3))


class Time:
    """Milliseconds that a test sets."""

    ms = 1_781_000_000_000

    def __call__(self) -> int:
        return self.ms


async def store_with(*numbers: int, status: Status) -> EmbeddedStore:
    """A store in which some rides stand like this."""
    store = EmbeddedStore()
    await store.open(ZONE, SHARD, DAY)
    epoch = (await store.take(SHARD, [ZONE], "me")).epoch
    changes = {ZONE: rides(*numbers, status=status)}
    await store.commit(SHARD, epoch, Group(entries=[entry(1, b"")], changes=changes))
    return store


class RidersContract:
    @pytest.fixture
    def now_ms(self) -> Time:
        return Time()

    @pytest.fixture
    def riders(self, store: RiderStore, now_ms: Time) -> Riders:
        return Riders(store, MasterKeys([OLD]), now_ms)

    async def test_what_was_given_comes_back(self, riders: Riders) -> None:
        await riders.keep(ZONE, R1, ANNE)
        assert await riders.contact(R1) == ANNE
        assert await riders.contact(R2) is None

    async def test_the_same_phone_is_the_same_rider_and_others_are_others(
        self, riders: Riders
    ) -> None:
        first = await riders.keep(ZONE, R1, ANNE)
        assert await riders.keep(ZONE, R2, replace(ANNE, name="A. Martin", note="")) == first
        assert await riders.keep(ZONE, R3, BEN) != first
        assert await riders.keep(OTHER, RideId("r-4"), ANNE) != first
        assert await riders.store.zones() == {ZONE, OTHER}
        assert len(await riders.of_phone(ANNE.phone)) == 2
        here, there = await riders.of_ride(R2)
        assert here.rider == first != there.rider

    async def test_who_gave_no_phone_is_known_by_the_ride_alone(self, riders: Riders) -> None:
        nobody = Contact(note="a dog comes along")
        assert await riders.keep(ZONE, R1, nobody) != await riders.keep(ZONE, R2, nobody)
        assert len(await riders.of_ride(R1)) == 1

    async def test_keeping_twice_is_the_same_as_once(self, riders: Riders) -> None:
        assert await riders.keep(ZONE, R1, ANNE) == await riders.keep(ZONE, R1, ANNE)
        (rider,) = await riders.of_ride(R1)
        assert [one.contact for one in await riders.given(rider)] == [ANNE]

    async def test_a_ride_has_one_contact(self, riders: Riders) -> None:
        await riders.keep(ZONE, R1, ANNE)
        with pytest.raises(OtherContact):
            await riders.keep(ZONE, R1, replace(ANNE, note="another door"))
        assert await riders.contact(R1) == ANNE

    async def test_many_at_once_are_all_kept(self, riders: Riders) -> None:
        names = [RideId(f"m-{n}") for n in range(20)]
        await asyncio.gather(*(riders.keep(ZONE, name, ANNE) for name in (*names, *names)))
        found = await riders.of_phone(ANNE.phone)
        given = [one.ride_id for rider in found for one in await riders.given(rider)]
        assert sorted(given) == sorted(names)

    async def test_nothing_in_the_store_can_be_read(self, riders: Riders) -> None:
        await riders.keep(ZONE, R1, ANNE)
        found = await riders.store.contact(R1)
        assert found is not None
        for part in (ANNE.name, ANNE.phone, ANNE.note):
            assert part not in repr(found)
            assert part.encode() not in found[1].sealed

    async def test_erasing_a_rider_leaves_nothing_and_no_other_rider_suffers(
        self, riders: Riders
    ) -> None:
        await riders.keep(ZONE, R1, ANNE)
        await riders.keep(ZONE, R2, ANNE)
        await riders.keep(ZONE, R3, BEN)
        (rider,) = await riders.of_phone(ANNE.phone)
        copy = (await riders.store.contacts(rider.rider))[0]
        assert await riders.store.erase(rider.rider)
        assert not await riders.store.erase(rider.rider)
        assert await riders.contact(R1) is None
        assert await riders.of_phone(ANNE.phone) == []
        assert await riders.contact(R3) == BEN
        # A copy of the ciphertext is worth nothing: the person comes back under another key.
        await riders.keep(ZONE, R1, ANNE)
        (again,) = await riders.of_ride(R1)
        assert again.rider != rider.rider
        with pytest.raises(CannotOpen):
            MasterKeys([OLD]).unwrap(again.rider, again.key).open(R1, copy.sealed)

    async def test_nothing_is_added_to_a_rider_who_is_gone(self, riders: Riders) -> None:
        await riders.keep(ZONE, R1, ANNE)
        (rider,) = await riders.of_ride(R1)
        await riders.store.erase(rider.rider)
        late = SealedContact(ride_id=R2, rider=rider.rider, kept_at_ms=1, sealed=b"-")
        with pytest.raises(RiderGone):
            await riders.store.add(late)
        assert await riders.store.contact(R2) is None

    async def test_who_is_new_is_not_left_behind_if_the_ride_is_kept_already(
        self, riders: Riders
    ) -> None:
        await riders.keep(ZONE, R1, ANNE)
        known = await riders.store.contact(R1)
        assert known is not None
        name = RiderId("11111111-1111-4111-8111-111111111111")
        fresh = replace(known[0], rider=name, lookup=b"other")
        assert not await riders.store.add(replace(known[1], rider=name), fresh)
        assert await riders.store.find([b"other"]) == []

    async def test_what_is_old_is_erased_once_its_ride_is_over(
        self, riders: Riders, now_ms: Time
    ) -> None:
        await riders.keep(ZONE, R1, ANNE)
        await riders.keep(ZONE, R3, BEN)
        now_ms.ms += 20 * DAY_MS
        await riders.keep(ZONE, R2, ANNE)
        now_ms.ms += 11 * DAY_MS
        over = await store_with(1, 2, 3, status=Status.COMPLETED)
        assert await tend(riders, over, {OTHER: 1}) == Tended(contacts=0, riders=0, rekeyed=0)
        assert await tend(riders, over, {ZONE: 30}) == Tended(contacts=2, riders=1, rekeyed=0)
        assert await riders.contact(R1) is None
        assert await riders.contact(R2) == ANNE
        assert await riders.of_phone(BEN.phone) == []
        assert not (await tend(riders, over, {ZONE: 30})).anything

    async def test_no_ride_loses_its_contact_while_older_ones_of_its_rider_go(
        self, riders: Riders
    ) -> None:
        for number in range(20):
            old, new = RideId(f"old-{number}"), RideId(f"new-{number}")
            await riders.keep(ZONE, old, ANNE)
            await asyncio.gather(riders.store.drop([old]), riders.keep(ZONE, new, ANNE))
            assert await riders.contact(new) == ANNE
            assert await riders.contact(old) is None
            assert len(await riders.store.drop([new])) == 1

    async def test_what_is_needed_for_a_ride_stays(self, riders: Riders, now_ms: Time) -> None:
        await riders.keep(ZONE, R1, ANNE)
        now_ms.ms += 99 * DAY_MS
        still = await store_with(1, status=Status.CONFIRMED)
        assert not (await tend(riders, still, {ZONE: 30})).anything
        whom = await riders.of_phone(ANNE.phone)
        with pytest.raises(RideOpen, match="r-1"):
            await erase(riders, still, whom, force=False)
        assert await riders.contact(R1) == ANNE
        (erased,) = await erase(riders, still, whom, force=True)
        assert erased.rides == (R1,)
        assert await riders.contact(R1) is None

    async def test_a_new_master_key_takes_over_and_the_old_one_is_needed_no_more(
        self, riders: Riders, now_ms: Time
    ) -> None:
        first = await riders.keep(ZONE, R1, ANNE)
        nameless = Contact(note="a dog")
        await riders.keep(ZONE, R3, nameless)
        both = Riders(riders.store, MasterKeys([NEW, OLD]), now_ms)
        assert await both.keep(ZONE, R2, ANNE) == first
        assert await both.rewrap() == 2
        assert await both.rewrap() == 0
        new = Riders(riders.store, MasterKeys([NEW]), now_ms)
        assert await new.contact(R1) == ANNE
        assert await new.contact(R3) == nameless
        assert [one.rider for one in await new.of_phone(ANNE.phone)] == [first]
        with pytest.raises(CannotOpen, match="NAVETTE_RIDERS_KEY"):
            await riders.contact(R1)
        assert await riders.rewrap() == 0, "what no key opens stays as it is"
        assert await new.contact(R1) == ANNE
