"""Things that must never be seen again once they were sent, in all the forms that they may take."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

NAME = 'Zénobie "Zzyx" Quäckenbüsch'
PHONE = "+33 6 98 76 54 32"
DIGITS = "33698765432"
NOTE = "Xylophone & clé sous le pot/à gauche"
CONTACT = {"name": NAME, "phone": PHONE, "note": NOTE}
OTHER_NOTE = "Wombat <derrière> la grange"

_TEXTS = (
    *(NAME, "Quäckenbüsch", NOTE, "Xylophone", OTHER_NOTE, "Wombat"),
    *(PHONE, f"+{DIGITS}", DIGITS, "98 76 54 32"),
)


def near(place: Mapping[str, float], number: int) -> dict[str, float]:
    """A place a few metres from a place, with digits that no other number has."""
    lon = float(f"{place['lon']:.4f}73195{number}")
    lat = float(f"{place['lat']:.4f}62847{number}")
    return {"lon": lon, "lat": lat}


def forms(places: Iterable[Mapping[str, float]] = ()) -> Mapping[bytes, str]:
    """Everything to look for, and what it is."""
    found: dict[bytes, str] = {}
    for text in _TEXTS:
        for form in _of_text(text):
            found[form] = text
    for place in places:
        for name, degrees in place.items():
            text = repr(degrees)
            for form in (*_of_text(text), text[:-1].encode(), *_packed(degrees)):
                found[form] = f"{name} {text}"
    return found


def seen(data: bytes, wanted: Mapping[bytes, str]) -> list[str]:
    """What of it is in some bytes."""
    lower = data.lower()
    return sorted({what for form, what in wanted.items() if form in data or form in lower})


def _of_text(text: str) -> Iterator[bytes]:
    plain = text.encode()
    yield plain
    yield text.encode("latin-1")
    yield text.encode("utf-16-le")
    yield json.dumps(text)[1:-1].encode()
    yield json.dumps(text, ensure_ascii=False)[1:-1].encode()
    yield repr(text)[1:-1].encode()
    yield quote(text, safe="").encode()
    yield quote_plus(text).encode()
    yield quote(text, safe="").lower().encode()
    yield plain.hex().encode()
    # Wherever a text begins within what is encoded, some of its base64 is always the same.
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + plain)
        inner = whole[4 if before else 0 : len(whole) // 4 * 4 - 4]
        if len(inner) >= 8:
            yield inner
            yield inner.replace(b"+", b"-").replace(b"/", b"_")


def _packed(degrees: float) -> Iterator[bytes]:
    for form in ("<d", ">d"):
        yield struct.pack(form, degrees)
    micro: Any = round(degrees * 1e7)
    yield struct.pack("<i", micro)
