"""An explanation for people: a page in the terminal, as wide as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from services.dispatcher.explanation import Candidate, Explanation, Place
from services.domain.plan import Plan
from services.domain.ride import Constraint, StopWalk
from services.simulator.explain import words
from services.simulator.explain.rerun import Story
from services.simulator.summary import REASONS

SHUTTLES = 12
"""So many shuttles with a place, and so many without one, are listed."""
WIDE = 88
"""From this width on, tables show all their columns."""
MARK = {True: "\N{CHECK MARK}", False: "not confirmed"}


def print_page(story: Story, shuttle_id: str | None = None, console: Console | None = None) -> None:
    """Print why a ride got its answer; with ``shuttle_id``, all about that shuttle."""
    console = console or Console(highlight=False)
    console.print(_headline(story))
    console.print(_facts(story))
    said = story.explanation
    if said is None:
        console.print("\nIt was cancelled before it was answered.")
    elif shuttle_id is None:
        for part in _answer(story, said, console.width):
            console.print()
            console.print(part)
    else:
        one = next(one for one in said.candidates if one.shuttle_id == shuttle_id)
        for part in _one_shuttle(story, one):
            console.print()
            console.print(part)
    if story.told and shuttle_id is None:
        console.print()
        console.print(_timeline(story))


def _headline(story: Story) -> Text:
    row = story.row
    if row.status == "refused":
        reason = REASONS.get(row.refusal_reason or "", row.refusal_reason or "")
        return Text(f"{row.request_id}: refused, {reason}", style="bold red")
    by = f" by {row.shuttle_id}" if row.status == "completed" else ""
    style = "bold green" if row.status == "completed" else "bold yellow"
    status = {"completed": "served", "no_show": "nobody came"}.get(row.status, row.status)
    return Text(f"{row.request_id}: {status}{by}", style=style)


def _facts(story: Story) -> Table:
    trip, said = story.trip, story.explanation
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column()
    when = f"at {words.clock(trip.request_s)}, to leave at {words.clock(trip.departure_s)}"
    if trip.arrive_by_s is not None:
        when += f" and be there by {words.clock(trip.arrive_by_s)}"
    grid.add_row("asked", Text(when))
    if said is not None:
        grid.add_row("for", Text(words.party(said.request.party)))
        grid.add_row("from", _near(story, said.request.origins))
        grid.add_row("to", _near(story, said.request.destinations))
    return grid


def _near(story: Story, stops: Sequence[StopWalk]) -> Text:
    promises = story.network.territory.promises
    count = story.network.territory.dispatch.candidate_stops
    text, tried = Text(), 0
    for near in stops[:count]:
        within = near.walk_m <= promises.walk_m_max
        tried += within
        name = f"{words.stop(story.network.stops, near.stop)} ({near.walk_m} m)"
        text.append(", " if text else "").append(name, style="" if within else "dim strike")
    if not tried:
        text.append(f": further than {promises.walk_m_max} m", style="red")
    return text


def _answer(story: Story, said: Explanation, width: int) -> Iterator[RenderableType]:
    placed = [one for one in said.candidates if one.place is not None]
    missed = [one for one in said.candidates if one.place is None]
    yield _why(story, said, placed, missed)
    refusal = said.refusal
    if refusal is not None and refusal.remedies:
        yield _remedies(said)
    if placed:
        yield _places(placed, width)
    if missed and not (len(missed) > 1 and not placed and _alike(missed)):
        yield _misses(story, missed, width)


def _why(
    story: Story, said: Explanation, placed: Sequence[Candidate], missed: Sequence[Candidate]
) -> Text:
    everybody = words.counted(len(said.candidates), "shuttle")
    if not placed:
        if story.row.offered:
            return Text(
                f"As things were planned, none of {everybody} could take it. A batch planned other"
                " rides anew and so made room for it."
            )
        if said.refusal is not None and said.refusal.reason is Constraint.SAME_STOP:
            return Text("Both ends belong to the same stop: no shuttle is needed.")
        nearest = missed[0]
        if nearest.miss is None or not nearest.miss.needs:
            return Text(f"None of {everybody} could take it, whatever had given way.")
        needs = words.gives(nearest.miss.needs, story.names)
        if len(missed) > 1 and _alike(missed):
            return Text(f"None of {everybody} could take it, all for the same reason: {needs}.")
        text = (
            f"None of {everybody} could take it. The nearest miss: {nearest.shuttle_id}, {needs}."
        )
        return Text(text)
    best = placed[0]
    assert best.place is not None
    text = f"{len(placed)} of {everybody} could take it. {best.shuttle_id} cost least:"
    text += f" {words.driving(best.place.cost.whole)} (all counted in seconds of driving)."
    if len(placed) > 1 and placed[1].place is not None:
        second = placed[1].place.cost
        more = second.whole - best.place.cost.whole
        if more:
            parts = words.difference(best.place.cost, second)
            text += f" {placed[1].shuttle_id} would have cost {words.driving(more)} more: {parts}."
        else:
            text += f" {placed[1].shuttle_id} would have cost the same: the first is taken."
    return Text(text)


def _alike(missed: Sequence[Candidate]) -> bool:
    """Whether the same stood in the way of all."""
    return len({one.miss.needs if one.miss is not None else () for one in missed}) == 1


def _remedies(said: Explanation) -> RenderableType:
    assert said.refusal is not None
    grid = Table.grid(padding=(0, 2))
    for one, proven in zip(said.refusal.remedies, said.proven, strict=True):
        mark = Text(MARK[proven], style="green" if proven else "yellow")
        grid.add_row(Text(words.remedy(one)), mark)
    title = Text("What would have worked", style="bold")
    title.append(
        "  tried in that moment: taken with it, refused with one unit less", style="dim not bold"
    )
    return Group(title, Padding(grid, (0, 0, 0, 2)))


def _table(title: str, columns: Sequence[str], *, right: Sequence[str] = ()) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", header_style="dim")
    return table


def _places(placed: Sequence[Candidate], width: int) -> RenderableType:
    parts = ("drive", "walk", "wait", "ride", "delay") if width >= WIDE else ()
    names = {"drive": "driving", "delay": "delay"}
    columns = ["shuttle", "pickup", "arrival", "cost", *(names.get(part, part) for part in parts)]
    table = _table("Shuttles that could", columns, right=columns[3:])
    for one in placed[:SHUTTLES]:
        assert one.place is not None
        cost = one.place.cost
        table.add_row(
            one.shuttle_id,
            words.clock(one.place.pickup_s),
            words.clock(one.place.dropoff_s),
            f"{cost.whole / 1000:,.1f}",
            *(f"{getattr(cost, part) / 1000:,.1f}" for part in parts),
        )
    return _with_rest(table, len(placed))


def _misses(story: Story, missed: Sequence[Candidate], width: int) -> RenderableType:
    wide = width >= WIDE
    columns = ["shuttle", *(["where", "to pickup"] if wide else []), "in the way"]
    table = _table("Shuttles that could not", columns, right=["to pickup"])
    for one in missed[:SHUTTLES]:
        reach_s = one.standing.reach_s
        there = [_where(story, one), "no way" if reach_s is None else words.length(reach_s)]
        table.add_row(
            one.shuttle_id, *(Text(text) for text in there if wide), _in_the_way(story, one)
        )
    return _with_rest(table, len(missed))


def _with_rest(table: Table, count: int) -> RenderableType:
    if count <= SHUTTLES:
        return table
    return Group(table, Text(f"and {count - SHUTTLES} more; --json has them all", style="dim"))


def _where(story: Story, one: Candidate) -> str:
    standing = one.standing
    place = words.stop(story.network.stops, standing.stop)
    text = f"{'to' if standing.moving else 'at'} {place}"
    return f"{text}, {words.counted(standing.visits, 'stop')} to make" if standing.visits else text


def _in_the_way(story: Story, one: Candidate) -> Text:
    if one.standing.out:
        return Text("out of order")
    if one.standing.silent:
        return Text("did not acknowledge its last plan: nothing new for it")
    if one.miss is None or not one.miss.needs:
        return Text("nothing would have helped")
    text = words.gives(one.miss.needs, story.names)
    return Text(text if one.miss.proven else f"{text} (not confirmed)")


def _one_shuttle(story: Story, one: Candidate) -> Iterator[RenderableType]:
    standing = one.standing
    load = ", ".join(
        f"{taken} of {room} {name}"
        for name, taken, room in zip(
            standing.room._fields, standing.aboard, standing.room, strict=True
        )
        if room
    )
    yield Text.assemble(
        (one.shuttle_id, "bold"),
        f": {_where(story, one)}; can be sent elsewhere at {words.clock(standing.free_s)};"
        f" on board {load}",
    )
    if one.place is None:
        yield _detail_of_miss(story, one)
    else:
        yield from _detail_of_place(story, one.place)
    if one.plan.visits:
        yield _plan(story, "Its plan before", one.plan)


def _detail_of_miss(story: Story, one: Candidate) -> RenderableType:
    lines: list[RenderableType] = [Text.assemble("In the way: ", _in_the_way(story, one))]
    if one.miss is not None and len(one.miss.alone) > 1:
        lines.append(Text("Any of these alone would have had to give way:"))
        lines += [
            Padding(Text(words.give(give, story.names)), (0, 0, 0, 2)) for give in one.miss.alone
        ]
    return Group(*lines)


def _detail_of_place(story: Story, place: Place) -> Iterator[RenderableType]:
    cost = place.cost
    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(justify="right")
    grid.add_column(style="dim")
    rows = (
        ("driving", cost.drive, f"{words.length(cost.drive_s)} more than before"),
        ("walk", cost.walk, words.length(cost.walk_s)),
        ("wait", cost.wait, words.length(cost.wait_s)),
        ("ride", cost.ride, words.length(cost.ride_s)),
        ("delay", cost.delay, "to those who have a promise"),
        ("all together", cost.whole, ""),
    )
    for name, value, why in rows:
        grid.add_row(name, words.driving(value), why)
    yield Group(Text("Could take it, for so many seconds of driving:"), Padding(grid, (0, 0, 0, 2)))
    if place.delays:
        said = ", ".join(
            f"{story.names.get(ride_id, ride_id)} {words.length(late_s)}"
            f" {'later' if late_s > 0 else 'sooner'}"
            for ride_id, late_s in place.delays
        )
        yield Text(f"For others: {said}")
    yield _plan(story, "Its plan with the ride", place.plan)


def _plan(story: Story, title: str, plan: Plan) -> RenderableType:
    columns = ["arrives", "leaves", "stop", "on", "off"]
    table = _table(title, columns)
    mine = story.row.request_id
    for visit in plan.visits:
        people = []
        for ride_ids in (visit.board, visit.leave):
            text = Text()
            for ride_id in ride_ids:
                name = story.names.get(ride_id, ride_id)
                style = "bold green" if name == mine else ""
                text.append(", " if text else "").append(name, style=style)
            people.append(text)
        times = (words.clock(visit.arrive_s), words.clock(visit.depart_s))
        table.add_row(*times, Text(words.stop(story.network.stops, visit.stop)), *people)
    return table


def _timeline(story: Story) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    for at_s, event in story.told:
        grid.add_row(
            Text(words.clock(at_s), style="dim"), Text(words.event(event, story.network.stops))
        )
    return Group(Text("What happened", style="bold"), Padding(grid, (0, 0, 0, 2)))
