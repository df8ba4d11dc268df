import { afterEach, describe, expect, it } from '@jest/globals';
import { StompClients } from '../../../test/support/stomp-client.js';

const peers = new StompClients();

afterEach(() => peers.end());

describe('/rpc/queue.<name>', () => {
  it('is refused to a callee, who shall consume the queue', () => {
    const c = peers.connect().say('SUBSCRIBE\nid:s\ndestination:/rpc/queue.jobs\nreceipt:1\n\n\0');
    const [error] = c.heard();
    expect(error).toMatch(
      /^ERROR\nmessage:reserved destination\ncontent-type:text\/plain\nreceipt-id:1\ncontent-length:\d+\n\nWhat begins with queue\. is a queue: it is consumed, not registered as a procedure\.\0$/,
    );
    expect(c.link.closeReason?.kind).toBe('policy');
  });

  it('is no procedure to a caller, though somebody consumes the queue', () => {
    const worker = peers.connect().say('SUBSCRIBE\nid:0\ndestination:/queue/jobs\n\n\0');
    const c = peers
      .connect()
      .say('SEND\ndestination:/rpc/queue.jobs\nreply-to:/temp-queue/r\ncorrelation-id:7\n\n[1]\0');
    const [answer] = c.heard();
    expect(answer).toContain('\ndestination:/temp-queue/r\n');
    expect(answer).toContain('\nerror:wamp.error.no_such_procedure\n');
    expect(worker.heard()).toEqual([]);
  });
});
