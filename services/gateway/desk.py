"""Takes what riders want to the dispatcher and waits for its answer.

The dispatcher is never called: a command goes onto one topic, and events come back on another.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from http import HTTPStatus
from math import ceil
from uuid import uuid4

from services.domain.contact import Contact
from services.domain.errors import Unavailable
from services.domain.events import AcceptOffer, CancelRide, Command, CommandTurnedDown, RequestRide
from services.domain.ids import RideId, ShuttleId, ZoneId
from services.domain.ride import TERMINAL, Request, Status
from services.domain.zone_crossing import LendShuttle
from services.gateway.areas import Area, Areas
from services.gateway.contacts import Contacts
from services.gateway.problems import Problem, conflict
from services.gateway.seen import Seen
from services.gateway.view import RideView
from services.runtime.ports import Log, Store
from services.runtime.sending import send


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskLimits:
    """How long callers wait, and how many at a time."""

    answer_s: float = 5.0
    useful_s: float = 30.0
    in_flight_max: int = 200


class Desk:
    """Where riders ask, accept and cancel.

    Parameters
    ----------
    log, view
        Where commands go and events come from.
    store
        What is known of rides whose events this gateway has not seen.
    areas
        The territories that are served.
    contacts
        Who asked for a ride.
    """

    def __init__(
        self,
        log: Log,
        view: RideView,
        store: Store,
        areas: Areas,
        contacts: Contacts,
        limits: DeskLimits,
    ) -> None:
        self._log = log
        self._view = view
        self._store = store
        self._areas = areas
        self._contacts = contacts
        self._limits = limits
        self._in_flight = 0

    @property
    def in_flight(self) -> int:
        """Callers that wait at the moment."""
        return self._in_flight

    async def ask(
        self,
        area: Area,
        request: Request,
        fingerprint: bytes,
        traceparent: str,
        contact: Contact | None = None,
    ) -> Seen:
        """Ask for a ride, once however often and wherever this is called, and wait for the answer.

        Parameters
        ----------
        area
            The territory that it is asked of.
        fingerprint
            Tells the caller's body apart.
        contact
            Who travels.

        Returns
        -------
        Seen
            The ride; its status is still ``requested`` if no answer came in time, or none will.

        Raises
        ------
        Problem
            If the same ride was asked for with another body, or the request was turned down.
        Unavailable
            If nobody can take it now.
        """
        ride_id = request.ride_id
        with self._place():
            if not self._was_asked(ride_id, fingerprint):
                self._view.register(ride_id, area.zone, fingerprint)
                try:
                    await self._ask_once(area, request, contact, traceparent)
                except BaseException:
                    # Whatever kept it from being sent, and if the caller hung up: who calls again
                    # must not be told that it is under way.
                    self._view.unregister(ride_id)
                    raise
            seen = await self._wait(ride_id, -1, "request", self._is_answered)
        if seen.status is Status.REQUESTED and (
            reason := self._turned_down(ride_id, -1, "request")
        ):
            raise conflict(f"the request was turned down: {reason}")
        return seen

    async def _ask_once(
        self, area: Area, request: Request, contact: Contact | None, traceparent: str
    ) -> None:
        ride_id = request.ride_id
        how = _digest(area, request)
        first, stored = await self._store.ask(ride_id, how)
        if first != how:
            raise _other_body()
        if stored is None:
            # Before the command: no ride goes out of which nobody knows whose it is.
            if contact is not None and not await self._contacts.keep(
                area.territory, ride_id, contact
            ):
                raise _other_body()
            useful_s = ceil(self._limits.useful_s * area.clock.speed)
            command = RequestRide(request, area.clock.now_s() + useful_s)
            await self._send(area, command, f"{ride_id}/request", traceparent)
        else:
            if _told(stored.ride.request) != _told(request):
                raise _other_body()
            if contact != await self._contacts.of(ride_id):
                raise _other_body()
            self._view.adopt(stored)

    async def look(self, ride_id: RideId) -> Seen:
        """Return a ride as far as anybody knows.

        Raises
        ------
        Problem
            If the ride is unknown.
        Unavailable
            If it is unknown here and the store does not answer.
        """
        seen = self._view.get(ride_id)
        if seen is not None and not self._view.is_partial(ride_id):
            return seen
        stored = await self._store.ride(ride_id)
        if stored is not None and stored.zone in self._areas:
            return self._view.adopt(stored)
        if seen is None:
            raise unknown_ride()
        return seen

    async def accept(self, ride_id: RideId, traceparent: str) -> Seen:
        """Accept the offer and wait a while for the confirmation.

        Raises
        ------
        Problem
            If the ride is unknown, or not (any more) to be accepted.
        Unavailable
            If nobody can take it now.
        """
        seen = await self.look(ride_id)
        taken = {Status.CONFIRMED, Status.ABOARD, Status.COMPLETED}
        if seen.status in taken:
            return seen
        # An offer that lapsed may still be confirmed: the dispatcher says whether it is too late.
        waiting = {Status.REQUESTED, Status.OFFERED, Status.EXPIRED}
        return await self._order(AcceptOffer(ride_id), "accept", waiting, taken, traceparent)

    async def cancel(self, ride_id: RideId, traceparent: str) -> Seen:
        """Cancel a ride, or turn its offer down, and wait a while until that is done.

        Raises
        ------
        Problem
            If the ride is unknown, or cannot be cancelled any more.
        Unavailable
            If nobody can take it now.
        """
        seen = await self.look(ride_id)
        if seen.status is Status.CANCELLED:
            return seen
        waiting = set(Status) - TERMINAL
        wanted = {Status.CANCELLED}
        return await self._order(CancelRide(ride_id), "cancel", waiting, wanted, traceparent)

    async def _order(
        self,
        command: AcceptOffer | CancelRide,
        verb: str,
        waiting: set[Status],
        wanted: set[Status],
        traceparent: str,
    ) -> Seen:
        ride_id = command.ride_id
        seen = await self.look(ride_id)
        if seen.status in waiting:
            # Never shed: what a rider decides about a ride must get through.
            history = self._view.history(ride_id)
            since = history[-1].offset if history else -1
            await self._send(self._areas[seen.zone], command, str(uuid4()), traceparent)
            seen = await self._wait(ride_id, since, verb, lambda s: s.status not in waiting)
            if seen.status in waiting and (reason := self._turned_down(ride_id, since, verb)):
                raise conflict(f"the ride is {seen.status.value}: {reason}")
        if seen.status not in wanted | waiting:
            raise conflict(f"the ride is {seen.status.value}; it is too late to {verb}")
        return seen

    async def lend(self, area: Area, shuttle: ShuttleId, to: ZoneId, within_s: int) -> None:
        """Tell the zone from which a shuttle comes that it is to be lent; it knows whose it is now.

        Raises
        ------
        Unavailable
            If nobody can take it now.
        """
        home = self._areas[area.shuttles[shuttle]]
        until_s = area.clock.now_s() + ceil(within_s * area.clock.speed)
        await self._send(home, LendShuttle(shuttle, to, until_s), str(uuid4()), "")

    def answer_due_s(self, seen: Seen) -> int:
        """In how many seconds a ride that has no answer yet may have one."""
        return max((seen.answer_by_s or 0) - self._areas[seen.zone].clock.now_s(), 1)

    def _is_answered(self, seen: Seen) -> bool:
        """Whether there is an answer, or it is known that none will come while a caller waits."""
        if seen.status is Status.REQUESTED and seen.answer_by_s is not None:
            return self.answer_due_s(seen) > self._limits.answer_s
        return seen.status is not Status.REQUESTED

    def _was_asked(self, ride_id: RideId, fingerprint: bytes) -> bool:
        known = self._view.fingerprint(ride_id)
        if known is not None and known != fingerprint:
            raise _other_body()
        return known is not None

    async def _send(
        self, area: Area, command: Command | LendShuttle, message_id: str, traceparent: str
    ) -> None:
        try:
            async with asyncio.timeout(self._limits.answer_s):
                await send(self._log, area.clock, area.zone, command, message_id, traceparent)
        except TimeoutError:
            raise Unavailable("the message log does not answer") from None

    async def _wait(
        self, ride_id: RideId, since: int, verb: str, done: Callable[[Seen], bool]
    ) -> Seen:
        def is_answered(seen: Seen) -> bool:
            return done(seen) or self._turned_down(ride_id, since, verb) is not None

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.answer_s):
                return await self._view.changed(ride_id, is_answered)
        # Perhaps the answer is there and only its event is late.
        if (stored := await self._store.ride(ride_id)) is not None:
            self._view.adopt(stored)
        return await self.look(ride_id)

    def _turned_down(self, ride_id: RideId, since: int, verb: str) -> str | None:
        for one in self._view.history(ride_id, since):
            match one.event:
                case CommandTurnedDown(command=command, reason=reason) if verb in command.lower():
                    return reason
        return None

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        if self._in_flight >= self._limits.in_flight_max:
            raise Unavailable("too many callers wait for an answer; try again in a moment")
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1


def _told(request: Request) -> tuple[object, ...]:
    """What tells bodies apart that the dispatcher hears; a departure may be the time of asking."""
    return request.party, request.origins, request.destinations, request.arrive_by_s


def _digest(area: Area, request: Request) -> bytes:
    return blake2b(repr((area.zone, *_told(request))).encode(), digest_size=16).digest()


def _other_body() -> Problem:
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "idempotency-key-reused",
        "this Idempotency-Key came before with another body; a new ride needs a new key",
    )


def unknown_ride() -> Problem:
    """Say that there is no such ride."""
    return Problem(HTTPStatus.NOT_FOUND, "unknown-ride", "there is no ride with this id")
