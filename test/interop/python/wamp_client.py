"""Debian's autobahn with the face that the scenarios want: joins over any transport and serializer."""

import asyncio
import ssl
from urllib.parse import urlsplit

import txaio

txaio.use_asyncio()

from autobahn.asyncio.rawsocket import WampRawSocketClientFactory, WampRawSocketClientProtocol  # noqa: E402
from autobahn.asyncio.wamp import ApplicationSession  # noqa: E402
from autobahn.asyncio.websocket import WampWebSocketClientFactory  # noqa: E402
from autobahn.wamp.exception import ApplicationError  # noqa: E402
from autobahn.wamp.serializer import CBORSerializer, JsonSerializer, MsgPackSerializer  # noqa: E402
from autobahn.wamp.types import (  # noqa: E402
    CallOptions,
    CallResult,
    ComponentConfig,
    PublishOptions,
    RegisterOptions,
    SubscribeOptions,
)

SERIALIZERS = {"json": JsonSerializer, "msgpack": MsgPackSerializer, "cbor": CBORSerializer}
PATIENCE_S = 5


def serializer_of(name):
    """`json`, `json.batched` and so on."""
    kind, _, batched = name.partition(".")
    return SERIALIZERS[kind](batched=batched == "batched")


class RawSocketProtocol(WampRawSocketClientProtocol):
    """With the property that its sessions ask for, and that 22.7.1 has forgotten under asyncio."""

    @property
    def transport_details(self):
        return self._transport_details


class RawSocketFactory(WampRawSocketClientFactory):
    protocol = RawSocketProtocol


class Session(ApplicationSession):
    """Says when it has joined and when all is over."""

    def __init__(self, credentials):
        super().__init__(ComponentConfig("realm1"))
        self.credentials = credentials
        self.joined = asyncio.get_running_loop().create_future()
        self.gone = asyncio.get_running_loop().create_future()
        # Failures of endpoints are the scenarios' own, and are told to callers.
        self.onUserError = lambda fail, message: None

    def onConnect(self):
        self.join("realm1", **self.credentials.hello)

    def onChallenge(self, challenge):
        return self.credentials.answer(self, challenge)

    def onWelcome(self, welcome):
        return self.credentials.check(self, welcome)

    def onJoin(self, details):
        self.joined.set_result(details)

    def onLeave(self, details):
        if not self.joined.done():
            self.joined.set_exception(ApplicationError(details.reason))
        self.disconnect()

    def onDisconnect(self):
        super().onDisconnect()
        if not self.joined.done():
            self.joined.set_exception(ApplicationError("lost"))
        self.gone.set_result(True)


class Name:
    """Says who it is; the server believes it."""

    def __init__(self, authid):
        self.hello = {"authmethods": ["ticket"], "authid": authid}

    def answer(self, session, challenge):
        return ""

    def check(self, session, welcome):
        return None


async def connect(url, serializer, credentials, ca=None):
    """Joins over `ws:`, `wss:`, `tcp:` (RawSocket), `tls:` (RawSocket) or `unix:`."""
    loop = asyncio.get_running_loop()
    made = []

    def make():
        made.append(Session(credentials))
        return made[-1]

    where = urlsplit(url)
    trust = ssl.create_default_context(cafile=ca) if where.scheme in ("wss", "tls") else None
    if where.scheme in ("ws", "wss"):
        factory = WampWebSocketClientFactory(make, url=url, serializers=[serializer_of(serializer)])
        # Its timers are rounded to seconds, so that one of a second may fire at once.
        factory.setProtocolOptions(openHandshakeTimeout=PATIENCE_S, closeHandshakeTimeout=PATIENCE_S)
    else:
        factory = RawSocketFactory(make, serializer=serializer_of(serializer))
    if where.scheme == "unix":
        await loop.create_unix_connection(factory, where.path)
    else:
        await loop.create_connection(factory, where.hostname, where.port, ssl=trust)
    for _ in range(PATIENCE_S * 100):
        if made:
            break
        await asyncio.sleep(0.01)
    session = made[0]
    await asyncio.wait_for(session.joined, PATIENCE_S)
    return session


class Refusal(Exception):
    """The error that a call ended with; an endpoint raises one."""

    def __init__(self, uri, args=(), kwargs=None):
        super().__init__(uri)
        self.uri, self.args_, self.kwargs = uri, list(args), kwargs or {}


class Heard:
    """An event or an invocation."""

    def __init__(self, args, kwargs, details):
        self.args, self.kwargs, self.details = list(args), kwargs, details


class Subscription:
    def __init__(self):
        self.events = asyncio.Queue()
        self.subscription = None

    async def take(self):
        return await asyncio.wait_for(self.events.get(), PATIENCE_S)

    async def end(self):
        await self.subscription.unsubscribe()


class Call:
    """A call that runs: its answer, its progress."""

    def __init__(self, session, procedure, args, kwargs, options):
        self.progress = []
        if options.pop("receive_progress", False):
            options["on_progress"] = lambda *step: self.progress.append(list(step))
        self.future = session.call(procedure, *args, options=CallOptions(**options), **kwargs)

    async def answer(self):
        try:
            result = await asyncio.wait_for(asyncio.shield(self.future), PATIENCE_S)
        except ApplicationError as error:
            return {"error": error.error, "args": list(error.args), "kwargs": error.kwargs}
        if isinstance(result, CallResult):
            return {"args": list(result.results), "kwargs": result.kwresults}
        return {"args": [] if result is None else [result], "kwargs": {}}


class Client:
    """One session."""

    def __init__(self, session):
        self.inner = session
        self.session = session.session_id

    async def subscribe(self, topic, **options):
        subscription = Subscription()

        def heard(*args, details=None, **kwargs):
            subscription.events.put_nowait(Heard(args, kwargs, details))

        subscription.subscription = await refusable(
            self.inner.subscribe(heard, topic, SubscribeOptions(details=True, **options))
        )
        return subscription

    async def publish(self, topic, args=(), kwargs=None, **options):
        options = PublishOptions(acknowledge=True, **options)
        await refusable(self.inner.publish(topic, *args, options=options, **(kwargs or {})))

    async def register(self, procedure, endpoint, **options):
        async def answered(*args, details=None, **kwargs):
            try:
                result_args, result_kwargs = await endpoint(Heard(args, kwargs, details))
            except Refusal as refusal:
                raise ApplicationError(refusal.uri, *refusal.args_, **refusal.kwargs) from None
            except asyncio.CancelledError:
                # It interrupts endpoints, but since Python 3.8 does not see that they have ended, and answers nothing.
                raise ApplicationError("wamp.error.canceled") from None
            return CallResult(*result_args, **result_kwargs)

        registered = self.inner.register(answered, procedure, RegisterOptions(details=True, **options))
        return await refusable(registered)

    def call(self, procedure, args=(), kwargs=None, **options):
        return Call(self.inner, procedure, args, kwargs or {}, options)

    async def ask(self, procedure, *args, **kwargs):
        return await self.call(procedure, args, kwargs).answer()

    async def leave(self):
        if self.inner.is_attached():
            self.inner.leave()
        await asyncio.wait_for(self.inner.gone, PATIENCE_S)


async def refusable(request):
    try:
        return await asyncio.wait_for(request, PATIENCE_S)
    except ApplicationError as error:
        raise Refusal(error.error, error.args, error.kwargs) from None


async def outcome_of(attempt):
    """The URI of the error, `done` if there is none."""
    try:
        await attempt
        return "done"
    except Refusal as refusal:
        return refusal.uri
