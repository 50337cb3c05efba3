import { expect, it } from 'vitest';
import type { Problem } from '../../../shared/errors/result.ts';
import { makeSending } from './sending.ts';

it('sends a form once at a time, says why it is not kept, and can be sent again', async () => {
  const problem: Problem = { code: 'SP-4001', message: 'The server is away.' };
  const sending = makeSending();
  const answer = Promise.withResolvers<Problem | null>();
  const first = sending.send(() => answer.promise);
  expect(sending.state.get()).toEqual({ busy: true, problem: null });
  expect(await sending.send(() => Promise.resolve(null))).toBeNull();
  answer.resolve(problem);
  expect(await first).toBe(problem);
  expect(sending.state.get()).toEqual({ busy: false, problem });
  expect(await sending.send(() => undefined)).toBeNull();
  expect(await sending.send(() => Promise.resolve(null))).toBe('kept');
  expect(sending.state.get()).toEqual({ busy: false, problem: null });
});
