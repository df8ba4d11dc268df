"""A client by stomp.py, over a bare socket: says on standard output, one line each, what it sees."""

import sys
import threading

import stomp

host, port, version = sys.argv[1], int(sys.argv[2]), sys.argv[3]
connection_of = {
    "1.0": stomp.Connection10,
    "1.1": stomp.Connection11,
    "1.2": stomp.Connection12,
}[version]


class Listener(stomp.ConnectionListener):
    """Counts down what the script waits for."""

    def __init__(self):
        self.messages = threading.Semaphore(0)
        self.receipts = threading.Semaphore(0)
        self.gone = threading.Event()
        self.last = None

    def on_connected(self, frame):
        say("connected", frame.headers.get("version", "none"))

    def on_message(self, frame):
        self.last = frame
        say("message", frame.headers["destination"], frame.body)
        self.messages.release()

    def on_receipt(self, frame):
        say("receipt", frame.headers["receipt-id"])
        self.receipts.release()

    def on_error(self, frame):
        say("error", frame.headers["message"])

    def on_disconnected(self):
        say("disconnected")
        self.gone.set()


def say(*words):
    print(*words, flush=True)


def wait(semaphore):
    if not semaphore.acquire(timeout=10):
        say("nothing came")
        sys.exit(1)


listener = Listener()
heartbeats = (0, 0) if version == "1.0" else (1000, 1000)
options = {} if version == "1.0" else {"heartbeats": heartbeats}
connection = connection_of([(host, port)], **options)
connection.set_listener("", listener)
connection.connect(wait=True)

connection.subscribe(destination="/topic/interop", id="1", ack="auto", receipt="subscribed")
wait(listener.receipts)
connection.send(destination="/topic/interop", body="grüße: a\nb", receipt="sent")
wait(listener.receipts)
wait(listener.messages)

connection.subscribe(destination="/queue/interop", id="2", ack="client", receipt="consuming")
wait(listener.receipts)
connection.send(destination="/queue/interop", body="x" * 200000, receipt="stored")
wait(listener.receipts)
wait(listener.messages)
headers = listener.last.headers
if version == "1.2":
    connection.ack(headers["ack"])
elif version == "1.1":
    connection.ack(headers["message-id"], "2")
else:
    connection.ack(headers["message-id"])

connection.begin("t1")
connection.send(destination="/topic/interop", body="in a transaction", transaction="t1")
connection.commit("t1")
wait(listener.messages)

connection.disconnect(receipt="bye")
if not listener.gone.wait(10):
    say("still here")
    sys.exit(1)
