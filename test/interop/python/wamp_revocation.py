"""Has rights taken away from Debian's autobahn, and prints what became of it: one JSON object.

Arguments: URL, serializer. The procedure `com.example.revoke` takes away what is held under `com.example.taken`.
"""

import asyncio
import json
import sys

from wamp_client import Client, Name, connect, outcome_of, refusable


async def answer(asked):
    return ["bob"], {}


async def main(url, serializer):
    alice = Client(await connect(url, serializer, Name("alice")))
    bob = Client(await connect(url, serializer, Name("bob")))
    taken = await bob.subscribe("com.example.taken")
    kept = await bob.subscribe("com.example.kept")
    registration = await bob.register("com.example.taken", answer)
    before = await alice.ask("com.example.taken")
    await alice.ask("com.example.revoke")
    await alice.publish("com.example.taken", ["late"])
    await alice.publish("com.example.kept", ["now"])
    saw = {
        "before": before["args"],
        "kept": (await kept.take()).args,
        "taken": taken.events.qsize(),
        "called": (await alice.ask("com.example.taken"))["error"],
        "unsubscribed": await outcome_of(refusable(taken.end())),
        "unregistered": await outcome_of(refusable(registration.unregister())),
    }
    again = await bob.subscribe("com.example.taken")
    await bob.register("com.example.taken", answer)
    await alice.publish("com.example.taken", ["again"])
    saw["again"] = [(await again.take()).args, (await alice.ask("com.example.taken"))["args"]]
    await asyncio.gather(alice.leave(), bob.leave())
    print(json.dumps(saw))


asyncio.run(main(*sys.argv[1:]))
