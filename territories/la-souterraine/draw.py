"""Draws the demo's road graph: corridors in, ``nodes.csv``, ``links.csv`` and ``stops.csv`` out.

Run it after a change of ``places.csv`` or of the corridors below: ``python draw.py``. Nothing in it
is random: the same corridors give the same files.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, cos, hypot, pi, radians, sin
from pathlib import Path

FOLDER = Path(__file__).parent
ORIGIN = "La Souterraine"
"""All offsets below are kilometres east and north of this place."""

EARTH_RADIUS_KM = 6371.0088
PIECE_KM = 0.45
"""A node about this often, so that a shuttle under way finds somewhere to turn off."""
BEND_KM = 0.11
"""How far the drawn bends leave the straight line, at most."""

SPEED_KMH = {"secondary": 80, "tertiary": 70, "unclassified": 60, "residential": 30}
WINDING = {"secondary": 1.09, "tertiary": 1.12, "unclassified": 1.15, "residential": 1.05}
"""Length of a link over the straight line between its nodes: the curves too small to draw."""
BUILT_UP_KM = 0.4
BUILT_UP_KMH = 50
"""Within this distance of a village's heart nobody drives faster than this."""

XY = tuple[float, float]

TOWN: dict[str, tuple[XY, str]] = {
    "souterraine-marche": ((0.12, -0.19), "La Souterraine, place du marché"),
    "souterraine-hopital": ((-0.31, 0.38), "La Souterraine, centre hospitalier"),
    "souterraine-lycee": ((-0.42, -0.36), "La Souterraine, lycée Raymond-Loewy"),
    "souterraine-ouest": ((-0.74, 0.06), "La Souterraine, quartier ouest"),
    "souterraine-nord": ((0.16, 0.72), "La Souterraine, quartier nord"),
    "souterraine-nord-est": ((0.66, 0.6), "La Souterraine, quartier nord-est"),
    "souterraine-sud": ((0.14, -0.74), "La Souterraine, quartier sud"),
    "souterraine-sud-est": ((0.62, -0.44), "La Souterraine, quartier sud-est"),
    "souterraine-est": ((1.15, 0.16), ""),
    "souterraine-zone": ((1.36, -0.46), "La Souterraine, zone d'activités"),
    "souterraine-rond-point-sud": ((0.24, -1.25), ""),
    "cheix": ((1.664, 0.378), "La Souterraine, étang du Cheix"),
    "fursac-saint-pierre": ((2.31, -10.04), "Fursac, Saint-Pierre"),
    "fursac-saint-etienne": ((2.322, -10.39), "Fursac, Saint-Étienne"),
}
"""Nodes that are no places of ``places.csv``, with their stop's name."""

PLACE_STOP = {
    "gare-de-la-souterraine": "La Souterraine, gare",
    "bridiers": "Bridiers",
    "la-croisiere": "La Croisière, parc d'activités",
    "paulhac": "Paulhac",
}
"""Names of stops at a place's heart where that is not its town hall."""

