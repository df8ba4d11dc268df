"""What Debian's autobahn does with the router's own procedures and topics."""


async def first(client, procedure, *args, **kwargs):
    """The first argument of a result, or the URI of the error."""
    answer = await client.ask(procedure, *args, **kwargs)
    return answer.get("error") or (answer["args"] or [None])[0]


async def sessions(bed):
    alice = await bed.join("alice")
    joined = await alice.subscribe("wamp.session.on_join")
    left = await alice.subscribe("wamp.session.on_leave")
    bob = await bed.join("bob")
    details = (await joined.take()).args[0]
    counts = [
        await first(alice, "wamp.session.count"),
        await first(alice, "wamp.session.count", ["guests"]),
    ]
    listed = await first(alice, "wamp.session.list")
    shown = await first(alice, "wamp.session.get", bob.session)
    await bob.leave()
    return {
        "joined": [details["session"] == bob.session, details["authid"], details["authrole"]],
        "counts": counts,
        "listed": {alice.session, bob.session} <= set(listed),
        "shown": shown["authid"],
        "left": ["bob’s" if arg == bob.session else arg for arg in (await left.take()).args],
        "gone": await first(alice, "wamp.session.get", bob.session),
    }


async def nothing(asked):
    return [], {}


async def registrations(bed):
    alice, bob = await bed.join("alice"), await bed.join("bob")
    topics = ("on_create", "on_register", "on_unregister", "on_delete")
    heard = [await alice.subscribe(f"wamp.registration.{topic}") for topic in topics]
    registration = await bob.register("com.example.p", nothing, match="prefix")
    found = [
        await first(alice, "wamp.registration.lookup", "com.example.p", {"match": "prefix"}),
        await first(alice, "wamp.registration.match", "com.example.procedure"),
    ]
    shown = await first(alice, "wamp.registration.get", registration.id)
    callees = await first(alice, "wamp.registration.list_callees", registration.id)
    count = await first(alice, "wamp.registration.count_callees", registration.id)
    await registration.unregister()
    return {
        "found": [number == registration.id for number in found],
        "shown": [shown["uri"], shown["match"]],
        "callees": [callee == bob.session for callee in callees],
        "count": count,
        "events": [(await listener.take()).args[0] == bob.session for listener in heard],
    }


async def subscriptions(bed):
    alice, bob = await bed.join("alice"), await bed.join("bob")
    topics = ("on_create", "on_subscribe", "on_unsubscribe", "on_delete")
    heard = [await alice.subscribe(f"wamp.subscription.{topic}") for topic in topics]
    subscription = await bob.subscribe("com.example.t")
    number = subscription.subscription.id
    found = [
        await first(alice, "wamp.subscription.lookup", "com.example.t"),
        *await first(alice, "wamp.subscription.match", "com.example.t"),
    ]
    shown = await first(alice, "wamp.subscription.get", number)
    subscribers = await first(alice, "wamp.subscription.list_subscribers", number)
    count = await first(alice, "wamp.subscription.count_subscribers", number)
    await subscription.end()
    events = []
    for listener in heard:
        # Alice is told of her own subscriptions as well.
        while (await listener.take()).args[0] != bob.session:
            pass
        events.append(True)
    return {
        "found": [one == number for one in found],
        "shown": [shown["uri"], shown["match"]],
        "subscribers": [subscriber == bob.session for subscriber in subscribers],
        "count": count,
        "events": events,
    }


async def killing(bed):
    alice, bob = await bed.join("alice"), await bed.join("bob")
    reason = {"reason": "com.example.closed", "message": "Out."}
    killed = await alice.ask("wamp.session.kill", bob.session, **reason)
    await bob.leave()
    return [
        killed.get("error", "done"),
        await first(alice, "wamp.session.kill", bob.session),
        await first(alice, "wamp.session.count"),
    ]


async def testaments(bed):
    alice, bob, carol = await bed.join("alice"), await bed.join("bob"), await bed.join("carol")
    heard = await alice.subscribe("com.example.will")
    await first(carol, "wamp.session.add_testament", "com.example.will", ["flushed"], {})
    await first(carol, "wamp.session.flush_testaments")
    await carol.leave()
    await first(bob, "wamp.session.add_testament", "com.example.will", ["gone"], {"who": "bob"})
    await bob.leave()
    event = await heard.take()
    return [event.args, event.kwargs, heard.events.qsize()]


async def event_history(bed):
    alice, bob = await bed.join("alice"), await bed.join("bob")
    subscription = await bob.subscribe("com.example.log")
    for number in (1, 2, 3):
        await alice.publish("com.example.log", [number])
    answers = []
    for asked in ({}, {"limit": 2}, {"limit": 2, "reverse": True}):
        entries = await first(bob, "wamp.subscription.get_events", subscription.subscription.id, **asked)
        answers.append([entry["args"] for entry in entries])
    return answers


SCENARIOS = {
    "session meta API": sessions,
    "registration meta API": registrations,
    "subscription meta API": subscriptions,
    "killing sessions": killing,
    "testaments": testaments,
    "event history": event_history,
}
