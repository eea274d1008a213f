"""A zone of a simulated day, what it has to hear, and what is planned beside it."""

from __future__ import annotations

from services.dispatcher.batching import Batching
from services.dispatcher.core import Zone
from services.dispatcher.service import Dispatcher
from services.dispatcher.waiting import Waiting
from services.domain.events import Event, Message, Passed
from services.domain.ids import ShuttleId, ZoneId
from services.domain.shuttle import Shuttle
from services.network.folder import Network
from services.runtime.memory import MemoryLog
from services.wire.topics import Topic


class ZonePart:
    """A zone and its topics.

    Parameters
    ----------
    zone_id
        Its id.
    network
        The territory, as it sees it.
    shuttles
        The territory's fleet.
    """

    def __init__(self, zone_id: ZoneId, network: Network, shuttles: tuple[Shuttle, ...]) -> None:
        self.id = zone_id
        self.network = network
        self.zone = Zone(network, shuttles)
        self.dispatcher = Dispatcher(self.zone)
        self.waiting = Waiting(network, shuttles)
        self.batching = Batching(self.zone)
        self._log: MemoryLog[Message | Event] = MemoryLog()
        self.commands = self._log.reader(Topic.RIDE_COMMANDS)
        self.reports = self._log.reader(Topic.SHUTTLE_REPORTS)
        self.events = self._log.reader(Topic.RIDE_EVENTS)
        self.plans = self._log.reader(Topic.SHUTTLE_PLANS)
        self.positions: dict[ShuttleId, Passed] = {}
        """Newest ones, which wait for the next step."""
        self.woken_s = -1
        self.batch_s = -1

    def put(self, topic: Topic, message: Message | Event) -> None:
        """Put a message onto one of its topics."""
        self._log.append(topic, self.id, message)
