import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MessagePortMain } from 'electron';
import { expect, test } from 'vitest';
import { SallyportError } from '../../shared/errors/result.ts';
import type { OwnerToReplay } from '../../shared/protocol/replay.ts';
import type { ControlCaller } from '../control-client/client.ts';
import type { Forked } from '../forked.ts';
import { Replays } from './replays.ts';

function makeReplays(refuse = false) {
  const calls: string[] = [];
  const got: OwnerToReplay[] = [];
  let killed = 0;
  let say: (message: unknown) => void = () => undefined;
  let exit: () => void = () => undefined;
  const child: Forked<OwnerToReplay> = {
    pid: 1,
    send: (message) => got.push(message),
    onMessage: (listener) => {
      say = listener;
    },
    onExit: (listener) => {
      exit = () => listener(9);
    },
    sigkill: () => {
      killed += 1;
    },
  };
  const answer = (name: string, input: unknown) => {
    calls.push(`${name} ${JSON.stringify(input)}`);
    if (refuse) throw new SallyportError('SP-3031', 'You may not unlock this.');
  };
  const caller: ControlCaller = {
    call: async (name, input) => {
      answer(name, input);
      return { target: { name: 'web 1' }, startedAt: '2026-11-24T10:00:00Z' } as never;
    },
    fetchBytes: async (name, input) => {
      answer(name, input);
      return new Uint8Array([1, 2]);
    },
    fetchStream: async (name, input) => {
      answer(name, input);
      return (async function* () {
        yield new Uint8Array([1]);
        yield new Uint8Array([2, 3]);
      })();
    },
  };
  const replays = new Replays({ fork: () => child, openPort: () => ({}) as MessagePortMain, log: () => undefined });
  return {
    replays,
    caller,
    calls,
    got,
    say: (message: unknown) => say(message),
    killed: () => killed,
    exit: () => exit(),
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a replay process gets the documents of its own recording, whatever it writes into its request', async () => {
  const { replays, caller, calls, got, say } = makeReplays();
  await replays.open({ caller, serverKey: 'k', sessionId: 'rec-1', purpose: 'review' });
  expect(got.map((message) => message.type)).toEqual(['open', 'port']);
  say({ type: 'fetch-manifest', id: 1, sessionId: 'rec-2' });
  say({ type: 'fetch-segment', id: 2, stream: 'output', seq: 3, sessionId: 'rec-2' });
  say({ type: 'unlock', id: 3, stream: 'input', recipient: 'age1x', purpose: 'none' });
  await settled();
  expect(calls.slice(1)).toEqual([
    'getManifest {"params":{"sessionId":"rec-1"}}',
    'getSegment {"params":{"sessionId":"rec-1","stream":"output","seq":3}}',
    'unlock {"params":{"sessionId":"rec-1"},"body":{"stream":"input","purpose":"review","recipient":"age1x"}}',
  ]);
  const json = { target: { name: 'web 1' }, startedAt: '2026-11-24T10:00:00Z' };
  expect(got.slice(2)).toEqual([
    { type: 'answer', id: 1, json },
    { type: 'answer', id: 2, bytes: new Uint8Array([1, 2]) },
    { type: 'answer', id: 3, json },
  ]);
});

test('a kept wire is given out piece by piece, each direction from its beginning when it is asked for anew', async () => {
  const { replays, caller, calls, got, say } = makeReplays();
  await replays.open({ caller, serverKey: 'k', sessionId: 'rec-1', purpose: 'review' });
  const asked = [true, false, true] as const;
  for (const [at, anew] of asked.entries()) {
    say({ type: 'fetch-wire', id: at, direction: 'to-target', anew, sessionId: 'rec-2' });
    await settled();
  }
  expect(calls.slice(1)).toEqual(Array(2).fill('getWire {"params":{"sessionId":"rec-1","direction":"to-target"}}'));
  expect(got.slice(2)).toEqual([
    { type: 'answer', id: 0, bytes: new Uint8Array([1, 2, 3]) },
    { type: 'answer', id: 1, bytes: new Uint8Array() },
    { type: 'answer', id: 2, bytes: new Uint8Array([1, 2, 3]) },
  ]);
});

test('a recording that may not be seen starts no process', async () => {
  const { replays, caller, got } = makeReplays(true);
  await expect(replays.open({ caller, serverKey: 'k', sessionId: 'rec-1', purpose: 'review' })).rejects.toMatchObject({
    code: 'SP-3031',
  });
  expect(got).toEqual([]);
});

test('a copy is noted before the process is told to write it; one that ends on the way has written none', async () => {
  const { replays, caller, calls, got, say, exit } = makeReplays();
  const replayId = await replays.open({ caller, serverKey: 'k', sessionId: 'rec-1', purpose: 'review' });
  const folder = mkdtempSync(join(tmpdir(), 'copies-'));
  const path = join(folder, 'copy.txt');
  const copy = { format: 'transcript', path, by: 'Mira', software: 'Sallyport 1' } as const;
  const written = replays.export(replayId, copy);
  expect(got.map((message) => message.type)).toEqual(['open', 'port']);
  await settled();
  expect(calls.at(-1)).toBe(
    'noteExport {"params":{"sessionId":"rec-1"},"body":{"format":"transcript","purpose":"review"}}',
  );
  expect(got.at(-1)).toEqual({ type: 'export', id: 1, ...copy, part: expect.stringContaining(`${path}.`) });
  say({ type: 'exported', id: 1, bytes: 7, problem: null });
  expect(await written).toBe(7);
  const lost = replays.export(replayId, copy);
  await settled();
  // A part of it, in the clear: who was killed cannot take it away.
  const last = got.at(-1);
  const part = last?.type === 'export' ? last.part : '';
  replays.close(replayId);
  await expect(lost).rejects.toMatchObject({ code: 'SP-5002' });
  writeFileSync(part, 'readable');
  writeFileSync(path, 'of before');
  exit();
  await expect.poll(() => readdirSync(folder)).toEqual(['copy.txt']);
  rmSync(folder, { recursive: true });
});

test('a process that talks nonsense or whose replay is closed is killed', async () => {
  const { replays, caller, say, killed } = makeReplays();
  await replays.open({ caller, serverKey: 'k', sessionId: 'rec-1', purpose: 'review' });
  say({ type: 'fetch-everything' });
  expect(killed()).toBe(1);
  const replayId = await replays.open({ caller, serverKey: 'k', sessionId: 'rec-1', purpose: 'review' });
  replays.close(replayId);
  replays.close(replayId);
  expect(killed()).toBe(2);
});
