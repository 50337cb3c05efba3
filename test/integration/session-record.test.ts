import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseManifest } from '../../src/recording/manifest/parse-manifest.ts';
import { signDocument } from '../../src/recording/signatures/signed.ts';
import { namespaces, type Signed } from '../../src/shared/protocol/signed.ts';
import type { Manifest } from '../../src/shared/record/manifest.ts';
import { readMarker } from '../../src/shared/record/markers.ts';
import { recordedEvents } from '../harness/session/recorded.ts';
import { buildSession, startSession, type World, type WorldOptions } from '../harness/session/session-world.ts';
import { type Sshd, startSshd } from '../harness/session/sshd.ts';

/** What the session process makes of receipts and of a command, in the record. */
let sshd: Sshd;
let world: World | undefined;
const serverKey = generateKeyPairSync('ed25519').privateKey;
const strangerKey = generateKeyPairSync('ed25519').privateKey;

beforeAll(async () => {
  buildSession();
  sshd = await startSshd();
});
afterEach(async () => {
  await world?.stop();
  if (world !== undefined) rmSync(world.folder, { recursive: true });
  world = undefined;
});
afterAll(async () => sshd?.stop());

async function start(options: Partial<WorldOptions> = {}): Promise<World> {
  world = await startSession({ sshd, serverKey, ...options });
  return world;
}

function manifestOf(one: World): Manifest {
  return parseManifest(readFileSync(join(one.folder, 'manifest'), 'utf8'));
}

async function textOf(one: World): Promise<string> {
  const events = await recordedEvents(one.folder, 'output', one.identities.output);
  return Buffer.concat(events.filter(({ code }) => code === 'o').map(({ data }) => data)).toString();
}

async function markersOf(one: World): Promise<string[]> {
  const events = await recordedEvents(one.folder, 'output', one.identities.output);
  return events.filter(({ code }) => code === 'm').map(({ data }) => readMarker(Buffer.from(data).toString()).kind);
}

describe('a receipt for a running session', () => {
  function receipt(
    one: World,
    changes: { sessionId?: string; head?: string; lines?: number },
    key = serverKey,
  ): Signed {
    const { lines, heads } = manifestOf(one);
    const value = {
      version: 1,
      sessionId: one.grant.sessionId,
      lines,
      head: heads[lines],
      segments: 0,
      bytes: 0,
      ended: false,
      wire: null,
      at: new Date().toISOString(),
      ...changes,
    };
    return signDocument({ privateKey: key, namespace: namespaces.receipt, value });
  }

  it('becomes a line of its manifest, and no other does', async () => {
    const one = await start();
    await one.owner('state', (message) => message.state.state === 'open');
    const { lines, heads } = manifestOf(one);
    const refused = [
      receipt(one, { sessionId: '6a2f41b8-7f4e-4a54-9d62-0f3b8a4fd001' }),
      receipt(one, { head: heads[lines - 1] }),
      receipt(one, { lines: lines + 1 }),
      receipt(one, {}, strangerKey),
      { ...receipt(one, {}), payload: '{}' },
    ];
    for (const signed of refused) one.send({ type: 'receipt', receipt: signed });
    one.send({ type: 'receipt', receipt: receipt(one, {}) });
    one.type('exit 3\r');
    expect(await one.ended()).toMatchObject({ reason: { kind: 'exit', status: 3 }, complete: true });
    expect(manifestOf(one).receipts).toMatchObject([{ lines }]);
    expect((await markersOf(one)).filter((kind) => kind === 'receipt-refused')).toHaveLength(refused.length);
  });
});

describe('a command instead of a shell', () => {
  it('runs on a terminal of the same size, and is recorded with its input and its exit status', async () => {
    const command =
      'stty size; tty >/dev/null && printf "a terminal\\n"; read -r word; printf "got %s\\n" "$word"; exit 7';
    const one = await start({ grant: { command } });
    await one.sees(/a terminal/);
    one.type('mellon\r');
    expect(await one.ended()).toMatchObject({ reason: { kind: 'exit', status: 7 }, complete: true });
    expect(await textOf(one)).toBe('24 80\r\na terminal\r\nmellon\r\ngot mellon\r\n');
    expect(one.text()).toBe(await textOf(one));
    const { header, end } = manifestOf(one);
    expect(header.command).toBe(command);
    expect(end).toMatchObject({ kind: 'exit', reason: 'exit 7', inputBytes: 7 });
    const events = await recordedEvents(one.folder, 'output', one.identities.output);
    expect(events.at(-1)).toMatchObject({ code: 'x', data: Buffer.from('7') });
  });
});
