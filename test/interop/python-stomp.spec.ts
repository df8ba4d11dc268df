import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startTestServer } from '../support/test-server.js';
import type { TestServer } from '../support/test-server.js';

const CLIENT = fileURLToPath(new URL('python/stomp_client.py', import.meta.url));
let running: TestServer | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

describe('Debian’s stomp.py over the STOMP TCP listener', () => {
  it.each(['1.0', '1.1', '1.2'])(
    'subscribes, sends, acknowledges, commits and disconnects with STOMP %s',
    async (version) => {
      running = await startTestServer();
      const { port } = await running.router.listen({ kind: 'stomp-tcp', port: 0 });
      const args = [CLIENT, '127.0.0.1', String(port), version];
      const { stdout, stderr } = await promisify(execFile)('/usr/bin/python3', args, {
        timeout: 18_000,
        env: { ...process.env, PYTHONIOENCODING: 'utf-8' },
      });
      const lines = stdout.trimEnd().split('\n');
      const shown = lines.map((line) => line.replace('x'.repeat(200_000), '200000 letters'));
      expect([shown.filter((line) => !line.startsWith('receipt')), stderr]).toEqual([
        [
          `connected ${version}`,
          'message /topic/interop grüße: a',
          'b',
          'message /queue/interop 200000 letters',
          'message /topic/interop in a transaction',
          'disconnected',
        ],
        '',
      ]);
      expect(shown.filter((line) => line.startsWith('receipt'))).toEqual([
        'receipt subscribed',
        'receipt sent',
        'receipt consuming',
        'receipt stored',
        'receipt bye',
      ]);
      expect(running.router.stats.realms['realm1']?.deliveries).toBe(0);
    },
  );
});
