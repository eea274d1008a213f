"""What a check says: its rules, what it found, and how much it looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np

SHOWN_PER_RULE = 50
"""Findings of one rule that are written out; all are counted."""


class Rule(StrEnum):
    """What is judged, by name; ``docs/check.md`` says the same at length."""

    INPUTS = "inputs"
    SETTINGS = "settings"
    FLEET = "fleet"
    REQUESTS = "requests"
    REQUEST_FACTS = "request_facts"
    STATUS = "status"
    REMEDIES = "remedies"
    DROPPED = "dropped"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    BOARDS_ONCE = "boards_once"
    LEFT_ABOARD = "left_aboard"
    RIDES_AND_VISITS = "rides_and_visits"
    STOPS = "stops"
    WALKS = "walks"
    EARLIEST = "earliest"
    TOO_EARLY = "too_early"
    DIRECT = "direct"
    PROMISES = "promises"
    KEPT = "kept"
    RIDE_TIME = "ride_time"
    ARRIVE_BY = "arrive_by"
    SERVICE_HOURS = "service_hours"
    LEASES = "leases"
    ONE_SHUTTLE = "one_shuttle"
    CAPACITY = "capacity"
    ON_BOARD = "on_board"
    STOP_TIME = "stop_time"
    VISIT_ORDER = "visit_order"
    TASKS = "tasks"
    SHIFTS = "shifts"
    UPKEEP = "upkeep"
    ENERGY = "energy"
    PLUGS = "plugs"
    SUPERVISION = "supervision"
    LEG_ORDER = "leg_order"
    LINKS = "links"
    DRIVE_TIME = "drive_time"
    PACE = "pace"
    JOINS = "joins"
    STANDING = "standing"
    DRIVE_M = "drive_m"
    SHORTEST_WAY = "shortest_way"
    CLOSED_ROADS = "closed_roads"
    OPERATING_DOMAIN = "operating_domain"
    KPIS = "kpis"


ABOUT: dict[Rule, str] = {
    Rule.INPUTS: "territory and demand are the files that the run says it read",
    Rule.SETTINGS: "promises, stop times, hours and travel are the territory's own",
    Rule.FLEET: "the shuttles are those of the settings, and no others drive",
    Rule.REQUESTS: "every request has exactly one ride, and none is invented",
    Rule.REQUEST_FACTS: "rides repeat what was asked: when, seats, wheelchairs",
    Rule.STATUS: "a known status, and all that belongs to it",
    Rule.REMEDIES: "refusals have a reason and remedies that can be meant",
    Rule.DROPPED: "whoever was promised a ride got it, or ended with a cause",
    Rule.CANCELLED: "nobody is picked up after cancelling",
    Rule.NO_SHOW: "a shuttle stood there for whoever did not come",
    Rule.BOARDS_ONCE: "a party boards once and leaves once, later, the same shuttle",
    Rule.LEFT_ABOARD: "nobody is left on board at the end",
    Rule.RIDES_AND_VISITS: "rides and visits tell the same story",
    Rule.STOPS: "stops exist, and pickup and dropoff differ",
    Rule.WALKS: "walks are right and within the limit",
    Rule.EARLIEST: "earliest pickup is departure plus walk",
    Rule.TOO_EARLY: "no pickup before the request or before the rider can be there",
    Rule.DIRECT: "the direct drive is the fastest way between the two stops",
    Rule.PROMISES: "promised times are within the territory's limits",
    Rule.KEPT: "promised times are kept (without chance)",
    Rule.RIDE_TIME: "rides take no longer than allowed (with chance: not twice as long)",
    Rule.ARRIVE_BY: "whoever must arrive by a time does",
    Rule.SERVICE_HOURS: "pickups and dropoffs happen during service hours",
    Rule.LEASES: "nobody boards a shuttle that holds no lease for it",
    Rule.ONE_SHUTTLE: "no two shuttles hold a lease for one ride at a time",
    Rule.CAPACITY: "never more on board than fits",
    Rule.ON_BOARD: "the visits count right who is on board",
    Rule.STOP_TIME: "stops take as long as boarding and alighting do",
    Rule.VISIT_ORDER: "a shuttle's visits follow one another",
    Rule.TASKS: "nobody is on board while a shuttle has something else to do",
    Rule.SHIFTS: "off duty, shuttles stand at their depots (with chance: half an hour late)",
    Rule.UPKEEP: "cleaning and maintenance are done every day, in their time",
    Rule.ENERGY: "batteries hold what ways, stops and charges make of them",
    Rule.PLUGS: "no more shuttles charge at a time than there are plugs, and none too fast",
    Rule.SUPERVISION: "a shuttle sets off only while fewer move than operators can supervise",
    Rule.LEG_ORDER: "a shuttle's legs follow one another, in time and place",
    Rule.LINKS: "every leg is a piece of road, in its direction, with its length",
    Rule.DRIVE_TIME: "no leg is driven faster than the road and speed caps allow (but for chance)",
    Rule.PACE: "legs of one drive are equally quick or slow, and all drives near the mean",
    Rule.JOINS: "the legs lead from visit to visit, first from the depot",
    Rule.STANDING: "no shuttle drives while it stands at a stop",
    Rule.DRIVE_M: "visits and legs agree on the way driven",
    Rule.SHORTEST_WAY: "drives without a change of plan take the fastest way",
    Rule.CLOSED_ROADS: "nobody enters a road while it is closed",
    Rule.OPERATING_DOMAIN: "nobody sets off when it may not drive, or not to the end of its way",
    Rule.KPIS: "all figures follow from rides, visits, legs, demand and territory",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One broken rule: by whom, when, and by how much.

    ``at_s`` is in seconds after midnight.
    """

    rule: Rule
    message: str
    ride: str | None = None
    shuttle: str | None = None
    at_s: float | None = None

    def __str__(self) -> str:
        parts = [f"ride {self.ride}"] if self.ride else []
        parts += [f"shuttle {self.shuttle}"] if self.shuttle else []
        parts += [clock(self.at_s)] if self.at_s is not None else []
        return f"{self.rule}: {', '.join(parts)}{': ' if parts else ''}{self.message}"


