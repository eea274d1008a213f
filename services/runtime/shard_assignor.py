"""How shards are shared out among dispatchers: evenly, and so that as few as can be move."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import (
    ConsumerProtocolMemberAssignment,
    ConsumerProtocolMemberMetadata,
)

VERSION = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """What a member had when it last knew, and since when, in milliseconds since 1970 UTC."""

    since_ms: int = 0
    shards: frozenset[int] = frozenset()

    def encode(self) -> bytes:
        """Turn it into what travels with a member's wish to join."""
        return json.dumps({"since_ms": self.since_ms, "shards": sorted(self.shards)}).encode()

    @classmethod
    def decode(cls, data: bytes | None) -> Claim:
        """Return what a member claims; nothing if that cannot be read."""
        try:
            found = json.loads(data or b"{}")
            shards = frozenset(int(shard) for shard in found["shards"])
            return cls(int(found["since_ms"]), shards)
        except (ValueError, TypeError, KeyError):
            return cls()


def share_out(shards: Sequence[int], claims: Mapping[str, Claim]) -> dict[str, list[int]]:
    """Give every shard to one member: as many to each, or one more, and what it had if it can be.

    Parameters
    ----------
    shards
        All there are.
    claims
        What each member had. If two had the same, the one counts that got it later.
    """
    had = {shard: _had_last(shard, claims) for shard in shards}
    kept = {member: [s for s in shards if had[s] == member] for member in sorted(claims)}
    each, more = divmod(len(shards), len(claims))
    # Who has most keeps the one more, so that it need not move.
    by_size = sorted(kept, key=lambda member: -len(kept[member]))
    quota = {member: each + (place < more) for place, member in enumerate(by_size)}
    given = {member: kept[member][: quota[member]] for member in kept}
    taken = {shard for some in given.values() for shard in some}
    free = [shard for shard in shards if shard not in taken]
    for member, some in given.items():
        missing = quota[member] - len(some)
        some += free[:missing]
        del free[:missing]
    return {member: sorted(some) for member, some in given.items()}


def _had_last(shard: int, claims: Mapping[str, Claim]) -> str | None:
    having = [(claim.since_ms, name) for name, claim in claims.items() if shard in claim.shards]
    return max(having)[1] if having else None


class ShardAssignor(AbstractPartitionAssignor):  # type: ignore[misc]
    """Gives partition n of all topics to one member; Kafka asks the one that leads the group.

    Parameters
    ----------
    claim
        Tells what we have.
    """

    name = "navette-shards"

    def __init__(self, claim: Callable[[], Claim]) -> None:
        self._claim = claim

    def metadata(self, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata:
        """Say what we want to read, and what we have."""
        return ConsumerProtocolMemberMetadata(VERSION, list(topics), self._claim().encode())

    def assign(
        self, cluster: ClusterMetadata, members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        """Share out the partitions that all topics have."""
        topics = sorted({topic for member in members.values() for topic in member.subscription})
        cut = [set(cluster.partitions_for_topic(topic) or ()) for topic in topics]
        claims = {name: Claim.decode(member.user_data) for name, member in members.items()}
        given = share_out(sorted(set.intersection(*cut)), claims)
        return {
            name: ConsumerProtocolMemberAssignment(
                VERSION, [(topic, shards) for topic in topics], b""
            )
            for name, shards in given.items()
        }

    def on_assignment(self, assignment: ConsumerProtocolMemberAssignment) -> None:
        """Nothing: the member keeps what it is told."""
