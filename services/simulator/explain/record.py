"""An explanation for programs; ``docs/explain.md`` says what each key means."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from services.dispatcher.bounds import Give
from services.dispatcher.explanation import Candidate, Place
from services.domain.plan import Plan
from services.domain.ride import Promise, StopWalk
from services.simulator.explain.rerun import Story
from services.simulator.explain.words import event

FORM = 1
"""Grows when a key changes its meaning or goes; new keys may come at any time."""


def as_json(story: Story, shuttle_id: str | None = None) -> dict[str, Any]:
    """Write a story as plain values; with ``shuttle_id``, of the shuttles only that one."""
    said, row = story.explanation, story.row
    return {
        "form": FORM,
        "request_id": row.request_id,
        "status": row.status,
        "request": _request(story),
        "answer": None if said is None else _answer(story),
        "shuttles": []
        if said is None
        else [
            _candidate(story, one)
            for one in said.candidates
            if shuttle_id in (None, one.shuttle_id)
        ],
        "timeline": [
            {
                "at_s": at_s,
                "event": type(one).__name__,
                "shuttle_id": getattr(one, "shuttle_id", None),
                "text": event(one, story.network.stops),
            }
            for at_s, one in story.told
        ],
    }


def _request(story: Story) -> dict[str, Any]:
    trip, said = story.trip, story.explanation
    return {
        "request_s": trip.request_s,
        "departure_s": trip.departure_s,
        "arrive_by_s": trip.arrive_by_s,
        "seats": trip.seats,
        "wheelchairs": trip.wheelchairs,
        "origins": [] if said is None else _near(story, said.request.origins),
        "destinations": [] if said is None else _near(story, said.request.destinations),
    }


def _near(story: Story, stops: tuple[StopWalk, ...]) -> list[dict[str, Any]]:
    ids = story.network.stops.ids
    return [{"stop_id": ids[near.stop], "walk_m": near.walk_m} for near in stops]


def _answer(story: Story) -> dict[str, Any]:
    said = story.explanation
    assert said is not None
    refusal = said.refusal
    return {
        "at_s": said.now_s,
        "kind": "offered" if refusal is None else "refused",
        "shuttle_id": getattr(said.answer, "shuttle_id", None),
        "reason": None if refusal is None else refusal.reason.value,
        "remedies": []
        if refusal is None
        else [
            {"change": one.relaxation.value, "amount": one.amount, "proven": proven}
            for one, proven in zip(refusal.remedies, said.proven, strict=True)
        ],
    }


def _candidate(story: Story, one: Candidate) -> dict[str, Any]:
    standing, miss = asdict(one.standing), one.miss
    standing["stop_id"] = story.network.stops.ids[standing.pop("stop")]
    for name in ("aboard", "room"):
        standing[name] = getattr(one.standing, name)._asdict()
    return {
        "shuttle_id": one.shuttle_id,
        "standing": standing,
        "plan": _plan(story, one.plan),
        "place": None if one.place is None else _place(story, one.place),
        "miss": None
        if miss is None
        else {
            "needs": [_give(story, give) for give in miss.needs],
            "alone": [_give(story, give) for give in miss.alone],
            "proven": miss.proven,
        },
    }


def _give(story: Story, give: Give) -> dict[str, Any]:
    return {
        "bound": give.bound.value,
        "amount": give.amount,
        "unit": give.unit,
        "request_id": None if give.ride_id is None else story.names.get(give.ride_id),
    }


def _place(story: Story, place: Place) -> dict[str, Any]:
    cost = place.cost
    parts = ("drive", "walk", "wait", "ride", "delay")
    return {
        "pickup_s": place.pickup_s,
        "dropoff_s": place.dropoff_s,
        "pickup_position": place.pickup_position,
        "pickup_joined": place.pickup_joined,
        "dropoff_position": place.dropoff_position,
        "dropoff_joined": place.dropoff_joined,
        "promise": _promise(story, place.offer.promise),
        "cost_s": {"whole": cost.whole / 1000}
        | {name: getattr(cost, name) / 1000 for name in parts},
        "delays": [
            {"request_id": story.names.get(ride_id), "late_s": late_s}
            for ride_id, late_s in place.delays
        ],
        "plan": _plan(story, place.plan),
    }


def _promise(story: Story, promise: Promise) -> dict[str, Any]:
    ids, values = story.network.stops.ids, asdict(promise)
    for name in ("pickup_stop", "dropoff_stop"):
        values[name] = ids[values[name]]
    return values


def _plan(story: Story, plan: Plan) -> list[dict[str, Any]]:
    return [
        {
            "stop_id": story.network.stops.ids[visit.stop],
            "arrive_s": visit.arrive_s,
            "depart_s": visit.depart_s,
            "board": [story.names.get(ride_id) for ride_id in visit.board],
            "leave": [story.names.get(ride_id) for ride_id in visit.leave],
        }
        for visit in plan.visits
    ]
