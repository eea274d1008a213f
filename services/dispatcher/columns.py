"""Columns of the arrays that the kernels work on: one row a shuttle, a visit, a ride.

Times are seconds after midnight (int64), distances millimetres. ``FAR_S`` stands for "no limit".
"""

from __future__ import annotations

FAR_S = 2**40
UNREACHABLE_S = 65_535

AT_STOP, MOVING = 0, 1

# heads[shuttle, column]: where a shuttle is, and from where and when it can be sent elsewhere.
H_VISITS = 0  # how many visits are planned
H_RIDES = 1  # how many rides these serve
H_MODE = 2  # AT_STOP or MOVING
H_STOP = 3  # the stop where it stands, or for which it is heading
H_NODE = 4  # moving on roads: the last node known to be passed (or to be passed next)
H_MS = 5  # when it is there, in ms; without roads, when it set off
H_X = 6  # without roads: where it set off, mm
H_Y = 7
H_ARRIVE = 8  # moving: expected arrival at H_STOP
H_LOCKED = 9  # stands at the stop of visit 0 and boards
H_PENDING = 10  # was told to turn off at H_NODE and has not acknowledged yet
H_SILENT = 11  # should have acknowledged by now: nothing new for it
H_SEATS = 12  # room in all
H_WHEELCHAIRS = 13
H_LUGGAGE = 14
H_FREE = 15  # from when it can be sent elsewhere
H_FIRST = 16  # first position at which a visit may be inserted
H_FREE_X = 17  # without roads: where it is then, mm
H_FREE_Y = 18
H_ABOARD_SEATS = 19  # taken now, those that wheelchairs displace included
H_ABOARD_WHEELCHAIRS = 20
H_ABOARD_LUGGAGE = 21
H_BROKEN = 22  # promises that the schedule breaks
H_BUSY = 23  # standing: until when people get off or on
H_SERVING = 24  # somebody got off at visit 0 already; who boards there is waited for
H_PER_WHEELCHAIR = 25  # seats that a rider in a wheelchair takes away
H_OUT = 26  # out of order: nothing for it until it is repaired
H_KEEP = 27  # moving: within so much of its arrival it keeps its course
H_CAPACITY = 28  # mWh; 0: it never runs out, and the following mean nothing
H_LEVEL = 29  # what is left: standing, now; moving, on arrival at H_STOP
H_RESERVE = 30
H_PER_M = 31
H_PER_S = 32
H_PER_STOP = 33
H_DARK = 34  # 1: it may not drive in darkness
H_EARLY = 35  # how early an empty one is at a booked pickup
H_PARK = 36  # a stop where it is to wait for its next work; -1: nowhere
H_AWAY = 37  # it belongs to another zone, or is to be lent to one: nothing new for it
H_COLUMNS = 38

# visits[shuttle, position, column]
V_STOP = 0
V_EARLIEST = 1  # boarding starts no earlier
V_DWELL = 2  # how long the stop takes
V_PICK_BY = 3  # boarding ends no later
V_DROP_BY = 4  # arrival no later
V_SEATS = 5  # taken on leaving, those that wheelchairs displace included
V_WHEELCHAIRS = 6
V_LUGGAGE = 7
V_BOARDING = 8  # parties that board
V_LEAVING = 9
V_TASK = 10  # 1: a task, during which nobody is on board
V_CHARGE = 11  # what comes in at most, mWh
V_ARRIVE = 12  # from here on computed: earliest schedule
V_START = 13
V_DEPART = 14
V_SLACK = 15  # longest delay on arrival that breaks no window from here on
V_RIDE_SLACK = 16  # the same, and no ride-time limit of those who board before
V_LEVEL = 17  # what is left on arrival, mWh
V_MARGIN = 18  # what is left on leaving beyond the reserve and the way to the next charger
V_PAUSE = 19  # what is lost on the way here: waiting until it may drive, and under speed caps
V_COLUMNS = 20

# rides[shuttle, ride, column]
R_PICK = 0  # position of the pickup; -1: on board
R_DROP = 1  # position of the dropoff
R_LIMIT = 2  # longest ride
R_PICKED = 3  # on board since
R_COLUMNS = 4

# A request as the kernel sees it. A goal is what was asked; the bound beside it is what is
# enforced, wider than the goal when the search looks for a relaxation.
P_STOP, P_EARLIEST, P_PICK_BY, P_GOAL, P_EXTRA_WALK = range(5)  # pickups[candidate, column]
P_COLUMNS = 5
D_STOP, D_DROP_BY, D_GOAL, D_EXTRA_WALK = range(4)  # dropoffs[candidate, column]
D_COLUMNS = 4
E_LIMIT, E_GOAL, E_WALK_COST = range(3)  # pairs[pickup, dropoff, column]
E_COLUMNS = 3
A_SEATS, A_SEATS_MIN, A_WHEELCHAIRS, A_LUGGAGE = range(4)  # party[column]
A_BASE_S, A_PARTY_S = 4, 5  # what a stop takes, and what this party adds to it
A_WAIT_WEIGHT, A_RIDE_WEIGHT, A_DELAY_WEIGHT = 6, 7, 8  # thousandths of a second of driving
A_MODE = 9  # what is minimised
A_ANY_LEVEL = 10  # 1: as if batteries never ran out
A_KM_WEIGHT = 11  # thousandths of a second of driving that a metre costs besides
A_ANY_TIME = 12  # 1: as if shuttles might drive at any time, and as fast as roads allow
A_ANY_MOVES = 13  # 1: as if all shuttles could be supervised at once
A_COLUMNS = 14

# What is minimised.
COST, LEAVE_LATER, ARRIVE_LATER, WALK_FURTHER, FEWER_SEATS, RIDE_LONGER, LATENESS = range(7)

# found[column]: the best insertion
F_VALUE = 0  # -1: none
F_SHUTTLE = 1
F_PICK = 2  # position of the pickup among the visits as they are
F_PICK_MERGED = 3  # 1: joins the visit there; 0: a visit of its own before it
F_DROP = 4
F_DROP_MERGED = 5
F_PICKUP = 6  # candidate numbers
F_DROPOFF = 7
F_PICKUP_S = 8
F_DROPOFF_S = 9
F_COLUMNS = 10
