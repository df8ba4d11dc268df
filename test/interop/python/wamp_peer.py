"""Speaks for sessions of Debian's autobahn that are told what to do: reads commands, one JSON object a line, and answers likewise.

A command has a number, which its answer has as well, the number of a peer, and the name of a method of `Peer`. Octets are
spelled out in them.
"""

import asyncio
import json
import sys
import traceback

from wamp_client import Client, Name, connect

OCTETS = "octets "


def spelled(value):
    """The same, with octets spelled out."""
    # Its CBOR does not know the tag that JavaScript's typed arrays have.
    if getattr(value, "tag", None) == 64:
        return spelled(value.value)
    if isinstance(value, bytes):
        return OCTETS + value.hex()
    if isinstance(value, (list, tuple)):
        return [spelled(item) for item in value]
    if isinstance(value, dict):
        return {key: spelled(item) for key, item in value.items()}
    return value


def read(value):
    """The opposite."""
    if isinstance(value, str) and value.startswith(OCTETS):
        return bytes.fromhex(value[len(OCTETS) :])
    if isinstance(value, list):
        return [read(item) for item in value]
    if isinstance(value, dict):
        return {key: read(item) for key, item in value.items()}
    return value


class Peer:
    """One session."""

    def __init__(self, client):
        self.client = client
        # topic to subscription, procedure to what it was asked
        self.subscriptions = {}
        self.asked = {}

    async def send(self, topic, cargo):
        await self.client.publish(topic, cargo["args"], cargo["kwargs"])

    async def hear(self, topic):
        self.subscriptions[topic] = await self.client.subscribe(topic)

    async def heard(self, topic):
        event = await self.subscriptions[topic].take()
        return {"args": event.args, "kwargs": event.kwargs}

    async def serve(self, procedure, answer):
        asked = self.asked[procedure] = asyncio.Queue()

        async def endpoint(invocation):
            asked.put_nowait({"args": invocation.args, "kwargs": invocation.kwargs})
            return answer["args"], answer["kwargs"]

        await self.client.register(procedure, endpoint)

    async def was_asked(self, procedure):
        return await asyncio.wait_for(self.asked[procedure].get(), 5)

    async def ask(self, procedure, cargo):
        return await self.client.ask(procedure, *cargo["args"], **cargo["kwargs"])

    async def leave(self):
        await self.client.leave()


async def obey(peers, command):
    try:
        if command["method"] == "join":
            client = Client(await connect(*command["args"], Name("alice")))
            peers[command["peer"]] = Peer(client)
            result = None
        else:
            method = getattr(peers[command["peer"]], command["method"])
            result = await method(*read(command["args"]))
        answer = {"result": spelled(result)}
    except Exception:
        answer = {"error": traceback.format_exc()}
    print(json.dumps({"number": command["number"], **answer}), flush=True)


async def main():
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    peers, running = {}, set()
    while line := await reader.readline():
        task = asyncio.create_task(obey(peers, json.loads(line)))
        running.add(task)
        task.add_done_callback(running.discard)


asyncio.run(main())
