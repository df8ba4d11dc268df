"""Has two sessions of Debian's autobahn talk in packets that nobody between them can read, and prints what they understood.

Arguments: URL, the serializers of both.
"""

import asyncio
import json
import sys

import wamp_client
from autobahn.wamp.cryptobox import Key, KeyRing
from wamp_client import Client, Name, Refusal


async def answer(asked):
    return [asked.args, asked.details.enc_algo], asked.kwargs


async def fail(asked):
    raise Refusal("com.example.error", ["no", asked.args], {"why": 1})


async def count(asked):
    for number in range(1, 3):
        asked.details.progress(number)
    return ["done"], {}


async def main(url, *serializers):
    generated = KeyRing()
    (one_private, one_public), (two_private, two_public) = generated.generate_key(), generated.generate_key()
    rings = (
        KeyRing(Key(originator_priv=one_private, responder_pub=two_public)),
        KeyRing(Key(originator_pub=one_public, responder_priv=two_private)),
    )
    clients = []
    for name, serializer, ring in zip(("alice", "bob"), serializers, rings):
        session = await wamp_client.connect(url, serializer, Name(name))
        session.set_payload_codec(ring)
        clients.append(Client(session))
    alice, bob = clients
    heard = await bob.subscribe("com.example.secret")
    await bob.register("com.example.answer", answer)
    await bob.register("com.example.fail", fail)
    await bob.register("com.example.count", count)
    await alice.publish("com.example.secret", ["ssh", {"deep": [1, "żółw"]}], {"key": "value"})
    event = await heard.take()
    counted = alice.call("com.example.count", receive_progress=True)
    saw = {
        "event": [event.args, event.kwargs, event.details.enc_algo],
        "result": await alice.ask("com.example.answer", 1, "two", three=[3]),
        "error": await alice.ask("com.example.fail", "please"),
        "count": [(await counted.answer())["args"], counted.progress],
    }
    await asyncio.gather(alice.leave(), bob.leave())
    print(json.dumps(saw))


asyncio.run(main(*sys.argv[1:]))