def clock(at_s: float) -> str:
    """Seconds after midnight as hours, minutes, seconds."""
    minutes, seconds = divmod(int(at_s), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check found.

    Parameters
    ----------
    findings
        The first ``SHOWN_PER_RULE`` of each rule, in the rules' order.
    checked, found
        Per rule, how many things it was applied to and how many of them broke it.
    """

    findings: tuple[Finding, ...]
    checked: dict[Rule, int]
    found: dict[Rule, int]

    @property
    def clean(self) -> bool:
        """Whether no rule was broken."""
        return not any(self.found.values())

    def as_json(self) -> dict[str, Any]:
        """The verdict as plain values."""
        return {
            "clean": self.clean,
            "rules": {
                str(rule): {"checked": self.checked[rule], "found": self.found[rule]}
                for rule in Rule
            },
            "findings": [{**asdict(f), "rule": str(f.rule)} for f in self.findings],
        }


class Notes:
    """Collects findings while the rules are applied."""

    def __init__(self) -> None:
        self._checked: dict[Rule, int] = dict.fromkeys(Rule, 0)
        self._found: dict[Rule, int] = dict.fromkeys(Rule, 0)
        self._findings: list[Finding] = []

    def checked(self, rule: Rule, count: int) -> None:
        """``count`` more things were held against ``rule``."""
        self._checked[rule] += count

    def add(self, finding: Finding) -> None:
        """One more finding."""
        self._found[finding.rule] += 1
        if self._found[finding.rule] <= SHOWN_PER_RULE:
            self._findings.append(finding)

    def add_where(
        self, rule: Rule, broken: np.ndarray[Any, Any], describe: Callable[[int], Finding]
    ) -> None:
        """One finding per row where ``broken`` is true; only those shown are put into words."""
        rows = np.flatnonzero(broken)
        room = max(0, SHOWN_PER_RULE - self._found[rule])
        self._found[rule] += len(rows)
        self._findings.extend(describe(int(row)) for row in rows[:room])

    def extend(self, findings: Iterable[Finding]) -> None:
        """Several more findings."""
        for finding in findings:
            self.add(finding)

    def verdict(self) -> Verdict:
        """All that was collected."""
        order = {rule: at for at, rule in enumerate(Rule)}
        return Verdict(
            findings=tuple(sorted(self._findings, key=lambda f: order[f.rule])),
            checked=dict(self._checked),
            found=dict(self._found),
        )
