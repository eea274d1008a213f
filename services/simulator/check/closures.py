"""The rule about closed roads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from services.simulator.check.case import Case
from services.simulator.check.ground import Links
from services.simulator.check.run import Closure
from services.simulator.check.verdict import Finding, Rule


def judge(case: Case) -> None:
    """Nobody enters a road while it is closed."""
    legs, links = case.run.legs, case.ground.links
    closures = case.run.file.disruptions.closures
    case.notes.checked(Rule.CLOSED_ROADS, len(legs))
    if links is not None:
        _corridors_by_night(case, closures, links)
    if not closures or links is None:
        return
    known = set(links.ids)
    for closure in closures:
        for name in closure.links:
            if name not in known:
                message = f"closure '{closure.closure_id}' names '{name}', which is no link"
                case.notes.add(Finding(rule=Rule.CLOSED_ROADS, message=message))
    tail, head = legs.from_node.numbers(case.ground.nodes), legs.to_node.numbers(case.ground.nodes)
    count = len(case.ground.nodes)
    pair = tail * count + head
    epochs = case.epochs.of(legs.depart_ms)
    entered = np.zeros(len(legs), dtype=np.bool_)
    for epoch in np.unique(epochs).tolist():
        shut = case.epochs.shut(epoch)
        pairs = links.tail * count + links.head
        # Of roads side by side, the open one was taken.
        closed = np.setdiff1d(pairs[shut], pairs[~shut])
        entered |= (epochs == epoch) & np.isin(pair, closed)

    def describe(leg: int) -> Finding:
        way = f"{legs.from_node[leg]} to {legs.to_node[leg]}"
        at_s = float(legs.depart_ms[leg]) / 1000
        message = f"enters the road from {way} while it is closed"
        return case.shuttle_finding(Rule.CLOSED_ROADS, int(legs.shuttle[leg]), message, at_s)

    case.notes.add_where(Rule.CLOSED_ROADS, entered, describe)


def _corridors_by_night(case: Case, closures: Sequence[Closure], links: Links) -> None:
    """Corridors that are not driven in darkness are closed at night."""
    shut = {name for closure in closures for name in closure.links}
    closed = np.array([name in shut for name in links.ids], np.bool_)
    for number, corridor in enumerate(case.run.settings.operating_domain.corridors):
        if "darkness" not in corridor.not_in:
            continue
        for text in corridor.links:
            if not (links.named(text) <= closed).all():
                message = f"corridor {number + 1} ('{text}') is not closed in any night"
                case.notes.add(Finding(rule=Rule.CLOSED_ROADS, message=message))
