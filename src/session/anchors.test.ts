import { createHash, randomBytes } from 'node:crypto';
import type { Client } from 'ssh2';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { anchorName } from '../recording/evidence/anchor.ts';
import type { GrantPayload } from '../shared/protocol/signed.ts';
import { anchorBytesAtMost } from '../shared/record/anchors.ts';
import type { KeptExchange } from '../ssh/kept-exchanges.ts';
import { type Anchors, fitting, makeAnchors } from './anchors.ts';
import type { AnchorToKeep, SealedPart } from './recorder/recorder.ts';

interface Carried {
  name: string;
  lines: number;
}

/** The exchanges of a connection, as the test makes them happen. */
const ssh = vi.hoisted(() => ({
  carry: (): unknown => null,
  kept: (_exchange: unknown): void => undefined,
  started: 0,
}));
vi.mock('../ssh/kept-exchanges.ts', () => ({
  keepExchanges: (_client: unknown, options: { carry(): unknown; kept(exchange: unknown): void }) => {
    ssh.carry = options.carry;
    ssh.kept = options.kept;
    return {
      start: () => {
        ssh.started += 1;
      },
    };
  },
}));

const payload = '{"a":"grant"}';
let lines: number;
let sealed: (part: Pick<SealedPart, 'stream'>) => void;
let keeping: { anchor: AnchorToKeep; done: PromiseWithResolvers<void> }[];
let holds: boolean[];
let counts: number[];
let failures: unknown[];
let anchors: Anchors;

const headOf = (line: number) => createHash('sha256').update(String(line)).digest('hex');

/** A segment of the record is closed. */
function close(): void {
  lines += 1;
  sealed({ stream: 'output' });
}

/** The exchange that runs is over. It carries what it named when it began. */
function complete(carried = ssh.carry() as Carried): Buffer {
  const secret = randomBytes(32);
  ssh.kept({ carried, secret, startedBy: 'launcher' } as Partial<KeptExchange<Carried>>);
  return secret;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  lines = 30;
  ssh.started = 0;
  [keeping, holds, counts, failures] = [[], [], [], []];
  anchors = makeAnchors({
    grant: { sessionId: 's', hostKeys: [] } as Partial<GrantPayload> as GrantPayload,
    grantSigned: { payload, signature: '' },
    recorder: {
      covered: () => ({ lines, digest: headOf(lines) }),
      onSealed: (listener) => {
        sealed = listener as typeof sealed;
      },
      keepAnchor(anchor) {
        const done = Promise.withResolvers<void>();
        keeping.push({ anchor, done });
        return done.promise;
      },
    },
    kept: (count) => counts.push(count),
    hold: (held) => holds.push(held),
    failed: (error) => failures.push(error),
  });
  anchors.attach({} as Client);
});
afterEach(() => vi.useRealTimers());

async function granted(): Promise<void> {
  const grant = anchors.anchorGrant();
  complete();
  await grant;
}

describe('the anchors of a session', () => {
  it('begin with the grant, in whatever exchange comes first, and go on with the head', async () => {
    expect(ssh.carry()).toMatchObject({
      name: anchorName(createHash('sha256').update(payload).digest('hex')),
      subject: 'grant',
      lines: 0,
    });
    close();
    await vi.advanceTimersByTimeAsync(5000);
    expect(ssh.started).toBe(0);
    await granted();
    expect(ssh.started).toBe(1);
    expect(ssh.carry()).toMatchObject({ name: anchorName(headOf(31)), subject: 'head', lines: 31 });
    expect(keeping.map(({ anchor }) => anchor.subject)).toEqual(['grant']);
  });

  it('are at most one a second, however many segments are closed, and carry the newest head', async () => {
    await granted();
    const covered: number[] = [];
    for (let ms = 0; ms < 5000; ms += 50) {
      close();
      const before = ssh.started;
      await vi.advanceTimersByTimeAsync(50);
      if (ssh.started === before) continue;
      covered.push((ssh.carry() as Carried).lines);
      expect(covered.at(-1)).toBe(lines);
      complete();
    }
    expect(covered.length).toBeGreaterThanOrEqual(4);
    expect(covered.length).toBeLessThanOrEqual(5);
  });

  it('are one for segments that are closed together, and none without any', async () => {
    await granted();
    await vi.advanceTimersByTimeAsync(60_000);
    close();
    await vi.advanceTimersByTimeAsync(90);
    close();
    await vi.advanceTimersByTimeAsync(10);
    expect(ssh.started).toBe(2);
    complete();
    // An anchor's own line is no reason for another.
    sealed({ stream: 'anchor' });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ssh.started).toBe(2);
  });

  it('wait for one that runs and carries less', async () => {
    await granted();
    close();
    await vi.advanceTimersByTimeAsync(1000);
    const carried = ssh.carry() as Carried;
    close();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ssh.started).toBe(2);
    complete(carried);
    await vi.advanceTimersByTimeAsync(1000);
    expect(ssh.started).toBe(3);
    expect((ssh.carry() as Carried).lines).toBe(32);
  });

  it('end with one that covers all, after the one that runs', async () => {
    await granted();
    close();
    await vi.advanceTimersByTimeAsync(1000);
    const running = ssh.carry() as Carried;
    let over = false;
    const sealing = vi.fn(async () => {
      close();
      close();
    });
    const end = anchors.anchorEnd(sealing).then(() => {
      over = true;
    });
    await vi.advanceTimersByTimeAsync(500);
    expect(sealing).not.toHaveBeenCalled();
    complete(running);
    await vi.advanceTimersByTimeAsync(0);
    expect([sealing.mock.calls.length, ssh.started, over]).toEqual([1, 3, false]);
    complete();
    await end;
    close();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ssh.started).toBe(3);
  });

  it('are begun no more after a stop, but those of the target are still kept', async () => {
    await granted();
    close();
    anchors.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ssh.started).toBe(1);
    complete();
    expect(keeping).toHaveLength(2);
    await anchors.anchorEnd(() => Promise.reject(new Error('not called')));
  });

  it('are counted when they are on disk, and each secret is wiped then, or when it could not be kept', async () => {
    const secrets = [complete(), complete(), complete()];
    expect(secrets.every((secret) => secret.some((byte) => byte !== 0))).toBe(true);
    expect(counts).toEqual([]);
    keeping[0]?.done.resolve();
    keeping[1]?.done.reject(new Error('the disk is full'));
    await vi.advanceTimersByTimeAsync(0);
    expect(counts).toEqual([1]);
    expect(secrets.map((secret) => secret.every((byte) => byte === 0))).toEqual([true, true, false]);
    // What the recorder cannot write, it says itself.
    expect(failures).toEqual([]);
  });

  it('are refused by the session itself when they do not verify', async () => {
    complete();
    const [{ anchor, done } = { anchor: null, done: null }] = keeping;
    await anchor?.fileOf(0).catch(done?.reject);
    await vi.advanceTimersByTimeAsync(0);
    expect(failures).toHaveLength(1);
  });

  it('are no longer than the server takes', () => {
    expect(fitting(Buffer.alloc(anchorBytesAtMost))).toHaveLength(anchorBytesAtMost);
    expect(() => fitting(Buffer.alloc(anchorBytesAtMost + 1))).toThrow(/longer than/);
  });

  it('hold a target up that exchanges keys faster than they can be kept, and let it go on', async () => {
    for (let count = 0; count < 40; count += 1) complete();
    expect(holds).toEqual([true]);
    for (const { done } of keeping.slice(0, 39)) done.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(holds).toEqual([true]);
    keeping.at(-1)?.done.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(holds).toEqual([true, false]);
  });
});
