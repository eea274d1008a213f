"""Best insertion of a request into the plans of all shuttles: compiled, exact, deterministic.

For every shuttle, pair of candidate stops and pair of positions the dispatcher asks: does the
earliest schedule with both stops inserted keep every window, ride-time limit and capacity, and what
does it add? This is the insertion heuristic of Jaw et al. (1986), "A heuristic algorithm for the
multi-vehicle advance request dial-a-ride problem", over all positions. Slacks only discard what
cannot work or cannot win; what remains is simulated in full before it counts, so the result is that
of full enumeration. Ties fall to the lowest shuttle, then the nearest stops, then the earliest
positions.
"""

from __future__ import annotations

import numpy as np

from services.dispatcher import columns as c
from services.dispatcher.distance import detour_m
from services.dispatcher.energy import runs_short
from services.dispatcher.moves import overbooks
from services.dispatcher.objective import DRIVE_COST, ROUNDING_S, at_least, least_cost, value_of
from services.dispatcher.schedule import first_s, from_head, is_cut_short
from services.network.driving import is_hindered, set_off
from services.network.kernels import array_kernel, inlined_kernel, inner_kernel

NO, YES, FAR_S = np.int64(0), np.int64(1), np.int64(c.FAR_S)
"""Typed: plain numbers in a tuple would have whatever takes it compiled once more, for them."""


@array_kernel
def search(ways, fleet, ask):  # type: ignore[no-untyped-def]
    """Find the best insertion over all shuttles.

    Parameters
    ----------
    ways
        Travel times.
    fleet
        The shuttles, as they are now.
    ask
        The request.

    Returns
    -------
    (F_COLUMNS,) int64
        Value -1 if there is none.
    """
    found = np.full(c.F_COLUMNS, -1, np.int64)
    least = np.empty(len(ask.pickups), np.int64)
    _search_all(ways, fleet, ask, least, found)
    return found


@inner_kernel
def _search_all(ways, fleet, ask, least, found):  # type: ignore[no-untyped-def]
    """Find the best insertion; ``least``: (pickups,) scratch."""
    latest_s = 0
    for a in range(len(least)):
        latest_s = max(latest_s, ask.pickups[a, c.P_PICK_BY])
        least[a] = least_cost(ways, ask, a)
    for k in range(fleet.heads.shape[0]):
        head = fleet.heads[k]
        if (
            head[c.H_SILENT]
            or head[c.H_OUT]
            or head[c.H_AWAY]
            or head[c.H_FREE] > latest_s
            or head[c.H_SEATS] < ask.party[c.A_SEATS_MIN]
        ):
            continue
        for a in range(ask.pickups.shape[0]):
            stop, pick_by_s = ask.pickups[a, c.P_STOP], ask.pickups[a, c.P_PICK_BY]
            if _is_too_far(ways.drive_s, ways.node_drive_s, fleet.heads, k, stop, pick_by_s):
                continue
            if _try_pickups(ways, fleet, ask, k, a, least[a], found):
                found[c.F_SHUTTLE] = k
                found[c.F_PICKUP] = a


@inlined_kernel
def _is_too_far(drive_s, node_drive_s, heads, k, stop, pick_by_s):  # type: ignore[no-untyped-def]
    """Whether a shuttle is too far from a pickup, even straight from where it is: most are."""
    leg_s = 0
    if heads[k, c.H_FIRST] > 0:
        return False
    if heads[k, c.H_MODE] == c.AT_STOP:
        leg_s = int(drive_s[heads[k, c.H_STOP], stop])
    elif stop != heads[k, c.H_STOP] and node_drive_s.shape[0]:
        leg_s = int(node_drive_s[heads[k, c.H_NODE], stop])
    sooner_s = ROUNDING_S + heads[k, c.H_VISITS]
    return heads[k, c.H_FREE] + leg_s - sooner_s > pick_by_s


