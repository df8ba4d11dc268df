"""Has Debian's autobahn go through what it can do, and prints what it saw: one JSON object, scenario to sight.

Arguments: URL, serializer, and the file of the authority that the certificate comes from, if there is one.
"""

import asyncio
import json
import sys
import traceback

import wamp_meta
from wamp_client import Client, Name, Refusal, connect, outcome_of


class Bed:
    """Sessions that all leave in the end."""

    def __init__(self, url, serializer, ca):
        self.where = (url, serializer)
        self.ca = ca
        self.clients = []

    async def join(self, authid):
        client = Client(await connect(*self.where, Name(authid), self.ca))
        self.clients.append(client)
        return client

    async def leave(self):
        await asyncio.gather(*(client.leave() for client in self.clients))


async def events(bed):
    alice, bob = await bed.join("alice"), await bed.join("bob")
    heard = await bob.subscribe("com.example.news")
    values = [1, -0.5, "żółw 𝄞", None, True, [1, [2]], {"a": {"b": []}}, 9007199254740991]
    await alice.publish("com.example.news", values, {"key": "value"})
    event = await heard.take()
    return [event.args, event.kwargs]


async def order(bed):
    alice, bob = await bed.join("alice"), await bed.join("bob")
    heard = await bob.subscribe("com.example.count")
    await asyncio.gather(*(alice.publish("com.example.count", [n]) for n in range(100)))
    return [(await heard.take()).args[0] for _ in range(100)] == list(range(100))


async def patterns(bed):
    alice, bob = await bed.join("alice"), await bed.join("bob")
    prefix = await bob.subscribe("com.exam", match="prefix")
    wildcard = await bob.subscribe("com..deep", match="wildcard")
    for topic in ("org.example.deep", "com.example.deep", "com.other.deep", "com.example.x.y"):
        await alice.publish(topic, [topic])
    topics = []
    for heard in (prefix, prefix, wildcard, wildcard):
        event = await heard.take()
        same = event.details.topic == event.args[0]
        topics.append(event.args[0] if same else [event.args[0], event.details.topic])
    return topics


async def exclusion(bed):
    return await audience(
        bed,
        lambda bob: [
            {"exclude": [bob.session]},
            {"exclude_authid": ["bob"]},
            {"exclude_authrole": ["guests"]},
        ],
    )


async def whitelists(bed):
    return await audience(
        bed,
        lambda bob: [
            {"eligible": [bob.session]},
            {"eligible_authid": ["bob"]},
            {"eligible_authrole": ["guests"]},
        ],
    )


async def audience(bed, rounds):
    """Who of bob (a guest) and carol (of the staff) hears what is published with these options."""
    alice, bob, carol = await bed.join("alice"), await bed.join("bob"), await bed.join("carol")
    listeners = {
        "bob": await bob.subscribe("com.example.some"),
        "carol": await carol.subscribe("com.example.some"),
    }
    for number, options in enumerate(rounds(bob)):
        await alice.publish("com.example.some", [number], **options)
    await alice.publish("com.example.some", ["all"])
    heard = {}
    for name, listener in listeners.items():
        heard[name] = []
        while heard[name][-1:] != ["all"]:
            heard[name].append((await listener.take()).args[0])
    return heard


async def hearing_oneself(bed):
    alice = await bed.join("alice")
    heard = await alice.subscribe("com.example.self")
    await alice.publish("com.example.self", ["unheard"])
    await alice.publish("com.example.self", ["heard"], exclude_me=False)
    return [(await heard.take()).args, heard.events.qsize()]


async def retention(bed):
    alice, bob = await bed.join("alice"), await bed.join("bob")
    await alice.publish("com.example.kept", ["old"], retain=True)
    await alice.publish("com.example.kept", ["new"], retain=True)
    asking = await bob.subscribe("com.example.kept", get_retained=True)
    pattern = await bob.subscribe("com.example", match="prefix", get_retained=True)
    heard = []
    for listener in (asking, pattern):
        event = await listener.take()
        heard.append([event.args, event.details.retained])
    await alice.publish("com.example.kept", retain=True)
    return heard


async def unsubscribing(bed):
    alice, bob = await bed.join("alice"), await bed.join("bob")
    gone = await bob.subscribe("com.example.gone")
    control = await bob.subscribe("com.example.control")
    await gone.end()
    await alice.publish("com.example.gone", ["late"])
    await alice.publish("com.example.control", ["now"])
    return [(await control.take()).args, gone.events.qsize()]


async def refused_publications(bed):
    alice = await bed.join("alice")
    own = await outcome_of(alice.publish("wamp.session.on_join"))
    return [own, await outcome_of(alice.publish("com.example.fine"))]


async def calls(bed):
    alice, bob = await bed.join("alice"), await bed.join("bob")

    async def echo(asked):
        return asked.args, asked.kwargs

    await bob.register("com.example.echo", echo)
    return [
        await alice.ask("com.example.echo"),
        await alice.ask("com.example.echo", {"deep": [1]}),
        await alice.ask("com.example.echo", 1, "two", three=[3]),
    ]


async def errors(bed):
    alice, bob = await bed.join("alice"), await bed.join("bob")

    async def fail(asked):
        raise Refusal("com.example.error.overflow", ["too big", 7], {"limit": 5})

    await bob.register("com.example.fail", fail)
    missing = await alice.ask("com.example.nobody")
    return [await alice.ask("com.example.fail"), missing["error"]]


def answering(*args):
    """An endpoint that always gives this."""

    async def endpoint(asked):
        return args, {}

    return endpoint