CORRIDORS = """
la-souterraine residential souterraine-marche
la-souterraine residential souterraine-hopital
la-souterraine residential gare-de-la-souterraine 0.35,0.06
la-souterraine residential souterraine-nord
la-souterraine residential souterraine-ouest
souterraine-marche residential souterraine-lycee
souterraine-marche residential souterraine-sud
souterraine-lycee residential souterraine-ouest
souterraine-lycee residential souterraine-sud
souterraine-hopital residential souterraine-ouest
souterraine-hopital residential souterraine-nord
souterraine-nord residential souterraine-nord-est
souterraine-nord-est residential souterraine-est
souterraine-nord-est residential gare-de-la-souterraine
souterraine-sud residential souterraine-sud-est
souterraine-sud residential souterraine-rond-point-sud
souterraine-sud-est residential gare-de-la-souterraine
souterraine-sud-est residential souterraine-zone
souterraine-zone residential souterraine-est
gare-de-la-souterraine residential souterraine-est
souterraine-est residential cheix
cheix residential bridiers
souterraine-nord secondary saint-agnant-de-versillat 0.7,2.0 1.5,3.3
souterraine-nord secondary vareilles -0.2,2.2 -0.9,4.6
souterraine-ouest secondary saint-maurice-la-souterraine -1.5,-0.4 -2.7,-1.3
souterraine-rond-point-sud secondary fursac-saint-pierre 0.5,-2.6 0.6,-4.6 1.7,-7.6
souterraine-rond-point-sud tertiary saint-priest-la-feuille 1.5,-2.0 2.6,-2.9
bridiers secondary noth 4.0,0.1 6.0,-0.7
bridiers secondary saint-leger-bridereix 3.9,1.5 5.6,3.2
saint-agnant-de-versillat secondary saint-germain-beaupre 2.9,5.6 4.1,6.5
saint-agnant-de-versillat unclassified vareilles 0.9,5.6
saint-agnant-de-versillat unclassified saint-leger-bridereix 4.6,4.4
saint-germain-beaupre tertiary bazelat 4.3,9.2 4.9,11.0
saint-germain-beaupre tertiary lafat 6.4,8.4 8.3,9.7
saint-germain-beaupre unclassified saint-leger-bridereix 6.4,6.3
saint-germain-beaupre unclassified vareilles 2.0,7.6
vareilles secondary azerables -0.3,8.6 -1.1,10.8
azerables tertiary bazelat 1.9,13.0
bazelat tertiary la-chapelle-baloue 5.8,13.4
la-chapelle-baloue unclassified lafat 8.4,12.4
lafat secondary dun-le-palestel 11.7,9.2
lafat unclassified sagnat 10.4,9.0
sagnat tertiary dun-le-palestel 12.5,7.7
sagnat unclassified colondannes 10.3,6.4
colondannes secondary saint-leger-bridereix
colondannes secondary dun-le-palestel 12.0,6.2
colondannes unclassified naillat 10.6,4.1
naillat tertiary dun-le-palestel 12.9,4.9
naillat unclassified fleurat 13.8,1.7
naillat tertiary noth 10.2,1.2
noth tertiary fleurat 11.8,-0.4
noth tertiary lizieres 7.8,-1.8
lizieres tertiary saint-priest-la-feuille 5.8,-3.9
lizieres tertiary saint-priest-la-plaine 9.3,-3.8
lizieres secondary le-grand-bourg 8.6,-5.3 10.4,-7.2
saint-priest-la-plaine unclassified fleurat 12.7,-2.9
saint-priest-la-plaine unclassified le-grand-bourg 12.2,-7.1
le-grand-bourg tertiary chamborand 9.8,-9.7
chamborand tertiary fursac-saint-etienne 4.6,-9.6
chamborand unclassified saint-priest-la-feuille 5.9,-6.8
fursac-saint-pierre residential fursac
fursac residential fursac-saint-etienne
fursac-saint-etienne unclassified paulhac 2.5,-11.9
fursac-saint-pierre tertiary saint-maurice-la-souterraine -0.9,-7.4 -3.2,-5.0
saint-maurice-la-souterraine secondary la-croisiere -5.8,-3.7
"""
"""One a line: from, road class, to, and the points that it passes on its way."""

ENTRANCES = """
saint-maurice-la-souterraine souterraine-ouest entrée est
saint-maurice-la-souterraine la-croisiere entrée ouest
saint-agnant-de-versillat souterraine-nord entrée sud
saint-agnant-de-versillat saint-germain-beaupre entrée nord
saint-priest-la-feuille souterraine-rond-point-sud entrée ouest
saint-priest-la-feuille lizieres entrée est
azerables vareilles entrée sud
azerables bazelat entrée est
noth bridiers entrée ouest
naillat noth entrée sud-ouest
naillat dun-le-palestel entrée nord
le-grand-bourg lizieres entrée nord-ouest
le-grand-bourg chamborand entrée sud-ouest
dun-le-palestel colondannes entrée ouest
dun-le-palestel lafat entrée nord-ouest
dun-le-palestel naillat entrée sud
"""
"""Second stops of the larger villages: at the first node of the way to a neighbour."""


@dataclass
class Drawing:
    """What has been drawn so far; positions in kilometres from the origin."""

    at: dict[str, XY] = field(default_factory=dict)
    links: list[tuple[str, str, int, int, str]] = field(default_factory=list)
    first_node: dict[tuple[str, str], str] = field(default_factory=dict)


def slug(name: str) -> str:
    """Lower-case ASCII form of a place's name."""
    folded = name.lower()
    for accented, plain in zip("àâçéèêëîïôûù' ", "aaceeeeiiouu--", strict=True):
        folded = folded.replace(accented, plain)
    return folded