@inlined_kernel
def _try_pickups(ways, fleet, ask, k, a, least, found):  # type: ignore[no-untyped-def]
    """Try every position of one pickup stop in one shuttle's plan; say if that found a better.

    Most positions are ruled out here, so this loop reads single cells: a view of a row, or a call
    that takes arrays, costs more than all it decides.
    """
    heads, visits, drives, party = fleet.heads, fleet.visits, ways.drive_s, ask.party
    stop, earliest_s = ask.pickups[a, c.P_STOP], ask.pickups[a, c.P_EARLIEST]
    pick_by_s = ask.pickups[a, c.P_PICK_BY]
    own_s = party[c.A_BASE_S] + party[c.A_PARTY_S]
    wheelchairs_max = heads[k, c.H_WHEELCHAIRS] - party[c.A_WHEELCHAIRS]
    luggage_max = heads[k, c.H_LUGGAGE] - party[c.A_LUGGAGE]
    seats_max = heads[k, c.H_SEATS] - heads[k, c.H_PER_WHEELCHAIR] * party[c.A_WHEELCHAIRS]
    first, count = heads[k, c.H_FIRST], heads[k, c.H_VISITS]
    here, time_s = -1, heads[k, c.H_FREE]
    seats = heads[k, c.H_ABOARD_SEATS]
    wheelchairs = heads[k, c.H_ABOARD_WHEELCHAIRS]
    luggage = heads[k, c.H_ABOARD_LUGGAGE]
    leg_s = from_head(ways, heads[k], stop) if first == 0 else 0
    better = False
    arrives = first == 0 and _is_arriving(heads, visits, k)
    if first == 0 and ways.pauses.shape[1]:
        arrives = arrives or is_cut_short(ways, heads[k], stop)
    for i in range(first, count + 1):
        if i > 0:
            here = visits[k, i - 1, c.V_STOP]
            time_s = visits[k, i - 1, c.V_DEPART] if i > first else time_s
            seats = visits[k, i - 1, c.V_SEATS]
            wheelchairs = visits[k, i - 1, c.V_WHEELCHAIRS]
            luggage = visits[k, i - 1, c.V_LUGGAGE]
            leg_s = int(drives[here, stop])
        if time_s > pick_by_s:
            break
        boarded_s = max(time_s + leg_s, earliest_s) + own_s
        room = seats_max - seats
        works = boarded_s <= pick_by_s and leg_s < c.UNREACHABLE_S and not (arrives and i == 0)
        works = works and room >= party[c.A_SEATS_MIN]
        works = works and wheelchairs <= wheelchairs_max and luggage <= luggage_max
        added_s = leg_s
        if works and i < count:
            following, arrive_s = visits[k, i, c.V_STOP], visits[k, i, c.V_ARRIVE]
            onward_s = int(drives[stop, following])
            added_s += onward_s
            planned_s = arrive_s - time_s - visits[k, i, c.V_PAUSE]
            added_s -= int(drives[here, following]) if i > 0 else max(planned_s, 0)
            # Whatever follows, the visit at i is reached no earlier than straight from here.
            works = boarded_s + onward_s - arrive_s <= visits[k, i, c.V_RIDE_SLACK]
            works = works and onward_s < c.UNREACHABLE_S
        if works:
            bound = at_least(ask, a, added_s, boarded_s, least)
            if not 0 <= found[c.F_VALUE] <= bound:
                start = (i, NO, boarded_s, leg_s, added_s, room)
                better |= _try_dropoffs(ways, fleet, ask, k, a, start, found)
        if i < count and visits[k, i, c.V_STOP] == stop and not visits[k, i, c.V_TASK]:
            boarded_s = max(visits[k, i, c.V_START], earliest_s)
            boarded_s += visits[k, i, c.V_DWELL] + party[c.A_PARTY_S]
            bound = at_least(ask, a, 0, boarded_s, least)
            if boarded_s <= pick_by_s and not 0 <= found[c.F_VALUE] <= bound:
                start = (i, YES, boarded_s, NO, NO, FAR_S)
                better |= _try_dropoffs(ways, fleet, ask, k, a, start, found)
    return better


