"""Drawings as SVG elements; every text and attribute is escaped on its way in."""

from __future__ import annotations

from unicodedata import category

from markupsafe import Markup, escape


def tag(name: str, *children: str | Markup, **attributes: object) -> Markup:
    """Make an element.

    Parameters
    ----------
    name
        For example ``rect``.
    children
        Elements, or text that is escaped.
    attributes
        Underscores become hyphens, a trailing one is dropped (``class_``); None is left out.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(escape(printable(child)) for child in children)
    # Safe: the names are literals of this package, and all else was escaped above.
    if not inner:
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{inner}</{name}>")


def group(children: list[Markup], **attributes: object) -> Markup:
    """Make a group of elements; nothing at all if there are none."""
    return tag("g", *children, **attributes) if children else Markup("")


def number(value: float) -> str:
    """Write a coordinate with at most one decimal."""
    text = f"{value:.1f}"
    text = text.removesuffix(".0")
    return "0" if text == "-0" else text


def printable(text: str) -> str:
    """Drop control characters, which no document may hold; names come from files of others."""
    if isinstance(text, Markup) or text.isprintable():
        return text
    return "".join(" " if category(letter).startswith("C") else letter for letter in text)


def _text(value: object) -> str:
    return number(value) if isinstance(value, float) else printable(str(value))
