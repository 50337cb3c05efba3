import { describe, expect, it } from 'vitest';
import { timeOfEnd } from './session-ends.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 10, minute));
const session = { granted_at: at(0), opened_at: at(1) };

describe('the time of an end that is told late', () => {
  it("is the device's, within the life of the session", () => {
    expect(timeOfEnd(session, at(5).toISOString(), at(50))).toEqual(at(5));
    expect(timeOfEnd({ ...session, opened_at: null }, at(0).toISOString(), at(50))).toEqual(at(0));
  });

  it.each([at(0).toISOString(), at(51).toISOString(), 'soon'])('is not %s', (said) => {
    expect(timeOfEnd(session, said, at(50))).toBeNull();
  });
});