@inner_kernel
def _is_arriving(heads, visits, k):  # type: ignore[no-untyped-def]
    """Whether a shuttle is so close to its next visit that it is not sent elsewhere any more."""
    if heads[k, c.H_MODE] == c.AT_STOP or heads[k, c.H_PENDING] or not heads[k, c.H_VISITS]:
        return False
    heads_there = visits[k, 0, c.V_STOP] == heads[k, c.H_STOP]
    return heads_there and heads[k, c.H_ARRIVE] - heads[k, c.H_FREE] < heads[k, c.H_KEEP]


@inner_kernel
def _try_dropoffs(ways, fleet, ask, k, a, start, found):  # type: ignore[no-untyped-def]
    """Try every dropoff for one place of the pickup; keep the best in ``found``.

    ``start``: position of the pickup; whether it joins the visit there; when boarding ends; seconds
    to the pickup, seconds added if the shuttle goes on from it to the next visit as planned; free
    seats.
    """
    pick, joins, time_s, leg_s, added_s, room = start
    head, visits, party = fleet.heads[k], fleet.visits[k], ask.party
    count = head[c.H_VISITS]
    boarded_s = time_s
    last = ask.pickups[a, c.P_STOP]
    better = False
    for j in range(pick, count + 1):
        if not (joins and j == pick):
            so_far = (boarded_s, time_s, last, leg_s if j == pick else added_s, room)
            better |= _try_dropoffs_at(ways, fleet, ask, k, a, (pick, joins, j), so_far, found)
        if j == count or visits[j, c.V_TASK]:
            break
        if not (joins and j == pick):
            stop = visits[j, c.V_STOP]
            arrive_s = time_s + ways.drive_s[last, stop]
            if arrive_s - visits[j, c.V_ARRIVE] > visits[j, c.V_SLACK]:
                break
            time_s = max(arrive_s, visits[j, c.V_EARLIEST]) + visits[j, c.V_DWELL]
            last = stop
        room = min(room, _room(head, visits, j + 1, party))
        if room < party[c.A_SEATS_MIN]:
            break
    return better


@inner_kernel
def _try_dropoffs_at(ways, fleet, ask, k, a, places, so_far, found):  # type: ignore[no-untyped-def]
    """Try every dropoff stop at one position, as a visit of its own or joining the visit there."""
    pick, joins, j = places
    boarded_s, time_s, last, added_s, room = so_far
    head, visits, party = fleet.heads[k], fleet.visits[k], ask.party
    pickup = ask.pickups[a]
    planned_s = _leg_as_planned(ways, head, visits, j)
    better = False
    for b in range(ask.dropoffs.shape[0]):
        dropoff, pair = ask.dropoffs[b], ask.pairs[a, b]
        stop = dropoff[c.D_STOP]
        drive_s = int(ways.drive_s[last, stop])
        arrive_s = time_s + drive_s
        if stop == pickup[c.P_STOP] or drive_s == c.UNREACHABLE_S:
            continue
        if arrive_s > dropoff[c.D_DROP_BY] or arrive_s - boarded_s > pair[c.E_LIMIT]:
            continue
        for merged in range(2):
            onward_s, next_s = 0, arrive_s
            if merged:
                if j >= head[c.H_VISITS] or visits[j, c.V_STOP] != stop or visits[j, c.V_TASK]:
                    continue
            elif j < head[c.H_VISITS]:
                onward_s = int(ways.drive_s[stop, visits[j, c.V_STOP]])
                next_s = arrive_s + party[c.A_BASE_S] + party[c.A_PARTY_S] + onward_s
                if onward_s == c.UNREACHABLE_S:
                    continue
            if j < head[c.H_VISITS] and next_s - visits[j, c.V_ARRIVE] > visits[j, c.V_SLACK]:
                continue
            own = (pick, -1 if joins else pickup[c.P_STOP], j, -1 if merged else stop)
            drive_cost = (added_s + drive_s + onward_s - planned_s) * DRIVE_COST
            if party[c.A_KM_WEIGHT]:
                drive_cost += detour_m(ways, head, visits, own) * party[c.A_KM_WEIGHT]
            shortage = max(party[c.A_SEATS] - room, 0)
            if (
                0
                <= found[c.F_VALUE]
                <= value_of(ask, a, b, drive_cost, shortage, boarded_s, arrive_s, 0)
            ):
                continue
            place = (pick, joins, j, merged)
            got_s, left_s, delay_s = _evaluate(ways, fleet, ask, k, a, b, place)
            if got_s < 0:
                continue
            value = value_of(ask, a, b, drive_cost, shortage, got_s, left_s, delay_s)
            if 0 <= found[c.F_VALUE] <= value:
                continue
            drains = head[c.H_CAPACITY] and not party[c.A_ANY_LEVEL]
            if drains and runs_short(ways, head, visits, own):
                continue
            watched = fleet.limits.shape[0] and not party[c.A_ANY_MOVES]
            if watched and overbooks(ways, fleet, ask, (k, a, b, pick, joins, j, merged)):
                continue
            better = True
            found[c.F_VALUE] = value
            found[c.F_PICK], found[c.F_PICK_MERGED] = pick, joins
            found[c.F_DROP], found[c.F_DROP_MERGED] = j, merged
            found[c.F_DROPOFF] = b
            found[c.F_PICKUP_S], found[c.F_DROPOFF_S] = got_s, left_s
    return better


