/** One message from a STOMP client to a WAMP client, spelled out: what every way to run the server has to do. */
import { WebSocket } from 'ws';

const PATIENCE_MS = 10_000;

/**
 * Subscribes with WAMP, sends with STOMP, and waits for the event.
 *
 * @param {string} url such as `ws://127.0.0.1:8080/ws`.
 * @throws Error if it does not arrive in time.
 */
export async function stompToWamp(url) {
  const wamp = await connect(url, 'wamp.2.json');
  const stomp = await connect(url, 'v12.stomp');
  try {
    wamp.send('[1,"realm1",{"roles":{"subscriber":{}}}]');
    await wamp.hears((text) => text.startsWith('[2,'), 'WELCOME');
    wamp.send('[32,1,{},"com.example.chat"]');
    await wamp.hears((text) => text.startsWith('[33,1,'), 'SUBSCRIBED');
    stomp.send('CONNECT\naccept-version:1.2\nhost:realm1\n\n\0');
    await stomp.hears((text) => text.startsWith('CONNECTED\n'), 'CONNECTED');
    stomp.send('SEND\ndestination:/topic/com.example.chat\ncontent-type:text/plain\n\nhello\0');
    await wamp.hears((text) => /^\[36,.*,\["hello"\]\]$/.test(text), 'EVENT with "hello"');
  } finally {
    wamp.close();
    stomp.close();
  }
}

/**
 * Sends one message to a queue and waits until it is confirmed.
 *
 * @param {string} url
 * @throws Error if it is not confirmed in time.
 */
export async function storeInQueue(url, queue, text) {
  await withStomp(url, async (stomp) => {
    stomp.send(`SEND\ndestination:/queue/${queue}\npersistent:true\nreceipt:stored\n\n${text}\0`);
    await stomp.hears((frame) => frame.startsWith('RECEIPT\nreceipt-id:stored\n'), 'RECEIPT');
  });
}

/**
 * Waits for a message of a queue and acknowledges it.
 *
 * @param {string} url
 * @throws Error if it does not arrive in time.
 */
export async function takeFromQueue(url, queue, text) {
  await withStomp(url, async (stomp) => {
    stomp.send(`SUBSCRIBE\nid:0\nack:auto\ndestination:/queue/${queue}\n\n\0`);
    await stomp.hears((frame) => frame.startsWith('MESSAGE\n') && frame.includes(`\n\n${text}\0`), text);
  });
}

async function withStomp(url, talk) {
  const stomp = await connect(url, 'v12.stomp');
  try {
    stomp.send('CONNECT\naccept-version:1.2\nhost:realm1\n\n\0');
    await stomp.hears((text) => text.startsWith('CONNECTED\n'), 'CONNECTED');
    await talk(stomp);
  } finally {
    stomp.close();
  }
}

/** @returns a socket that is open, and its ears. */
export async function connect(url, token) {
  const socket = new WebSocket(url, token);
  const texts = [];
  let listen = () => {};
  socket.on('message', (data) => {
    texts.push(data.toString());
    listen();
  });
  const ended = new Promise((_, reject) => {
    socket.on('error', reject);
    socket.on('close', (code) => reject(new Error(`${url} (${token}) was closed with ${code}`)));
  });
  ended.catch(() => {});
  await withinTime(Promise.race([new Promise((open) => socket.once('open', open)), ended]), 'the 101');
  return {
    send: (text) => socket.send(text),
    close: () => socket.terminate(),
    hears(isIt, what) {
      const heard = new Promise((resolve) => {
        listen = () => {
          if (texts.splice(0).some(isIt)) resolve();
        };
        listen();
      });
      return withinTime(Promise.race([heard, ended]), what);
    },
  };
}

async function withinTime(promise, what) {
  let late;
  const timeout = new Promise((_, reject) => {
    late = setTimeout(
      () => reject(new Error(`${what} did not arrive within ${PATIENCE_MS} ms`)),
      PATIENCE_MS,
    );
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(late);
  }
}