async def registrations(bed):
    alice, bob = await bed.join("alice"), await bed.join("bob")
    mine = await bob.register("com.example.mine", answering("bob"))
    refused = await outcome_of(alice.register("com.example.mine", answering()))
    before = await alice.ask("com.example.mine")
    await mine.unregister()
    after = await alice.ask("com.example.mine")
    taken = await outcome_of(alice.register("com.example.mine", answering()))
    return [refused, before["args"], after["error"], taken]


async def procedure_patterns(bed):
    alice, bob = await bed.join("alice"), await bed.join("bob")

    def named(name):
        async def endpoint(asked):
            return [f"{name}: {asked.details.procedure}"], {}

        return endpoint

    await bob.register("com.example.exact", named("exact"))
    await bob.register("com.ex", named("prefix"), match="prefix")
    await bob.register("com..wild", named("wildcard"), match="wildcard")
    procedures = ("com.example.exact", "com.example.wild", "com.other.wild")
    return [(await alice.ask(procedure))["args"][0] for procedure in procedures]


async def shared_procedures(bed):
    alice, bob, carol = await bed.join("alice"), await bed.join("bob"), await bed.join("carol")
    answers = {}
    for invoke in ("roundrobin", "first", "last", "random"):
        procedure = f"com.example.{invoke}"
        await bob.register(procedure, answering("bob"), invoke=invoke)
        await carol.register(procedure, answering("carol"), invoke=invoke)
        answers[invoke] = [(await alice.ask(procedure))["args"][0] for _ in range(4)]
    answers["random"] = set(answers["random"]) <= {"bob", "carol"}
    options = {"invoke": "roundrobin"}
    refused = await outcome_of(alice.register("com.example.last", answering(), **options))
    return {**answers, "refused": refused}


class Slow:
    """An endpoint that answers when it is told to."""

    def __init__(self):
        self.asked = asyncio.Event()
        self.answer = asyncio.get_running_loop().create_future()
        self.interrupted = asyncio.Event()

    async def __call__(self, asked):
        self.asked.set()
        try:
            return await asyncio.shield(self.answer)
        except asyncio.CancelledError:
            self.interrupted.set()
            raise


async def concurrency(bed):
    alice, bob, carol = await bed.join("alice"), await bed.join("bob"), await bed.join("carol")
    slow = Slow()
    await bob.register("com.example.busy", slow, invoke="first", concurrency=1)
    await carol.register("com.example.busy", answering("carol"), invoke="first", concurrency=1)
    first = alice.call("com.example.busy")
    await slow.asked.wait()
    second = await alice.ask("com.example.busy")
    slow.answer.set_result((["bob"], {}))
    return [(await first.answer())["args"], second["args"]]


async def taking_over(bed):
    alice, stale, fresh = await bed.join("alice"), await bed.join("bob"), await bed.join("bob")
    await stale.register("com.example.mine", answering("stale"))
    refused = await outcome_of(fresh.register("com.example.mine", answering()))
    await fresh.register("com.example.mine", answering("fresh"), force_reregister=True)
    return [refused, (await alice.ask("com.example.mine"))["args"]]


async def progressive_results(bed):
    alice, bob = await bed.join("alice"), await bed.join("bob")

    async def count(asked):
        report = asked.details.progress
        for number in range(1, asked.args[0]):
            if report:
                report(number)
        return ["done" if report else "unasked"], {}

    await bob.register("com.example.count", count)
    call = alice.call("com.example.count", [4], receive_progress=True)
    done = await call.answer()
    unasked = await alice.ask("com.example.count", 4)
    return [call.progress, done["args"], unasked["args"]]


async def canceled(bed):
    """Cancels a call the only way there is, without a mode; the callee is interrupted, and lives on."""
    alice, bob = await bed.join("alice"), await bed.join("bob")
    slow = Slow()
    await bob.register("com.example.slow", slow)
    await bob.register("com.example.ready", answering("ready"))
    call = alice.call("com.example.slow")
    await slow.asked.wait()
    call.future.cancel()
    await asyncio.wait_for(slow.interrupted.wait(), 5)
    return (await alice.ask("com.example.ready"))["args"]


async def time_outs(bed):
    alice, bob = await bed.join("alice"), await bed.join("bob")
    await bob.register("com.example.slow", Slow())
    # Its documentation says seconds; what it sends are the milliseconds of the specification.
    return (await alice.call("com.example.slow", timeout=100).answer())["error"]


async def lost_callees(bed):
    alice, bob = await bed.join("alice"), await bed.join("bob")
    slow = Slow()
    await bob.register("com.example.slow", slow)
    call = alice.call("com.example.slow")
    await slow.asked.wait()
    await bob.leave()
    error = (await call.answer())["error"]
    slow.answer.set_result(([], {}))
    return error


SCENARIOS = {
    "events": events,
    "order": order,
    "patterns": patterns,
    "exclusion": exclusion,
    "whitelists": whitelists,
    "hearing oneself": hearing_oneself,
    "retention": retention,
    "unsubscribing": unsubscribing,
    "refused publications": refused_publications,
    "calls": calls,
    "errors": errors,
    "registrations": registrations,
    "patterns of procedures": procedure_patterns,
    "shared procedures": shared_procedures,
    "concurrency": concurrency,
    "taking over": taking_over,
    "progressive results": progressive_results,
    "interrupted callees": canceled,
    "time-outs": time_outs,
    "lost callees": lost_callees,
    **wamp_meta.SCENARIOS,
}


async def main(url, serializer, ca=None):
    saw = {}
    for name, scenario in SCENARIOS.items():
        bed = Bed(url, serializer, ca)
        try:
            saw[name] = await asyncio.wait_for(scenario(bed), 20)
        except Exception:
            saw[name] = traceback.format_exc()
        await bed.leave()
    print(json.dumps(saw))


asyncio.run(main(*sys.argv[1:]))
