"""A rider: asks, thinks, accepts, watches, perhaps cancels."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import gevent

from loadtests.ledger import LOST, Ledger

ASKED_AGAIN_MAX = 6
LOOKS_MAX = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What riders do, as shares of them and in seconds of the run.

    Parameters
    ----------
    turn_down, ignore
        Shares of those who get an offer.
    cancel
        Share of those who have accepted.
    stream
        Share of those who watch by a stream; the others look again and again.
    think_s, look_every_s
        On average.
    """

    turn_down: float = 0.05
    ignore: float = 0.03
    cancel: float = 0.08
    stream: float = 0.3
    think_s: float = 1.0
    look_every_s: float = 2.0


class Rider:
    """One ride, from asking to its end.

    Parameters
    ----------
    client
        Sends requests and keeps figures (Locust's).
    events
        Where the time to the answer is told (Locust's).
    """

    def __init__(
        self, client: Any, events: Any, ledger: Ledger, habits: Habits, dice: Random
    ) -> None:
        self._client = client
        self._events = events
        self._ledger = ledger
        self._habits = habits
        self._dice = dice

    def ask(self, body: dict[str, Any]) -> str | None:
        """Ask until there is an answer; return the ride's id if there is an offer."""
        began_s = time.monotonic()
        ride = self._post(body)
        looks = 0
        while ride is not None and ride["status"] == "requested" and looks < LOOKS_MAX:
            gevent.sleep(0.25)
            ride = self.look(ride["id"])
            looks += 1
        answered = ride is not None and ride["status"] != "requested"
        self._events.request.fire(
            request_type="RIDE",
            name="answer",
            response_time=(time.monotonic() - began_s) * 1000,
            response_length=0,
            exception=None if answered else TimeoutError("no answer"),
            context={},
        )
        return ride["id"] if ride is not None and ride["status"] == "offered" else None

    def go_on(self, ride_id: str) -> None:
        """Think about the offer, and do what riders do then."""
        habits, dice = self._habits, self._dice
        gevent.sleep(dice.expovariate(1 / habits.think_s))
        chance = dice.random()
        if chance < habits.turn_down:
            self.cancel(ride_id)
        elif chance >= habits.turn_down + habits.ignore:
            self._accept(ride_id)
        cancel_at_s = None
        if dice.random() < habits.cancel:
            cancel_at_s = time.monotonic() + dice.expovariate(0.2 / habits.look_every_s)
        watch = self._listen if dice.random() < habits.stream else self._look_often
        for _ in watch(ride_id):
            if cancel_at_s is not None and time.monotonic() > cancel_at_s:
                self.cancel(ride_id)
                cancel_at_s = None

    def look(self, ride_id: str) -> dict[str, Any] | None:
        """Look at a ride once."""
        with self._client.get(
            f"/v1/rides/{ride_id}", name="GET ride", catch_response=True
        ) as answer:
            if answer.status_code == 404:
                self._ledger.see(ride_id, LOST)
            return self._seen(answer, (200,))

    def cancel(self, ride_id: str) -> None:
        """Cancel a ride, or turn its offer down."""
        with self._client.delete(
            f"/v1/rides/{ride_id}", name="DELETE ride", catch_response=True
        ) as answer:
            self._seen(answer, (200, 202, 409))

    def _post(self, body: dict[str, Any]) -> dict[str, Any] | None:
        # Not from the dice: a second run with the same seed must not meet the rides of the first.
        key = {"Idempotency-Key": str(uuid.uuid4())}
        for _ in range(ASKED_AGAIN_MAX):
            with self._client.post(
                "/v1/rides", json=body, headers=key, name="POST ride", catch_response=True
            ) as answer:
                ride = self._seen(answer, (201, 202))
                if ride is not None or answer.status_code not in (0, 429, 503):
                    return ride
                after_s = float(answer.headers.get("Retry-After", 1)) if answer.headers else 1.0
            # Not all at the same time again.
            gevent.sleep(after_s * self._dice.uniform(0.5, 1.5))
        return None

    def _accept(self, ride_id: str) -> None:
        with self._client.post(
            f"/v1/rides/{ride_id}/accept", name="POST accept", catch_response=True
        ) as answer:
            # 409: who thinks for long comes too late.
            self._seen(answer, (200, 202, 409))

    def _look_often(self, ride_id: str) -> Iterator[None]:
        while True:
            gevent.sleep(self._habits.look_every_s * self._dice.uniform(0.5, 1.5))
            ride = self.look(ride_id)
            if ride is not None and self._ledger.see(ride_id, ride["status"]):
                return
            yield

    def _listen(self, ride_id: str) -> Iterator[None]:
        """Follow a stream; whenever it breaks, look and begin again."""
        while True:
            with self._client.get(
                f"/v1/rides/{ride_id}/events",
                name="GET events",
                stream=True,
                catch_response=True,
            ) as answer:
                if answer.status_code == 200:
                    for line in answer.stream or ():
                        if line.startswith(b"data:"):
                            event = json.loads(line[5:])
                            self._ledger.see(ride_id, event["ride"]["status"])
                        yield
                    answer.success()
            ride = self.look(ride_id)
            if ride is not None and self._ledger.see(ride_id, ride["status"]):
                return
            gevent.sleep(self._habits.look_every_s)
            yield

    def _seen(self, answer: Any, fine: tuple[int, ...]) -> dict[str, Any] | None:
        """Take down what an answer says of a ride."""
        if answer.status_code not in fine:
            answer.failure(f"status {answer.status_code}: {_detail(answer)}")
            return None
        answer.success()
        if answer.status_code == 409:
            return None
        ride: dict[str, Any] = answer.json()
        self._ledger.see(ride["id"], ride["status"])
        return ride


def _detail(answer: Any) -> str:
    """Return what a service says is wrong."""
    try:
        problem: dict[str, Any] = answer.json()
        return str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        return str(answer.error or "no reason given")
