"""Frozen values to and from protobuf messages, field by field.

A value and its protobuf message have the same field names, so one table per class, made once when
this package is imported, says how each field is carried over. A class whose fields do not match
its message fails there, not when the first such message comes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from google.protobuf.message import DecodeError
from google.protobuf.message import Message as Proto

from services.domain.errors import Unreadable
from services.domain.ids import RideId, ShuttleId
from services.wire.envelope import TEXT_MAX

Write = Callable[[Proto, Any], None]
"""Puts a value into a protobuf message."""
Read = Callable[[Proto, str], Any]
"""Takes a value out of a protobuf message; the text is the place to name in an error."""

P = TypeVar("P", bound=Proto)

_IDS: tuple[object, ...] = (RideId, ShuttleId)


def snake(name: str) -> str:
    """``RideOffered`` as ``ride_offered``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Carrier:
    """Carries values of one class to protobuf messages of one type and back.

    Parameters
    ----------
    kind
        A frozen dataclass or a ``NamedTuple``.
    descriptor
        The protobuf message with the same field names.
    """

    def __init__(self, kind: type, descriptor: Any) -> None:
        hints = get_type_hints(kind)
        fields = getattr(kind, "_fields", None) or tuple(getattr(kind, "__dataclass_fields__", ()))
        if set(fields) != set(descriptor.fields_by_name):
            raise TypeError(f"{kind.__name__} and {descriptor.full_name} have different fields")
        self._kind = kind
        self._writes: list[tuple[str, Write]] = []
        self._reads: list[tuple[str, Read]] = []
        for name in fields:
            write, read = _field(name, hints[name], descriptor.fields_by_name[name])
            self._writes.append((name, write))
            self._reads.append((name, read))

    def write(self, into: Proto, value: Any) -> None:
        """Fill ``into`` from ``value``."""
        for name, write in self._writes:
            write(into, getattr(value, name))

    def read(self, message: Proto, place: str) -> Any:
        """Return the value that ``message`` carries.

        Raises
        ------
        Unreadable
            If a part is missing or impossible.
        """
        values = {name: read(message, f"{place}.{name}") for name, read in self._reads}
        try:
            return self._kind(**values)
        except ValueError as error:
            raise Unreadable(place, str(error)) from None


class Form:
    """Values of one class as bytes, in the form of one protobuf message.

    Parameters
    ----------
    kind
        A frozen dataclass or a ``NamedTuple``.
    message
        The protobuf message with the same field names.
    """

    def __init__(self, kind: type, message: type[Proto]) -> None:
        self._carrier = Carrier(kind, message.DESCRIPTOR)
        self._message = message

    def encode(self, value: Any) -> bytes:
        """Turn a value into bytes; equal values give equal bytes."""
        message = self._message()
        self._carrier.write(message, value)
        return message.SerializeToString(deterministic=True)

    def decode(self, data: bytes, place: str) -> Any:
        """Return the value that these bytes keep.

        Raises
        ------
        Unreadable
            If they keep none.
        """
        return self._carrier.read(parsed(self._message(), data, place), place)


def parsed(message: P, data: bytes, place: str) -> P:
    """Fill an empty message from bytes, and return it.

    Raises
    ------
    Unreadable
        If they are no such message.
    """
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        raise Unreadable(place, f"malformed: {error}") from None
    return message


def _field(name: str, hint: Any, field: Any) -> tuple[Write, Read]:
    if get_origin(hint) in (UnionType, Union):
        (inner,) = (part for part in get_args(hint) if part is not NoneType)
        write, read = _field(name, inner, field)
        return _optional(name, write, read)
    if get_origin(hint) is tuple:
        item, ellipsis = get_args(hint)
        assert ellipsis is Ellipsis, f"{name}: only tuples of any length cross the wire"
        return _many(name, item, field)
    if field.message_type is not None:
        return _nested(name, Carrier(hint, field.message_type))
    if field.enum_type is not None:
        return _enum(name, hint, field.enum_type)
    if hint in _IDS:
        return _id(name)
    return _plain(name)


def _plain(name: str) -> tuple[Write, Read]:
    def write(into: Proto, value: Any) -> None:
        setattr(into, name, value)

    def read(message: Proto, _place: str) -> Any:
        return getattr(message, name)

    return write, read


def _id(name: str) -> tuple[Write, Read]:
    write, _ = _plain(name)

    def read(message: Proto, place: str) -> str:
        return _checked_id(getattr(message, name), place)

    return write, read


def _checked_id(text: str, place: str) -> str:
    if not 0 < len(text) <= TEXT_MAX:
        raise Unreadable(place, f"an id has 1 to {TEXT_MAX} characters, not {len(text)}")
    return text


def _optional(name: str, write: Write, read: Read) -> tuple[Write, Read]:
    def write_if_any(into: Proto, value: Any) -> None:
        if value is not None:
            write(into, value)

    def read_if_any(message: Proto, place: str) -> Any:
        return read(message, place) if message.HasField(name) else None

    return write_if_any, read_if_any


def _nested(name: str, carrier: Carrier) -> tuple[Write, Read]:
    def write(into: Proto, value: Any) -> None:
        part = getattr(into, name)
        part.SetInParent()
        carrier.write(part, value)

    def read(message: Proto, place: str) -> Any:
        if not message.HasField(name):
            raise Unreadable(place, "missing")
        return carrier.read(getattr(message, name), place)

    return write, read


def _many(name: str, item: Any, field: Any) -> tuple[Write, Read]:
    if field.message_type is None:

        def write_texts(into: Proto, value: Any) -> None:
            getattr(into, name).extend(value)

        def read_ids(message: Proto, place: str) -> tuple[str, ...]:
            return tuple(_checked_id(text, place) for text in getattr(message, name))

        if item is int:
            return write_texts, lambda message, _: tuple(getattr(message, name))
        assert item in _IDS, f"{name}: only tuples of numbers, ids and values cross the wire"
        return write_texts, read_ids

    carrier = Carrier(item, field.message_type)

    def write_values(into: Proto, value: Any) -> None:
        parts = getattr(into, name)
        for one in value:
            carrier.write(parts.add(), one)

    def read_values(message: Proto, place: str) -> tuple[Any, ...]:
        parts = getattr(message, name)
        return tuple(carrier.read(part, f"{place}[{i}]") for i, part in enumerate(parts))

    return write_values, read_values


def _enum(name: str, kind: type[StrEnum], enum: Any) -> tuple[Write, Read]:
    prefix = snake(kind.__name__).upper()
    numbers = {member: enum.values_by_name[f"{prefix}_{member.name}"].number for member in kind}
    members = {number: member for member, number in numbers.items()}

    def write(into: Proto, value: Any) -> None:
        setattr(into, name, numbers[value])

    def read(message: Proto, place: str) -> Any:
        number = getattr(message, name)
        if number not in members:
            raise Unreadable(place, f"no {prefix.lower()} has the number {number}")
        return members[number]

    return write, read