@inner_kernel
def _evaluate(ways, fleet, ask, k, a, b, place):  # type: ignore[no-untyped-def]
    """Simulate the plan with both stops at their place; pickup and dropoff time, or -1.

    Nothing that is promised may be broken, nor be broken further than it is already.
    """
    pick, pick_joins, drop, drop_joins = place
    head, visits, times = fleet.heads[k], fleet.visits[k], fleet.times
    pickup, dropoff, party = ask.pickups[a], ask.dropoffs[b], ask.party
    limit_s = ask.pairs[a, b, c.E_LIMIT]
    own_s = party[c.A_BASE_S] + party[c.A_PARTY_S]
    time_s = head[c.H_FREE] if pick == head[c.H_FIRST] else visits[pick - 1, c.V_DEPART]
    last = visits[pick - 1, c.V_STOP] if pick > 0 else -1
    picked_s, dropped_s, delay_s = -1, -1, 0
    for i in range(pick, head[c.H_VISITS] + 1):
        if i == pick and not pick_joins:
            time_s = _there_s(ways, head, party, time_s, last, pickup[c.P_STOP])
            time_s = max(time_s, pickup[c.P_EARLIEST]) + own_s
            last, picked_s = pickup[c.P_STOP], time_s
        if i == drop and not drop_joins:
            time_s = _there_s(ways, head, party, time_s, last, dropoff[c.D_STOP])
            last, dropped_s = dropoff[c.D_STOP], time_s
            time_s += own_s
        if i == head[c.H_VISITS]:
            break
        arrive_s = visits[i, c.V_ARRIVE]
        if last >= 0:
            arrive_s = _there_s(ways, head, party, time_s, last, visits[i, c.V_STOP])
        start_s, dwell_s = max(arrive_s, visits[i, c.V_EARLIEST]), visits[i, c.V_DWELL]
        if i == pick and pick_joins:
            start_s = max(start_s, visits[i, c.V_START], pickup[c.P_EARLIEST])
            dwell_s += party[c.A_PARTY_S]
            picked_s = start_s + dwell_s
        if i == drop and drop_joins:
            dropped_s = arrive_s
            dwell_s += party[c.A_PARTY_S]
        last, time_s = visits[i, c.V_STOP], start_s + dwell_s
        if arrive_s > max(visits[i, c.V_DROP_BY], visits[i, c.V_ARRIVE]):
            return -1, -1, 0
        if time_s > max(visits[i, c.V_PICK_BY], visits[i, c.V_DEPART]):
            return -1, -1, 0
        times[i, 0], times[i, 1] = arrive_s, time_s
        delay_s += (time_s - visits[i, c.V_DEPART]) * visits[i, c.V_BOARDING]
        delay_s += (arrive_s - visits[i, c.V_ARRIVE]) * visits[i, c.V_LEAVING]
    if picked_s > pickup[c.P_PICK_BY] or dropped_s > dropoff[c.D_DROP_BY]:
        return -1, -1, 0
    if dropped_s - picked_s > limit_s or _breaks_a_ride_limit(fleet, k, pick):
        return -1, -1, 0
    return picked_s, dropped_s, delay_s


