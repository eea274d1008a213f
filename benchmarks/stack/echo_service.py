"""The least that a service of this shape can do: HTTP, Kafka, one row, Kafka, HTTP.

Two processes, as Navette's gateway and dispatcher are: ``front`` puts the body of a request on a
topic and waits for its echo on another; ``back`` reads, writes each message down in a transaction
of its own, and sends it back. No schema, no checks, no retries: what remains is the price of the
parts that both use.
"""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import asyncpg
import uvicorn
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

KAFKA, DATABASE, PORT = "ECHO_KAFKA", "ECHO_DATABASE", "ECHO_PORT"
ASKED, ANSWERED = "echo-asked", "echo-answered"
TABLE = "CREATE TABLE IF NOT EXISTS echo (id uuid PRIMARY KEY, body bytea NOT NULL)"
INSERT = "INSERT INTO echo (id, body) VALUES ($1, $2)"
CONNECTIONS = 10
WITHIN_S = 10.0

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def producer() -> AIOKafkaProducer:
    """Make a producer that is as careful as ours."""
    return AIOKafkaProducer(bootstrap_servers=os.environ[KAFKA], acks="all", linger_ms=0)


def consumer() -> AIOKafkaConsumer:
    """Make a consumer that reads what comes from now on."""
    return AIOKafkaConsumer(
        bootstrap_servers=os.environ[KAFKA],
        enable_auto_commit=False,
        auto_offset_reset="latest",
        fetch_max_wait_ms=100,
    )


class Front:
    """Takes requests, and answers each with its echo."""

    def __init__(self) -> None:
        self._waiting: dict[bytes, asyncio.Future[bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if scope["type"] != "http":
            return
        if scope["method"] == "GET":
            await _answer(send, 200, b"{}")
            return
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        key = uuid.uuid4().bytes
        echo = asyncio.get_running_loop().create_future()
        self._waiting[key] = echo
        try:
            async with asyncio.timeout(WITHIN_S):
                await self._producer.send_and_wait(ASKED, body, key=key, partition=0)
                await echo
            answer = b'{"id":"%s","status":"offered"}' % str(uuid.UUID(bytes=key)).encode()
            await _answer(send, 201, answer)
        except TimeoutError:
            await _answer(send, 503, b"{}")
        finally:
            del self._waiting[key]

    async def listen(self) -> None:
        """Hand echoes to those who wait for them."""
        while True:
            for records in (await self._consumer.getmany(timeout_ms=1000)).values():
                for record in records:
                    echo = self._waiting.get(record.key)
                    if echo is not None and not echo.done():
                        echo.set_result(record.value)

    async def run(self, port: int) -> None:
        """Serve until told to end."""
        async with producer() as self._producer, consumer() as self._consumer:
            self._consumer.assign([TopicPartition(ANSWERED, 0)])
            await self._consumer.seek_to_end()
            listening = asyncio.create_task(self.listen())
            config = uvicorn.Config(
                self, port=port, log_level="warning", access_log=False, lifespan="off"
            )
            await uvicorn.Server(config).serve()
            listening.cancel()


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def back() -> None:
    """Write down and send back whatever comes."""
    pool = await asyncpg.create_pool(
        os.environ[DATABASE], min_size=CONNECTIONS, max_size=CONNECTIONS
    )
    await pool.execute(TABLE)
    async with producer() as sender, consumer() as reader, asyncio.TaskGroup() as tasks:

        async def echo(record: ConsumerRecord) -> None:
            await pool.execute(INSERT, uuid.UUID(bytes=record.key), record.value)
            await sender.send_and_wait(ANSWERED, record.value, key=record.key, partition=0)

        reader.assign([TopicPartition(ASKED, 0)])
        await reader.seek_to_end()
        while True:
            for records in (await reader.getmany(timeout_ms=1000)).values():
                for record in records:
                    tasks.create_task(echo(record))


if __name__ == "__main__":
    if sys.argv[1] == "front":
        asyncio.run(Front().run(int(os.environ[PORT])))
    else:
        asyncio.run(back())
