"""Who a rider is and how they are reached: personal data, which only the gateway ever holds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_DIGITS = re.compile(r"[1-9]\d{6,14}", re.ASCII)
_WRITTEN = re.compile(r"\+?[\d ./()\-\u00a0\u202f]+", re.ASCII)
_OPTIONAL_ZERO = re.compile(r"\(\s*0\s*\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """What an agent has to know to call a rider; its parts are in no ``repr``.

    Parameters
    ----------
    name
        As the rider gave it.
    phone
        ``+`` and digits (E.164), or empty.
    note
        What the driverless shuttle's staff has to know, for this ride.
    """

    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    note: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        assert not self.phone or (self.phone[0] == "+" and _DIGITS.fullmatch(self.phone[1:]))


def e164(text: str, calling_code: int | None = None) -> str:
    """Bring a phone number into its one international form, ``+`` and digits.

    ``0612345678``, ``06.12.34.56.78``, ``+33 (0)6 12 34 56 78`` and ``0033612345678`` are one
    number; so that a person is found again however they wrote it.

    Parameters
    ----------
    text
        As people write it.
    calling_code
        The country of numbers that begin with a single 0 (33: France); absent: there are none.

    Raises
    ------
    ValueError
        If it is none; the number is not quoted.
    """
    text = text.strip()
    if not _WRITTEN.fullmatch(text):
        raise ValueError("not a phone number: digits, and perhaps a + before them")
    digits = re.sub(r"\D", "", _OPTIONAL_ZERO.sub("", text) if text[0] in "+0" else text)
    if text[0] != "+":
        if digits.startswith("00"):
            digits = digits[2:]
        elif digits.startswith("0") and calling_code is not None:
            digits = f"{calling_code}{digits[1:]}"
        else:
            raise ValueError("not an international phone number: it begins with + and the country")
    if not _DIGITS.fullmatch(digits):
        raise ValueError("not a phone number: 7 to 15 digits after the +")
    return f"+{digits}"
