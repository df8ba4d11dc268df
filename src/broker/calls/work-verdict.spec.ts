import { describe, expect, it } from '@jest/globals';
import { workVerdictOf } from './work-verdict.js';

describe('workVerdictOf', () => {
  it.each([
    [undefined, 'done'],
    ['wamp.error.unavailable', 'not_taken'],
    ['wamp.error.unavailable.x', 'failed'],
    ['wamp.error.canceled', 'failed'],
    ['com.example.error', 'failed'],
    ['', 'failed'],
  ])('says of the error %j that the work is %s', (error, verdict) => {
    expect(workVerdictOf(error)).toBe(verdict);
  });
});
