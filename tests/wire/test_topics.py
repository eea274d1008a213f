"""Every message has its topic, its key and its partition."""

from __future__ import annotations

import pytest

from services.domain import events
from services.domain.ids import RideId, ShuttleId, ZoneId
from services.domain.plan import Plan
from services.domain.zone_crossing import MessageForwarded
from services.wire.codec import BODIES
from services.wire.topics import FACTS, Topic, key_of, partition_of, topic_of

ZONE = ZoneId("vulkan")


def test_every_message_but_those_of_journals_travels_on_exactly_one_topic() -> None:
    carried = [kind for facts in FACTS.values() for kind in facts.bodies]
    assert len(carried) == len(set(carried))
    assert set(BODIES) - set(carried) == {events.WakeUp, MessageForwarded}


def test_every_topic_says_for_how_long_it_keeps_what() -> None:
    assert set(FACTS) == set(Topic)
    for facts in FACTS.values():
        assert facts.compacted == (facts.retention_s is None)


def test_a_zone_keeps_its_partition_for_ever() -> None:
    # Written down: another function would tear every running zone from its messages.
    assert [partition_of(ZoneId(name), 12) for name in ("a", "b", "vulkan", "Côte-d'Or")] == [
        3,
        5,
        7,
        2,
    ]


@pytest.mark.parametrize(
    ("body", "topic", "key"),
    [
        (events.CancelRide(RideId("r")), Topic.RIDE_COMMANDS, "vulkan"),
        (events.Passed(ShuttleId("s"), 1, 2), Topic.SHUTTLE_REPORTS, "vulkan"),
        (events.RideConfirmed(RideId("r")), Topic.RIDE_EVENTS, "r"),
        (events.ReportMarked(ShuttleId("s"), "left", "early", RideId("r")), Topic.RIDE_EVENTS, "r"),
        (events.ReportMarked(ShuttleId("s"), "left", "early"), Topic.RIDE_EVENTS, "vulkan"),
        (
            events.PlanIssued(Plan(shuttle_id=ShuttleId("s"), revision=1, visits=())),
            Topic.SHUTTLE_PLANS,
            "vulkan/s",
        ),
    ],
)
def test_a_message_goes_to_its_topic_under_its_key(
    body: events.Command | events.Report | events.Event, topic: Topic, key: str
) -> None:
    assert topic_of(body) == topic
    assert key_of(body, ZONE) == key
