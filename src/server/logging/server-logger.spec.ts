import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ServerLogger, logInstrumentation } from './index.js';

let written = '';

beforeEach(() => {
  written = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    written += String(chunk);
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

const textLog = () => logInstrumentation(new ServerLogger({ json: false, level: 'info' }));
const jsonLog = () => logInstrumentation(new ServerLogger({ json: true, level: 'info' }));

describe('the log', () => {
  it('has one line per event, with its fields', () => {
    textLog().event('connect', { link: 'l1', subprotocol: 'wamp.2.json', port: 80, absent: undefined });
    expect(written).toMatch(/^\S+Z info {2}\[Router\] connect link=l1 subprotocol=wamp\.2\.json port=80\n$/);
  });

  it('is one JSON object a line by a switch', () => {
    jsonLog().event('close', { code: 1000, message: 'bye' });
    expect(written.split('\n')).toHaveLength(2);
    expect(JSON.parse(written)).toMatchObject({
      level: 'info',
      context: 'Router',
      msg: 'close',
      code: 1000,
      message: 'bye',
    });
  });

  it('A17: escapes what would forge a line or drive a terminal', () => {
    const hostile = 'a\r\n2026 info forged\u001b[2J\u0085\u2028\u202e"x=1';
    textLog().event('connect', { authid: hostile });
    expect(written.match(/\n/g)).toHaveLength(1);
    expect(written.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
    expect(written).toContain('authid="a\\\\u000d\\\\u000a2026 info forged\\\\u001b[2J');
    written = '';
    jsonLog().event(`x\n${hostile}`, { authid: hostile });
    expect(written.match(/\n/g)).toHaveLength(1);
    expect(written).not.toContain('\u001b');
  });

  it('A17: cuts what is too long', () => {
    textLog().event('connect', { authid: 'x'.repeat(100_000) });
    expect(written.length).toBeLessThan(700);
  });

  it('A16 H20: shows no secret, no payload and no query string', () => {
    textLog().event('refused', {
      passcode: 'hunter2',
      ticket: 'hunter2',
      payload: 'hunter2',
      cookie: 'hunter2',
      url: '/ws?ticket=hunter2',
      origin: 'https://example.com/?t=hunter2',
      path: '/ws',
    });
    expect(written).not.toContain('hunter2');
    expect(written).toContain('path=/ws\n');
    expect(written).toContain(' warn ');
  });

  it('keeps a defect with its stack in one line', () => {
    textLog().defect('deliver', new Error('bo\nom'));
    expect(written.match(/\n/g)).toHaveLength(1);
    expect(written).toMatch(/ error \[Router\] defect in deliver: bo\\u000aom stack=/);
    written = '';
    jsonLog().defect('deliver', 'not an error');
    expect(JSON.parse(written)).toMatchObject({ level: 'error', msg: 'defect in deliver: not an error' });
  });

  it('writes nothing below its level, and nothing of how the framework starts', () => {
    const logger = new ServerLogger({ json: false, level: 'warn' });
    logger.log('quiet', 'Server');
    logger.warn('loud', 'Server');
    new ServerLogger({ json: false, level: 'info' }).log('Mapped {/health, GET} route', 'RouterExplorer');
    expect(written.split('\n')).toEqual([expect.stringContaining('[Server] loud'), '']);
  });
});
