"""Roads as several zones say them, each for itself."""

from services.domain.ids import ZoneId
from services.domain.operating_domain import Restriction, RoadsChanged
from services.simulator.roads import Roads

WEST, EAST = ZoneId("t.west"), ZoneId("t.east")


def test_a_road_is_closed_as_long_as_any_zone_says_so() -> None:
    roads = Roads()
    dark = Restriction("dark", 0, 100, darkness=True)
    roads.hear(WEST, RoadsChanged(1, (7, 3), ()))
    both = roads.hear(EAST, RoadsChanged(5, (), (), (dark,)))
    assert (both.closed, both.restrictions) == ((3, 7), (dark,))
    assert roads.hear(WEST, RoadsChanged(2, (3,), (), (dark,))).closed == (3,)
    assert roads.hear(WEST, RoadsChanged(1, (7, 3), ())).closed == (3,), "it is older"
    assert roads.hear(EAST, RoadsChanged(6, (), ())).restrictions == (dark,)
    assert roads.hear(WEST, RoadsChanged(3, (), ())).closed == ()
