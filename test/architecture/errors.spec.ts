import { describe, expect, it } from '@jest/globals';
import { BROKER_ERROR_CODES } from '../../src/broker/index.js';
import { ERROR_URIS } from '../../src/subprotocols/index.js';
import { LOGIN_URIS } from '../../src/subprotocols/error-uris.js';
import { REFUSALS } from '../../src/subprotocols/stomp/errors.js';
import { CLOSE_CODES } from '../../src/transport/close-codes.js';
import { textOf } from './sources.js';

/** The cells of a table of the page, by the text of its first column's head. */
function tableOf(page: string, firstHead: string): string[][] {
  const lines = page.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${firstHead} `));
  if (start < 0) throw new Error(`no table that begins with ${firstHead}`);
  const end = lines.findIndex((line, at) => at > start && !line.startsWith('|'));
  return lines.slice(start + 2, end).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')),
  );
}

describe('docs/errors.md', () => {
  const page = textOf('docs/errors.md');
  const refusals = tableOf(page.slice(page.indexOf('## Refusals')), 'Code');
  const closes = tableOf(page, 'Code');

  it('lists the refusals of the broker, all of them and in their order', () => {
    expect(refusals.map(([code]) => code)).toEqual([...BROKER_ERROR_CODES]);
  });

  it('lists the close codes of the transport', () => {
    expect(closes.map(([number, kind]) => [kind, Number(number)])).toEqual(Object.entries(CLOSE_CODES));
  });

  it('says what STOMP says', () => {
    const ofStomp = Object.entries(REFUSALS).map(([code, { uri, message, close }]) => [
      code,
      uri,
      message,
      String(CLOSE_CODES[close]),
    ]);
    expect(refusals.map(([code, , uri, message, close]) => [code, uri, message, close])).toEqual(ofStomp);
  });

  it('says what WAMP says', () => {
    expect(refusals.map(([code, , uri]) => [code, uri])).toEqual(Object.entries(ERROR_URIS));
  });

  it('says why WAMP refuses a login', () => {
    const logins = tableOf(page.slice(page.indexOf('## Logins')), 'Code');
    expect(logins.map(([code, , reason]) => [code, reason])).toEqual(Object.entries(LOGIN_URIS));
  });
});
