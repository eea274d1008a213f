"""Roads as all zones of a territory have them: there is one world, and each zone says its own."""

from __future__ import annotations

from services.domain.ids import ZoneId
from services.domain.operating_domain import RoadsChanged


class Roads:
    """Puts together what zones say of roads."""

    def __init__(self) -> None:
        self._said: dict[ZoneId, RoadsChanged] = {}

    def hear(self, zone: ZoneId, roads: RoadsChanged) -> RoadsChanged:
        """Return what holds, now that a zone says something: whatever any of them closed is."""
        before = self._said.get(zone)
        if before is None or before.version <= roads.version:
            self._said[zone] = roads
        said = self._said.values()
        return RoadsChanged(
            version=sum(one.version for one in said),
            closed=tuple(sorted({link for one in said for link in one.closed})),
            at_risk=roads.at_risk,
            restrictions=tuple(dict.fromkeys(x for one in said for x in one.restrictions)),
            speed_caps=tuple(dict.fromkeys(x for one in said for x in one.speed_caps)),
        )