@inner_kernel
def _breaks_a_ride_limit(fleet, k, changed_from):  # type: ignore[no-untyped-def]
    """Whether somebody's ride, with ``fleet.times`` from a position on, gets too long."""
    visits, rides, times = fleet.visits[k], fleet.rides[k], fleet.times
    for r in range(fleet.heads[k, c.H_RIDES]):
        drop, pick, limit_s = rides[r, c.R_DROP], rides[r, c.R_PICK], rides[r, c.R_LIMIT]
        if drop < changed_from or limit_s >= c.FAR_S:
            continue
        before_s = picked_s = rides[r, c.R_PICKED]
        if pick >= 0:
            before_s = visits[pick, c.V_DEPART]
            picked_s = times[pick, 1] if pick >= changed_from else before_s
        if times[drop, 0] - picked_s > max(limit_s, visits[drop, c.V_ARRIVE] - before_s):
            return True
    return False


@inner_kernel
def _room(head, visits, position, party):  # type: ignore[no-untyped-def]
    """Free seats on leaving the place before a position; below 0 if the party fits in no way."""
    if position == 0:
        seats = head[c.H_ABOARD_SEATS]
        wheelchairs = head[c.H_ABOARD_WHEELCHAIRS]
        luggage = head[c.H_ABOARD_LUGGAGE]
    else:
        seats = visits[position - 1, c.V_SEATS]
        wheelchairs = visits[position - 1, c.V_WHEELCHAIRS]
        luggage = visits[position - 1, c.V_LUGGAGE]
    if wheelchairs + party[c.A_WHEELCHAIRS] > head[c.H_WHEELCHAIRS]:
        return -1
    if luggage + party[c.A_LUGGAGE] > head[c.H_LUGGAGE]:
        return -1
    return head[c.H_SEATS] - seats - head[c.H_PER_WHEELCHAIR] * party[c.A_WHEELCHAIRS]


@inner_kernel
def _there_s(ways, head, party, time_s, last, stop):  # type: ignore[no-untyped-def]
    """When a shuttle that sets off from a stop, or from where it is (-1), can be at another."""
    if last < 0:
        leg_s = from_head(ways, head, stop)
        return time_s + (leg_s if party[c.A_ANY_TIME] else first_s(ways, head, stop))
    drive_s = int(ways.drive_s[last, stop])
    if is_hindered(ways) and not party[c.A_ANY_TIME]:
        time_s, drive_s = set_off(ways, head[c.H_DARK], time_s, last, stop)
    return time_s + drive_s


@inner_kernel
def _leg_as_planned(ways, head, visits, position):  # type: ignore[no-untyped-def]
    """Seconds of driving to the visit at a position, as things stand; 0 past the end."""
    if position >= head[c.H_VISITS]:
        return 0
    if position == 0:
        return max(visits[0, c.V_ARRIVE] - head[c.H_FREE] - visits[0, c.V_PAUSE], 0)
    return int(ways.drive_s[visits[position - 1, c.V_STOP], visits[position, c.V_STOP]])
