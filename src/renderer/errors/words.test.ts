import { describe, expect, it } from 'vitest';
import { errorCodes, isErrorCode } from '../../shared/errors/codes.ts';
import { actionFor, detailsOf, titleOf } from './words.ts';

describe('error words', () => {
  it('have a title without a full stop and an action for every code', () => {
    for (const code of Object.keys(errorCodes).filter(isErrorCode)) {
      expect(titleOf(code)).toMatch(/^[A-Z].*[^.]$/);
      expect(['retry', 'copy', 'none']).toContain(actionFor(code));
    }
  });

  it('offer a retry only where one can help', () => {
    expect(actionFor('SP-1003')).toBe('retry');
    expect(actionFor('SP-2031')).toBe('copy');
  });

  it('copy everything that can be quoted', () => {
    const text = detailsOf(
      'Cannot connect',
      { code: 'SP-2031', message: 'Other key.', facts: { Known: 'SHA256:a' } },
      { Target: 'pay-db-03' },
    );
    expect(text).toBe('Cannot connect (SP-2031)\nOther key.\nTarget: pay-db-03\nKnown: SHA256:a');
  });
});
