"""Shards are shared out evenly, each to one member, and as few as can be move."""

from __future__ import annotations

import pytest
from aiokafka.cluster import ClusterMetadata
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.shard_assignor import Claim, ShardAssignor, share_out

names = st.sampled_from("abcdefgh")
claims = st.builds(Claim, st.integers(0, 5), st.frozensets(st.integers(-1, 20)))


def moved(before: dict[str, list[int]], after: dict[str, list[int]]) -> set[int]:
    """The shards that went from one member to another, or to nobody."""
    owner = {shard: name for name, shards in after.items() for shard in shards}
    return {s for name, shards in before.items() for s in shards if owner.get(s) != name}


def as_claims(given: dict[str, list[int]], since_ms: int = 1) -> dict[str, Claim]:
    return {name: Claim(since_ms, frozenset(shards)) for name, shards in given.items()}


@given(count=st.integers(0, 20), members=st.dictionaries(names, claims, min_size=1))
def test_every_shard_has_one_owner_and_no_member_two_more_than_another(
    count: int, members: dict[str, Claim]
) -> None:
    given = share_out(range(count), members)
    assert sorted(shard for shards in given.values() for shard in shards) == list(range(count))
    assert set(given) == set(members)
    sizes = [len(shards) for shards in given.values()]
    assert max(sizes) - min(sizes) <= 1


@given(count=st.integers(0, 20), members=st.sets(names, min_size=1))
def test_what_is_shared_out_evenly_stays_as_it_is(count: int, members: set[str]) -> None:
    given = share_out(range(count), dict.fromkeys(members, Claim()))
    assert share_out(range(count), as_claims(given)) == given


@given(count=st.integers(0, 20), members=st.sets(names, min_size=2))
def test_only_the_shards_of_a_member_that_left_move(count: int, members: set[str]) -> None:
    before = share_out(range(count), dict.fromkeys(members, Claim()))
    gone = min(members)
    left = {name: claim for name, claim in as_claims(before).items() if name != gone}
    assert moved(before, share_out(range(count), left)) == set(before[gone])


@given(count=st.integers(0, 20), members=st.sets(names, min_size=1), new=st.sampled_from("0z"))
def test_shards_move_only_to_a_member_that_came(count: int, members: set[str], new: str) -> None:
    before = share_out(range(count), dict.fromkeys(members, Claim()))
    after = share_out(range(count), as_claims(before) | {new: Claim()})
    assert moved(before, after) == set(after[new])


def test_of_two_who_had_the_same_the_later_one_keeps_it() -> None:
    both = {"a": Claim(5, frozenset({0, 1})), "b": Claim(9, frozenset({0, 1}))}
    assert share_out([0, 1, 2, 3], both) == {"a": [2, 3], "b": [0, 1]}


@given(claim=claims)
def test_a_claim_arrives_as_it_was(claim: Claim) -> None:
    assert Claim.decode(claim.encode()) == claim


@pytest.mark.parametrize("data", [None, b"", b"\xff", b"[]", b"{}", b'{"since_ms":1,"shards":7}'])
def test_a_claim_that_cannot_be_read_is_none(data: bytes | None) -> None:
    assert Claim.decode(data) == Claim()


def test_partitions_of_the_same_number_go_to_the_same_member() -> None:
    class Cluster(ClusterMetadata):  # type: ignore[misc]
        def partitions_for_topic(self, topic: str) -> set[int]:
            return {0, 1, 2}

    assignor = ShardAssignor(lambda: Claim(1, frozenset({2})))
    members = {name: assignor.metadata(["x", "y"]) for name in "ab"}
    given = assignor.assign(Cluster(), members)
    for name in "ab":
        (_, x), (_, y) = given[name].assignment
        assert x == y
    assert sum(len(one.assignment[0][1]) for one in given.values()) == 3
