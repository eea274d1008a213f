"""What takes people out of the house on a rural weekday, when, and for how long.

The shares and hours are round figures in the manner of the national travel survey for rural areas
(commuting, school and errands about a third each; two peaks), not a calibration.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.domain.places import PlaceRole

HOUR_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hours in which outings of a kind begin.

    Parameters
    ----------
    share
        Of the purpose's outings.
    from_s, to_s
        Seconds after midnight.
    peaked
        Most of them around the middle, instead of evenly.
    """

    share: float
    from_s: int
    to_s: int
    peaked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """One reason to go out.

    Parameters
    ----------
    share
        Of all outings.
    role
        Role of the places that people go to; ``None``: any other place where people live.
    windows
        When people leave or, if ``punctual``, when they must be there.
    punctual
        Whether the way there has a latest arrival.
    stay_s_min, stay_s_max
        How long people stay.
    returns
        Share that comes back by shuttle.
    booked
        Share that is asked for ahead, not at departure.
    """

    name: str
    share: float
    role: PlaceRole | None
    windows: tuple[Window, ...]
    stay_s_min: int
    stay_s_max: int
    returns: float
    booked: float
    punctual: bool = False


def _at(hour: int, minute: int = 0) -> int:
    return hour * HOUR_S + minute * 60


PURPOSES = (
    Purpose(
        name="work",
        share=0.29,
        role=PlaceRole.WORK,
        windows=(
            Window(share=0.88, from_s=_at(6, 15), to_s=_at(9, 30), peaked=True),
            Window(share=0.12, from_s=_at(12, 30), to_s=_at(14)),
        ),
        stay_s_min=_at(8, 30),
        stay_s_max=_at(11),
        returns=0.9,
        booked=0.35,
    ),
    Purpose(
        name="train",
        share=0.15,
        role=PlaceRole.STATION,
        windows=(
            Window(share=0.7, from_s=_at(6, 45), to_s=_at(9, 30), peaked=True),
            Window(share=0.3, from_s=_at(9, 30), to_s=_at(19)),
        ),
        stay_s_min=_at(8),
        stay_s_max=_at(11, 30),
        returns=0.75,
        booked=0.6,
        punctual=True,
    ),
    Purpose(
        name="school",
        share=0.15,
        role=PlaceRole.SCHOOL,
        windows=(Window(share=1.0, from_s=_at(7, 50), to_s=_at(9)),),
        stay_s_min=_at(8),
        stay_s_max=_at(9),
        returns=0.9,
        booked=0.8,
        punctual=True,
    ),
    Purpose(
        name="market",
        share=0.17,
        role=PlaceRole.MARKET,
        windows=(
            Window(share=0.7, from_s=_at(8, 45), to_s=_at(11, 30)),
            Window(share=0.3, from_s=_at(14), to_s=_at(16, 30)),
        ),
        stay_s_min=_at(0, 50),
        stay_s_max=_at(2),
        returns=0.9,
        booked=0.25,
    ),
    Purpose(
        name="medical",
        share=0.12,
        role=PlaceRole.MEDICAL,
        windows=(
            Window(share=0.55, from_s=_at(9), to_s=_at(12)),
            Window(share=0.45, from_s=_at(14), to_s=_at(17)),
        ),
        stay_s_min=_at(0, 40),
        stay_s_max=_at(1, 40),
        returns=0.9,
        booked=0.75,
        punctual=True,
    ),
    Purpose(
        name="visit",
        share=0.12,
        role=None,
        windows=(
            Window(share=0.75, from_s=_at(9, 30), to_s=_at(17)),
            Window(share=0.25, from_s=_at(17, 30), to_s=_at(19, 30)),
        ),
        stay_s_min=_at(1),
        stay_s_max=_at(3),
        returns=0.85,
        booked=0.15,
    ),
)
