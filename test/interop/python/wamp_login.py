"""Logs in with Debian's autobahn, and prints what came of it: the identity that WELCOME tells, or the reason of ABORT.

Arguments: URL, serializer, method, name, secret, and, with TLS, the file of the authority that the certificate comes from and the
channel binding, if there is to be one.
"""

import asyncio
import json
import sys

from autobahn.wamp.auth import AuthAnonymous, AuthCryptoSign, AuthScram, AuthTicket, AuthWampCra
from wamp_client import ApplicationError, Client, connect

METHODS = {
    "anonymous": lambda name, secret, extra: AuthAnonymous(),
    "ticket": lambda name, secret, extra: AuthTicket(authid=name, ticket=secret),
    "wampcra": lambda name, secret, extra: AuthWampCra(authid=name, secret=secret),
    "cryptosign": lambda name, secret, extra: AuthCryptoSign(authid=name, privkey=secret, authextra=extra),
    "scram": lambda name, secret, extra: AuthScram(authid=name, password=secret),
}


class Credentials:
    """An authenticator of autobahn's own."""

    def __init__(self, method, name, secret, binding):
        self.authenticator = METHODS[method](name, secret, {"channel_binding": binding})
        self.hello = {"authmethods": [method], "authextra": self.authenticator.authextra}
        if method != "anonymous":
            self.hello["authid"] = name

    def answer(self, session, challenge):
        return self.authenticator.on_challenge(session, challenge)

    def check(self, session, welcome):
        return self.authenticator.on_welcome(session, welcome.authextra)


async def main(url, serializer, method, name, secret, ca=None, binding=None):
    try:
        session = await connect(url, serializer, Credentials(method, name, secret, binding), ca)
    except ApplicationError as error:
        print(json.dumps({"refused": error.error}))
        return
    print(
        json.dumps(
            {
                "authid": session.authid,
                "authrole": session.authrole,
                "authmethod": session.authmethod,
                "authprovider": session.authprovider,
            }
        )
    )
    await Client(session).leave()


asyncio.run(main(*sys.argv[1:]))
