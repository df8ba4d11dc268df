import type { Link, Session, Subprotocol } from '../../src/subprotocols/index.js';
import { Frame } from '../../src/subprotocols/index.js';

/**
 * A wire protocol of somebody else's: it says back what it hears. Registered through the public contract, it needs no
 * change anywhere else.
 */
export function echo(): Subprotocol {
  return {
    name: 'echo',
    tokens: ['v1.echo'],
    recognises: (firstMessage) => firstMessage.toString().startsWith('ECHO'),
    open: (link) => new EchoSession(link),
  };
}

class EchoSession implements Session {
  constructor(private readonly link: Link) {}

  receive(data: Buffer, isBinary: boolean): void {
    if (data.toString() === 'BYE') {
      this.link.close({ kind: 'normal', text: 'bye' });
      return;
    }
    this.link.established();
    this.link.send(new Frame(isBinary, [data]));
  }

  drained(): void {}

  closing(): void {
    this.link.send(new Frame(false, [Buffer.from('GOODBYE')]));
    this.link.close({ kind: 'going_away', text: 'the server stops' });
  }

  closed(): void {}
}
