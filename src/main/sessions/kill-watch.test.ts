import { expect, test } from 'vitest';
import { disconnectLimits, killLimits, type WatchStep, watchStep } from './kill-watch.ts';

const kill = { askedAt: 1000, socketClosed: false, overdueSaid: false, limits: killLimits };

test.each([
  ['at once it waits for the overdue mark', kill, 1000, { act: 'wait', ms: 250 }],
  ['just before the mark', kill, 1249, { act: 'wait', ms: 1 }],
  ['at 250 ms it says so', kill, 1250, { act: 'say-overdue' }],
  ['and then waits for the hard limit', { ...kill, overdueSaid: true }, 1250, { act: 'wait', ms: 750 }],
  [
    'at 1 s without a closed socket the process is killed',
    { ...kill, overdueSaid: true },
    2000,
    { act: 'sigkill', because: 'socket-open' },
  ],
  ['also when nobody looked in between', kill, 2500, { act: 'sigkill', because: 'socket-open' }],
  ['with the socket closed the record has its time', { ...kill, socketClosed: true }, 2000, { act: 'wait', ms: 4500 }],
  ['but not for ever', { ...kill, socketClosed: true }, 6500, { act: 'sigkill', because: 'record-unsealed' }],
  [
    'a disconnect is more patient',
    { ...kill, limits: disconnectLimits, overdueSaid: true },
    3000,
    { act: 'wait', ms: 4000 },
  ],
  ['and ends as well', { ...kill, limits: disconnectLimits }, 7000, { act: 'sigkill', because: 'socket-open' }],
] as [string, Parameters<typeof watchStep>[0], number, WatchStep][])('%s', (_name, watch, now, expected) => {
  expect(watchStep(watch, now)).toEqual(expected);
});