def draw(corridors: str, at: dict[str, XY], hearts: list[XY]) -> Drawing:
    """All corridors, both ways; ``hearts`` are the middles of the villages."""
    drawing = Drawing(at=dict(at))
    for number, line in enumerate(corridors.split("\n")):
        if not line:
            continue
        start, highway, end, *via = line.split()
        corners = [at[start], *(_xy(pair) for pair in via), at[end]]
        inner = _bent(corners, side=1 if number % 2 else -1)
        names = [start, *(f"{start}.{end}.{i + 1}" for i in range(len(inner))), end]
        drawing.at.update(zip(names[1:-1], inner, strict=True))
        drawing.first_node[start, end] = names[1]
        drawing.first_node[end, start] = names[-2]
        for a, b in pairwise(names):
            length_m = ceil(WINDING[highway] * 1000 * _km(drawing.at[a], drawing.at[b]))
            speed_kmh = _speed_kmh(highway, drawing.at[a], drawing.at[b], hearts)
            drawing.links.append((a, b, length_m, speed_kmh, highway))
            drawing.links.append((b, a, length_m, speed_kmh, highway))
    return drawing


def _xy(pair: str) -> XY:
    x, y = pair.split(",")
    return float(x), float(y)


def _km(a: XY, b: XY) -> float:
    return hypot(a[0] - b[0], a[1] - b[1])


def _bent(corners: list[XY], side: int) -> list[XY]:
    """Inner nodes along a line of corners, with one gentle bend between each two."""
    inner: list[XY] = []
    for a, b in pairwise(corners):
        pieces = max(1, round(_km(a, b) / PIECE_KM))
        bend_km = side * min(BEND_KM, 0.05 * _km(a, b)) / max(_km(a, b), 1e-9)
        side = -side
        for piece in range(1, pieces + 1):
            t = piece / pieces
            off = bend_km * sin(pi * t)
            x = a[0] + t * (b[0] - a[0]) - off * (b[1] - a[1])
            y = a[1] + t * (b[1] - a[1]) + off * (b[0] - a[0])
            inner.append((x, y))
    return inner[:-1]


def _speed_kmh(highway: str, a: XY, b: XY, hearts: list[XY]) -> int:
    middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    if any(_km(middle, heart) < BUILT_UP_KM for heart in hearts):
        return min(SPEED_KMH[highway], BUILT_UP_KMH)
    return SPEED_KMH[highway]


def main() -> None:
    """Write the three files beside this one."""
    with (FOLDER / "places.csv").open(encoding="utf-8", newline="") as file:
        places = list(csv.DictReader(file))
    origin = next(place for place in places if place["name"] == ORIGIN)
    km_north = radians(1) * EARTH_RADIUS_KM
    km_east = km_north * cos(radians(float(origin["lat"])))
    lon_0, lat_0 = float(origin["lon"]), float(origin["lat"])
    at = {
        slug(place["name"]): (
            (float(place["lon"]) - lon_0) * km_east,
            (float(place["lat"]) - lat_0) * km_north,
        )
        for place in places
    }
    hearts = list(at.values())
    at.update({node: xy for node, (xy, _) in TOWN.items()})
    drawing = draw(CORRIDORS, at, hearts)

    stops = {
        slug(place["name"]): PLACE_STOP.get(slug(place["name"]), f"{place['name']}, mairie")
        for place in places
    }
    stops.update({node: name for node, (_, name) in TOWN.items() if name})
    names = {slug(place["name"]): place["name"] for place in places}
    for line in ENTRANCES.strip().split("\n"):
        village, towards, which = line.split(maxsplit=2)
        stops[drawing.first_node[village, towards]] = f"{names[village]}, {which}"

    lonlat = {
        node: (f"{lon_0 + x / km_east:.6f}", f"{lat_0 + y / km_north:.6f}")
        for node, (x, y) in drawing.at.items()
    }
    _write("nodes.csv", "node lon lat", [(node, *lonlat[node]) for node in drawing.at])
    _write(
        "links.csv",
        "link from to length_m speed_kmh highway",
        [(f"l{number:04d}", *link) for number, link in enumerate(drawing.links, start=1)],
    )
    _write(
        "stops.csv",
        "stop_id name lon lat node",
        [(slug(name).replace(",", ""), name, *lonlat[node], node) for node, name in stops.items()],
    )


def _write(name: str, header: str, rows: list[tuple[object, ...]]) -> None:
    with (FOLDER / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split())
        writer.writerows(rows)


if __name__ == "__main__":
    main()
