"""What the energy of a day's driving weighs in CO2e, and what the same trips by car would.

Both sides count the same things: energy used to drive and the making of that energy. Building the
vehicles, batteries and roads is left out on both sides.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """An emission factor and where it is from.

    Parameters
    ----------
    value, unit
        For example 0.0519 kgCO2e/kWh.
    source
        Who publishes it, under which name and for which year.
    covers
        What is counted, and what is not.
    """

    value: float
    unit: str
    source: str
    covers: str

    def as_json(self) -> dict[str, object]:
        """Return what ``kpis.json`` says about it."""
        return asdict(self)


ELECTRICITY = Factor(
    value=0.0519,
    unit="kgCO2e/kWh",
    source="ADEME, Base Empreinte: Électricité/2024, mix moyen/consommation, France continentale",
    covers=(
        "Average electricity consumed in mainland France, smoothed over 2021 to 2024: burning of"
        " fuels, their supply, and the building and running of power plants. Making the shuttles"
        " and their batteries is not counted."
    ),
)

CAR = Factor(
    value=0.192,
    unit="kgCO2e/km",
    source="ADEME, Impact CO2 (from Base Empreinte), 2024: voiture thermique, usage",
    covers=(
        "Average car with a combustion engine, per kilometre whoever sits in it: burning of fuel"
        " and its supply. Making and maintaining the car (0.0256 kgCO2e/km more) is not counted."
    ),
)


def shuttles_kg(energy_kwh: float) -> float:
    """CO2e of the shuttles' electricity, in kg."""
    return energy_kwh * ELECTRICITY.value


def cars_kg(distance_km: float) -> float:
    """CO2e of cars that drive so far in all, in kg."""
    return distance_km * CAR.value
