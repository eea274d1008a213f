"""How fast one drives on a road: what its signs say, else its country, else its class."""

from __future__ import annotations

import re

KMH_PER_MPH = 1.609344

WALK_KMH = 7.0
"""What ``walk`` means on a sign: at walking pace."""

DRIVABLE_KMH: dict[str, float] = {
    "motorway": 110,
    "trunk": 90,
    "primary": 80,
    "secondary": 70,
    "tertiary": 60,
    "unclassified": 50,
    "residential": 30,
    "living_street": 10,
    "service": 20,
    "road": 30,
    "motorway_link": 60,
    "trunk_link": 50,
    "primary_link": 50,
    "secondary_link": 50,
    "tertiary_link": 40,
}
"""Classes of road that shuttles may drive, and the speed where no sign is known: below the legal
limit of rural roads, since one does not reach that in bends and villages."""

UNDRIVABLE = frozenset(
    {
        *("footway", "path", "cycleway", "steps", "pedestrian", "bridleway", "corridor", "track"),
        *("bus_guideway", "busway", "raceway", "escape", "construction", "proposed", "razed"),
        *("abandoned", "platform", "elevator", "via_ferrata"),
    }
)
"""Classes of way that are not for cars."""

OTHER_KMH = 50.0
"""On a class that nobody knows."""

_RURAL_KMH = {"FR": 80.0, "DE": 100.0, "AT": 100.0, "IT": 90.0, "ES": 90.0, "CH": 80.0, "GB": 96.6}
_RURAL_OTHER_KMH = 90.0
_MOTORWAY_KMH = {"ES": 120.0, "CH": 120.0, "BE": 120.0, "GB": 112.7, "PT": 120.0, "IE": 120.0}
_MOTORWAY_OTHER_KMH = 130.0
_TRUNK_KMH = {"FR": 110.0, "DE": 130.0, "IT": 110.0, "GB": 112.7}
_TRUNK_OTHER_KMH = 100.0

_NUMBER = re.compile(r"^(\d+(?:\.\d+)?)\s*(km/?h|kmh|kph|mph|knots)?$")
_COUNTRY = re.compile(r"^([A-Z]{2})(?:-[A-Z]+)?:(.+)$")
_ZONE = re.compile(r"^zone:?(\d+)$")


def class_kmh(highway: str) -> float:
    """Speed where no sign is known, by class of road."""
    return DRIVABLE_KMH.get(highway, OTHER_KMH)


def signed_kmh(text: str) -> float | None:
    """Read an OpenStreetMap ``maxspeed``; nothing if it does not say a speed.

    Of several values the lowest counts.

    Examples
    --------
    >>> signed_kmh("80"), signed_kmh("50 mph"), signed_kmh("FR:rural"), signed_kmh("signals")
    (80.0, 80.4672, 80.0, None)
    """
    found = [_one_kmh(part.strip()) for part in text.split(";")]
    speeds = [kmh for kmh in found if kmh is not None]
    return min(speeds, default=None)


def _one_kmh(text: str) -> float | None:
    number = _NUMBER.match(text.lower())
    if number is not None:
        value = float(number[1])
        match number[2]:
            case "mph":
                value *= KMH_PER_MPH
            case "knots":
                value *= 1.852
        return value if 1 <= value <= 200 else None
    if text.lower() == "walk":
        return WALK_KMH
    if text.lower() == "none":
        return _MOTORWAY_OTHER_KMH
    country = _COUNTRY.match(text)
    return None if country is None else _country_kmh(country[1], country[2].lower())


def _country_kmh(country: str, kind: str) -> float | None:
    zone = _ZONE.match(kind)
    if zone is not None:
        return _one_kmh(zone[1])
    match kind:
        case "urban":
            return 48.3 if country == "GB" else 50.0
        case "rural" | "nsl_single":
            return _RURAL_KMH.get(country, _RURAL_OTHER_KMH)
        case "trunk" | "nsl_dual" | "nsl_restricted":
            return _TRUNK_KMH.get(country, _TRUNK_OTHER_KMH)
        case "motorway":
            return _MOTORWAY_KMH.get(country, _MOTORWAY_OTHER_KMH)
        case "living_street" | "walk" | "pedestrian_zone":
            return 20.0 if country in ("FR", "BE", "ES", "CH", "AT") else WALK_KMH
        case "bicycle_road":
            return 30.0
    return _one_kmh(kind) if kind[:1].isdigit() else None
