"""Frozen values to and from protobuf messages, field by field.

A value and its protobuf message have the same field names, so one table per class, made once when
this package is imported, says how each field is carried over. A class whose fields do not match
its message fails there, not when the first such message comes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from google.protobuf.message import DecodeError
from google.protobuf.message import Message as Proto

from services.domain.errors import Unreadable
from services.domain.ids import RideId, ShuttleId, ZoneId
from services.wire.envelope import TEXT_MAX

Write = Callable[[Proto, Any], None]
"""Puts a value into a protobuf message."""
Read = Callable[[Proto], Any]
"""Takes a value out of a protobuf message; its errors name the place within the field."""

P = TypeVar("P", bound=Proto)

_IDS: tuple[object, ...] = (RideId, ShuttleId, ZoneId)


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
        self._plain: list[str] = []
        """Fields that are the same in both."""
        self._writes: list[tuple[str, Write]] = []
        self._reads: list[tuple[str, Read]] = []
        for name in fields:
            found = _field(name, hints[name], descriptor.fields_by_name[name])
            write, read = found or _plain(name)
            self._writes.append((name, write))
            if found is None:
                self._plain.append(name)
            else:
                self._reads.append((name, read))
        self._values = _getter(self._plain)
        self._make = None if self._reads else getattr(kind, "_make", None)

    def write(self, into: Proto, value: Any) -> None:
        """Fill ``into`` from ``value``."""
        for name, write in self._writes:
            write(into, getattr(value, name))

    def read(self, message: Proto, place: str = "") -> Any:
        """Return the value that ``message`` carries.

        Raises
        ------
        Unreadable
            If a part is missing or impossible; it names the part behind ``place``.
        """
        if self._make is not None:
            return self._make(self._values(message))
        values = dict(zip(self._plain, self._values(message)))  # noqa: B905 (hot; same length)
        name = ""
        try:
            for name, read in self._reads:
                values[name] = read(message)
        except Unreadable as error:
            raise Unreadable(f"{place}.{name}{error.place}", error.reason) from None
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


def _getter(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    if names:
        take = attrgetter(*names)
        return lambda value: (take(value),)
    return lambda _: ()


def _field(name: str, hint: Any, field: Any) -> tuple[Write, Read] | None:
    """How a field is carried over; none: as it is."""
    if get_origin(hint) in (UnionType, Union):
        (inner,) = (part for part in get_args(hint) if part is not NoneType)
        return _optional(name, *(_field(name, inner, field) or _plain(name)))
    if get_origin(hint) is tuple:
        item, ellipsis = get_args(hint)
        assert ellipsis is Ellipsis, f"{name}: only tuples of any length cross the wire"
        return _many(name, item, field)
    if field.message_type is not None:
        return _nested(name, Carrier(hint, field.message_type))
    if field.enum_type is not None:
        return _enum(name, hint, field.enum_type)
    return _id(name) if hint in _IDS else None


def _plain(name: str) -> tuple[Write, Read]:
    def write(into: Proto, value: Any) -> None:
        setattr(into, name, value)

    return write, attrgetter(name)


def _id(name: str) -> tuple[Write, Read]:
    write, take = _plain(name)
    return write, lambda message: _checked_id(take(message))


def _checked_id(text: str) -> str:
    if not 0 < len(text) <= TEXT_MAX:
        raise Unreadable("", f"an id has 1 to {TEXT_MAX} characters, not {len(text)}")
    return text


def _optional(name: str, write: Write, read: Read) -> tuple[Write, Read]:
    def write_if_any(into: Proto, value: Any) -> None:
        if value is not None:
            write(into, value)

    def read_if_any(message: Proto) -> Any:
        return read(message) if message.HasField(name) else None

    return write_if_any, read_if_any


def _nested(name: str, carrier: Carrier) -> tuple[Write, Read]:
    def write(into: Proto, value: Any) -> None:
        part = getattr(into, name)
        part.SetInParent()
        carrier.write(part, value)

    def read(message: Proto) -> Any:
        if not message.HasField(name):
            raise Unreadable("", "missing")
        return carrier.read(getattr(message, name))

    return write, read


def _many(name: str, item: Any, field: Any) -> tuple[Write, Read]:
    if field.message_type is None:

        def write_texts(into: Proto, value: Any) -> None:
            getattr(into, name).extend(value)

        if item is int:
            return write_texts, lambda message: tuple(getattr(message, name))
        assert item in _IDS, f"{name}: only tuples of numbers, ids and values cross the wire"
        return write_texts, lambda message: tuple(map(_checked_id, getattr(message, name)))

    carrier = Carrier(item, field.message_type)

    def write_values(into: Proto, value: Any) -> None:
        parts = getattr(into, name)
        for one in value:
            carrier.write(parts.add(), one)

    def read_values(message: Proto) -> tuple[Any, ...]:
        values: list[Any] = []
        try:
            for part in getattr(message, name):
                values.append(carrier.read(part))  # noqa: PERF401 (counts up to the one at fault)
        except Unreadable as error:
            raise Unreadable(f"[{len(values)}]{error.place}", error.reason) from None
        return tuple(values)

    return write_values, read_values


def _enum(name: str, kind: type[StrEnum], enum: Any) -> tuple[Write, Read]:
    prefix = snake(kind.__name__).upper()
    numbers = {member: enum.values_by_name[f"{prefix}_{member.name}"].number for member in kind}
    members = {number: member for member, number in numbers.items()}

    def write(into: Proto, value: Any) -> None:
        setattr(into, name, numbers[value])

    def read(message: Proto) -> Any:
        number = getattr(message, name)
        if number not in members:
            raise Unreadable("", f"no {prefix.lower()} has the number {number}")
        return members[number]

    return write, read
