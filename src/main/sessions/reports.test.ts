import { expect, test } from 'vitest';
import type { LauncherToControl } from '../../shared/protocol/control-channel.ts';
import { Reports } from './reports.ts';

function make() {
  const state = { up: true, deviceId: 'device-1' };
  const sent: LauncherToControl[] = [];
  const reports = new Reports({
    send(message) {
      if (state.up) sent.push(message);
      return state.up;
    },
    deviceId: () => state.deviceId,
  });
  return { state, sent, reports };
}

const over = { kind: 'exit', status: 0, signal: null } as const;

test('an end is told on three links, those that were down not counted, and always in the same words', () => {
  const { state, sent, reports } = make();
  state.up = false;
  reports.ended('session-1', over);
  reports.online();
  state.up = true;
  for (let link = 0; link < 5; link += 1) reports.online();
  expect(sent).toHaveLength(3);
  expect(new Set(sent.map((message) => JSON.stringify(message))).size).toBe(1);
});

test('an end is not told on the link of another device', () => {
  const { state, sent, reports } = make();
  reports.ended('session-1', over);
  state.deviceId = 'device-2';
  reports.online();
  expect(sent).toHaveLength(1);
});
