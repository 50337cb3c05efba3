import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEventName } from '../../src/control/audit/events.ts';
import { identityOf, sampleEvidence } from '../../src/control/recordings/evidence-sample.ts';
import { makeFolderStore } from '../../src/control/recordings/folder-store.ts';
import { wireHead } from '../../src/control/recordings/wire-head.ts';
import { releaseWires } from '../../src/control/recordings/wire-release.ts';
import { emptyHead } from '../../src/control/relay/wire-files.ts';
import { makeWireKeeper } from '../../src/control/relay/wire-keeper.ts';
import { passwordSecretName } from '../../src/control/secrets/secret-name.ts';
import { makeAgeIdentity } from '../../src/recording/codecs/age.ts';
import { parseAnchor } from '../../src/recording/evidence/anchor.ts';
import { parseManifest } from '../../src/recording/manifest/parse-manifest.ts';
import { openSegment } from '../../src/recording/segments/seal.ts';
import { signSsh } from '../../src/recording/signatures/sshsig.ts';
import { parseCast } from '../../src/recording/text/cast.ts';
import { verifyFolder } from '../../src/recording/verify/verify-folder.ts';
import type { Recorder } from '../../src/session/recorder/recorder.ts';
import type { ApplyDocumentInput } from '../../src/shared/protocol/control-api.ts';
import { type ReceiptPayload, receiptPayloadSchema } from '../../src/shared/protocol/signed.ts';
import type { AnchorLine } from '../../src/shared/record/manifest.ts';
import {
  formatAnchorLine,
  formatReceiptLine,
  parseAnchorLine,
  parseSegmentLine,
} from '../../src/shared/record/manifest-lines.ts';
import type { WireHead } from '../../src/shared/record/wire.ts';
import { canCheckPasswords, type PasswordTarget, startPasswordSshd } from '../harness/session/password-target.ts';
import { type Sshd, startSshd, until } from '../harness/session/sshd.ts';
import { putManifest, putSegment, raw, record, upload } from './live-world/records.ts';
import { type Device, startWorld, type World } from './live-world/world.ts';
import { rewriteRecord, rewriteWire } from './wire-world/rewrite.ts';
import { openRelayed, type RelayedSession } from './wire-world/session.ts';

let world: World;
let sshd: Sshd;
let jonas: Device;
/** Asks for new keys itself, again and again. Null where passwords cannot be checked. */
let restless: PasswordTarget | null = null;
const password = 'only the vault knows it';

beforeAll(async () => {
  [world, sshd] = await Promise.all([startWorld(), startSshd()]);
  writeFileSync(`${sshd.authority}.pub`, `${world.server.context.services.broker.authority}\n`);
  if (canCheckPasswords) {
    restless = await startPasswordSshd({ password, banner: 'Be good.\n', extra: ['RekeyLimit 128K'] });
    const place = { target: 'vault-01', login: restless.login };
    await world.server.context.vault.put(passwordSecretName(place), Buffer.from(password));
  }
  const common = { logins: [{ name: sshd.login }], hostKeys: [sshd.hostKey], host: '127.0.0.1', port: sshd.port };
  const targets: ApplyDocumentInput['targets'] = [{ name: 'web-01', ...common }];
  if (restless !== null) {
    const { port, hostKey, login } = restless;
    const logins = [{ name: login, credential: 'password' as const }];
    targets.push({ name: 'vault-01', host: '127.0.0.1', port, hostKeys: [hostKey], logins });
  }
  await world.apply(
    targets,
    targets.map(({ port }) => `127.0.0.1:${port}`),
  );
  jonas = await world.enrol('jonas');
});
afterAll(async () => {
  await sshd?.stop();
  await restless?.stop();
  await world?.close();
});

const sampleParts = () => {
  const core = world.server.context;
  return { core, broker: core.services.broker, store: makeFolderStore(core.config.recordings.folder, true) };
};

const open = (patch?: Parameters<typeof openRelayed>[0]['patch']): Promise<RelayedSession> =>
  openRelayed({ world, device: jonas, target: 'web-01', login: sshd.login, ...(patch === undefined ? {} : { patch }) });

async function receiptsOf(sessionId: string): Promise<ReceiptPayload[]> {
  const { receipts } = await world.as('jonas', 'getManifest', { params: { sessionId } });
  return receipts.map(({ payload }) => receiptPayloadSchema.parse(JSON.parse(payload)));
}

const unlockAs = async (userId: string, sessionId: string) =>
  world.as(userId, 'unlock', {
    params: { sessionId },
    body: { stream: 'output', purpose: 'replay', recipient: (await makeAgeIdentity()).recipient },
  });
const view = (sessionId: string) => world.as('jonas', 'getRecording', { params: { sessionId } });
const stored = (sessionId: string, file: string) =>
  path.join(world.server.context.config.recordings.folder, sessionId, file);
const isStored = (sessionId: string) =>
  until(async () => {
    const row = await world.server.context.reader
      .selectFrom('wires')
      .select('stored_at')
      .where('session_id', '=', sessionId)
      .executeTakeFirst();
    return row?.stored_at != null;
  }, 'the wire to be stored');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function detailsOf(event: AuditEventName, subject: string): Promise<unknown[]> {
  const rows = await world.server.context.reader
    .selectFrom('audit_events')
    .select('detail')
    .where('event', '=', event)
    .where('subject', '=', subject)
    .execute();
  return rows.map(({ detail }) => detail);
}
const alertsOf = (sessionId: string) => detailsOf('recording.evidence-differs', sessionId);

/** The raw bytes of the recorded output. */
async function outputOf(folder: string, identity: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  const { segments } = parseManifest(readFileSync(path.join(folder, 'manifest'), 'utf8'));
  for (const { file } of segments.filter(({ stream }) => stream === 'output')) {
    const { events } = parseCast(await openSegment(readFileSync(path.join(folder, file)), identity));
    parts.push(...events.filter(({ code }) => code === 'o').map(({ data }) => data));
  }
  return Buffer.concat(parts);
}

/** A copy of what the store has of a recording, and what opens it. */
async function copyOf(sessionId: string) {
  await isStored(sessionId);
  const folder = mkdtempSync(path.join(world.folder, 'copy-'));
  cpSync(path.dirname(stored(sessionId, 'manifest')), folder, { recursive: true });
  const parts = sampleParts();
  const [output, input] = await Promise.all([
    identityOf(parts, sessionId, 'output'),
    identityOf(parts, sessionId, 'input'),
  ]);
  const identities = { output: output ?? '', input: input ?? '' };
  return { folder, identities, verify: () => verifyFolder(folder, { serverKey: jonas.serverKey }, identities) };
}

/** A session in which the target says something that its launcher may record as something else, to its end. */
async function evilSession(patch?: Parameters<typeof open>[0], isSent = true): Promise<RelayedSession> {
  const session = await open(patch);
  await session.sees(/[#$] $/);
  // What is typed does not hold the word; the target writes it at once.
  session.type("printf '\\145vil deeds\\n'\r");
  await session.sees(/evil deeds\r\n/);
  session.type('exit\r');
  await session.ended;
  if (isSent) await session.upload();
  return session;
}

const clean = (text: string) => text.replaceAll('evil', 'good');
const cleaned = (data: Uint8Array) => Buffer.from(clean(Buffer.from(data).toString('latin1')), 'latin1');

/** The recorder of a patched launcher: all is as ours, but for what one method takes. */
function patched(method: 'output' | 'input', change: (data: Uint8Array) => Uint8Array | null) {
  return (recorder: Recorder): Recorder =>
    new Proxy(recorder, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        if (name !== method) return value.bind(target);
        return (data: Uint8Array) => {
          const changed = change(data);
          return changed === null ? 0 : target[method](changed);
        };
      },
    });
}

describe('the wire of a session through the relay', () => {
  it('is kept as it crossed, named in the last receipt to its end, given out, and equal to the record', async () => {
    const session = await open();
    await session.sees(/[#$] $/);
    session.type('echo over-$((40+2))\r');
    await session.sees(/over-42/);
    session.resize(100, 30);
    session.type('stty size; seq 20000 | tail -c 90000\r');
    await session.sees(/30 100[\s\S]*20000\r\n/);
    session.type('exit 3\r');
    expect(await session.ended).toMatchObject({ kind: 'exit', status: 3 });
    await session.upload();
    const { wire } = (await receiptsOf(session.id)).at(-1) as ReceiptPayload;
    expect(wire).toMatchObject({ closed: true });
    await isStored(session.id);
    for (const [direction, head] of [
      ['to-target', wire?.toTarget],
      ['from-target', wire?.fromTarget],
    ] as const) {
      const answer = await raw(jonas, 'GET', `/v1/recordings/${session.id}/wire/${direction}`);
      expect([answer.status, answer.type]).toEqual([200, 'application/octet-stream']);
      expect({ bytes: answer.body.length, sha256: sha256(answer.body) }).toEqual(head);
      expect(answer.body.equals(readFileSync(stored(session.id, `wire.${direction}`)))).toBe(true);
    }
    expect(await view(session.id)).toMatchObject({
      evidence: 'anchored-with-wire',
      wire: { bytesToTarget: wire?.toTarget.bytes, bytesFromTarget: wire?.fromTarget.bytes, open: false },
    });
    expect(await sampleEvidence(sampleParts())).toEqual([{ sessionId: session.id, firstBad: null, compared: true }]);
    expect(await sampleEvidence(sampleParts())).toEqual([]);
    expect(await world.auditOf(session.id)).toContain('recording.verified');
    // A process that died of a look leaves this: it is not under way any more, and never came to its end.
    const died = (agoMs: number) =>
      world.server.context.writer
        .updateTable('wires')
        .set({ verified_at: null, tried_at: new Date(world.server.context.clock.now().getTime() - agoMs) })
        .where('session_id', '=', session.id)
        .execute();
    await died(24 * 3_600_000);
    const events = await world.auditOf(session.id);
    // A stop in the middle of a look ends it, and nothing is said of what it had seen by then.
    const stop = new AbortController();
    const parts = sampleParts();
    let reads = 0;
    const store: typeof parts.store = Object.assign(Object.create(parts.store), {
      get(key: string) {
        reads += 1;
        stop.abort();
        return parts.store.get(key);
      },
    });
    expect(await sampleEvidence({ ...parts, store, signal: stop.signal })).toEqual([]);
    expect(reads).toBe(1);
    expect(await sampleEvidence({ ...parts, signal: stop.signal })).toEqual([]);
    expect(await world.auditOf(session.id)).toEqual(events);
    await died(3_600_000);
    expect(await sampleEvidence(sampleParts())).toEqual([]);
    await died(24 * 3_600_000);
    expect(await sampleEvidence(sampleParts())).toMatchObject([{ sessionId: session.id }]);
  });

  it('security 17a: catches a launcher that records other output than the target sent, and names the first byte', async () => {
    const session = await evilSession(patched('output', cleaned));
    const { folder, identities, verify } = await copyOf(session.id);
    const found = await verify();
    expect(found.firstBad).toMatchObject({
      where: expect.stringMatching(/^output, byte \d+$/),
      what: expect.stringContaining('other bytes crossed'),
    });
    const offset = Number(found.firstBad?.where.split(' ').at(-1));
    expect((await outputOf(folder, identities.output)).subarray(offset).toString()).toMatch(/^good deeds\r\n/);
    // The server finds it by itself, within a day.
    const [sampled] = (await sampleEvidence(sampleParts())).filter(({ sessionId }) => sessionId === session.id);
    expect(sampled?.firstBad).toEqual(found.firstBad);
    expect(await alertsOf(session.id)).toMatchObject([{ where: found.firstBad?.where }]);

    // Who has the store and the secrets can make a wire that fits the lie, but not one that fits what the server signed before they were given out.
    const insider = { folder, identities, key: session.key, replace: clean };
    expect(await rewriteWire(insider, 'from-target')).toBe(1);
    expect((await verify()).firstBad).toMatchObject({
      where: 'wire.from-target',
      what: expect.stringMatching(/^its first \d+ bytes are not those that receipt \d+ commits to$/),
    });
    writeFileSync(path.join(folder, 'receipts.json'), '[]');
    const without = await verify();
    expect(without.checks).toContainEqual(expect.objectContaining({ name: 'crossing', ok: true }));
    // Without the receipts, which are in the server's database too, it would be believed: so much says this test of what they are for.
    expect(without.notWhole).toContain('nothing but the session vouches for it');
  });

  it('catches a launcher that leaves out what was typed', async () => {
    const hidden = patched('input', (data) => (Buffer.from(data).includes('printf') ? null : data));
    const { verify } = await copyOf((await evilSession(hidden)).id);
    expect((await verify()).firstBad).toMatchObject({ where: 'input, byte 0' });
  });

  it('security 17b: catches a record that was rewritten later with all secrets at hand', async () => {
    const session = await evilSession();
    const honest = await copyOf(session.id);
    expect((await honest.verify()).firstBad).toBeNull();
    const places: [Parameters<typeof rewriteRecord>[1], RegExp][] = [
      [{ heads: false, receipts: true }, /^receipt 1$/],
      [{ heads: false, receipts: false }, /^output, byte \d+$/],
    ];
    for (const [keep, where] of places) {
      const { folder, identities, verify } = await copyOf(session.id);
      await rewriteRecord({ folder, identities, key: session.key, replace: clean }, keep);
      expect((await verify()).firstBad?.where).toMatch(where);
    }
  });

  it('refuses one flipped bit, wherever it is', async () => {
    const { folder, verify } = await copyOf((await evilSession()).id);
    const first = path.join(folder, 'wire.to-target');
    const kept = readFileSync(first);
    // Also where nothing opens it: in the identification, the first exchange, the login.
    for (const at of [9, 100, 1700]) {
      writeFileSync(first, kept.with(at, (kept[at] ?? 0) ^ 0x40));
      expect((await verify()).firstBad?.where).toBe('wire.to-target');
    }
    writeFileSync(first, kept);
    // From here on nothing but the wire itself speaks: no receipt commits to its bytes.
    writeFileSync(path.join(folder, 'receipts.json'), '[]');
    for (const direction of ['to-target', 'from-target']) {
      const file = path.join(folder, `wire.${direction}`);
      const whole = readFileSync(file);
      for (const back of [3, 40, 200, 400]) {
        const changed = Buffer.from(whole);
        changed[whole.length - back] = (changed[whole.length - back] ?? 0) ^ 0x04;
        writeFileSync(file, changed);
        expect([back, (await verify()).firstBad?.where]).toEqual([
          back,
          expect.stringMatching(new RegExp(`^wire.${direction}, byte \\d+$`)),
        ]);
      }
      writeFileSync(file, whole);
    }
    expect((await verify()).firstBad).toBeNull();
  });

  it('says how far the wire went before a key is given out, also while the session runs', async () => {
    const session = await open();
    await session.sees(/[#$] $/);
    const { recipient } = await makeAgeIdentity();
    // The head is written down about every second.
    await until(async () => ((await view(session.id)).wire?.bytesFromTarget ?? 0) > 0, 'a head of the wire');
    expect(await view(session.id)).toMatchObject({ wire: { open: true }, evidence: 'wire-only' });
    await world.as('jonas', 'unlock', {
      params: { sessionId: session.id },
      body: { stream: 'output', purpose: 'a look', recipient },
    });
    const { wire } = (await detailsOf('recording.unlocked', session.id))[0] as { wire: WireHead };
    session.disconnect();
    await session.ended;
    await session.upload();
    await isStored(session.id);
    const bytes = readFileSync(stored(session.id, 'wire.from-target'));
    expect(wire.fromTarget.bytes).toBeGreaterThan(1000);
    expect(sha256(bytes.subarray(0, wire.fromTarget.bytes))).toBe(wire.fromTarget.sha256);
    expect((await (await copyOf(session.id)).verify()).firstBad).toBeNull();
  });

  it('stands beside a manifest that is refused when its anchor is none, or it names a receipt that nobody gave', async () => {
    const session = await evilSession(undefined, false);
    const text = readFileSync(path.join(session.folder, 'manifest'), 'utf8');
    const file = path.join(session.folder, '000000.anchor');
    const anchor = readFileSync(file);
    const lines = text.split('\n');
    const at = lines.findIndex((line) => line.startsWith('anchor 0 '));
    const said = parseAnchorLine(lines[at] ?? '') as AnchorLine;
    // Signed by another key than the target's: as long as it was.
    const { signature } = parseAnchor(anchor);
    const forged = Buffer.from(anchor.toString().replace(signature, signature.replace(/.{8}(=*)$/, 'AAAAAAAA$1')));
    await putSegment(jonas, session.id, { stream: 'anchor', seq: 0, bytes: forged });
    const head = lines.slice(0, at).map((line) => `${line}\n`);
    for (const line of lines.slice(0, at)) {
      const segment = parseSegmentLine(line);
      if (segment !== null)
        await putSegment(jonas, session.id, {
          ...segment,
          bytes: readFileSync(path.join(session.folder, segment.file)),
        });
    }
    const send = (last: string) => {
      const manifest = `${head.join('')}${last}`;
      const signed = signSsh({ privateKey: session.key, namespace: 'recording@sallyport', message: manifest });
      return putManifest(jonas, session.id, manifest, signed);
    };
    const forgedLine = formatAnchorLine({ ...said, bytes: forged.length, sha256: sha256(forged) });
    await expect(send(forgedLine)).rejects.toThrow(/anchor 0 is none/);
    const previous = sha256(Buffer.from(head.join('')));
    await expect(send(formatReceiptLine({ lines: at, sha256: previous, previous }))).rejects.toThrow(
      /names a receipt for \d+ lines that this server did not give/,
    );
    await expect(send('')).resolves.toMatchObject({ receipt: expect.anything() });
  });

  it('is equal as far as it was recorded when a session is cut in a flood, and what was on its way is counted', async () => {
    const session = await open();
    await session.sees(/[#$] $/);
    session.type('yes abcdefghijklmnopqrstuvwxyz\r');
    await session.sees(/(z\r\n.*){2000}/);
    session.disconnect();
    await session.ended;
    await session.upload();
    const found = await (await copyOf(session.id)).verify();
    expect(found.firstBad).toBeNull();
    const crossing = found.checks.find(({ name }) => name === 'crossing')?.detail ?? '';
    const [, recorded, onItsWay] =
      /^(\d+) bytes of output.*?; (\d+) bytes of output crossed and are not recorded/.exec(crossing) ?? [];
    expect(Number(recorded)).toBeGreaterThan(50_000);
    expect(Number(onItsWay)).toBeGreaterThan(0);
    expect(Number(onItsWay)).toBeLessThanOrEqual(2 * 2_097_152);
    expect(crossing).toMatch(/; the login was not opened \(\d+ bytes to the target, \d+ from it\)/);
    // What is there holds, and it is not all that the target sent.
    expect(found.notWhole).toContain('output crossed that is not recorded');
  });

  it('is waited for by the last receipt until it is closed, in whatever process, but not for ever', async () => {
    const { id } = await world.open(jonas, 'web-01', sshd.login);
    const core = world.server.context;
    const values = { session_id: id, kept_by: 'another process', head: JSON.stringify(emptyHead) };
    await core.writer.insertInto('wires').values(values).execute();
    expect(await wireHead(core, id, 30)).toEqual(emptyHead);
    let answer: WireHead | null = null;
    const waiting = wireHead(core, id, 30_000).then((head) => {
      answer = head;
    });
    // It is looked up by then, and waits.
    await core.reader.selectFrom('wires').select('head').where('session_id', '=', id).execute();
    expect(answer).toBeNull();
    const head = { ...emptyHead, closed: true };
    await core.writer
      .updateTable('wires')
      .set({ head: JSON.stringify(head) })
      .where('session_id', '=', id)
      .execute();
    core.bus.publish('wire-closed', { sessionId: id });
    await waiting;
    expect(answer).toEqual(head);
    expect(await wireHead(core, 'no such session', 30_000)).toBeNull();
  });

  it('has a receipt of its end, be it later than the last manifest and nobody told', async () => {
    const session = await world.open(jonas, 'web-01', sshd.login);
    const { writer, bus } = world.server.context;
    const values = { session_id: session.id, kept_by: 'another process', head: JSON.stringify(emptyHead) };
    await writer.insertInto('wires').values(values).execute();
    await upload(session, await record(world, session));
    const said = async () => (await receiptsOf(session.id)).map(({ lines, wire }) => ({ lines, wire }));
    const [first] = await said();
    expect(first?.wire).toEqual(emptyHead);
    const goesOn = (bytes: number, closed: boolean): Promise<unknown> => {
      const toTarget = { bytes, sha256: sha256(Buffer.alloc(bytes)) };
      const head = JSON.stringify({ ...emptyHead, toTarget, closed });
      return writer.updateTable('wires').set({ head }).where('session_id', '=', session.id).execute();
    };
    // What is there by the time that someone opens the recording.
    await goesOn(5, false);
    await unlockAs('mira', session.id);
    await unlockAs('mira', session.id);
    expect(await said()).toMatchObject([
      first,
      { lines: first?.lines, wire: { toTarget: { bytes: 5 }, closed: false } },
    ]);
    await goesOn(9, true);
    bus.publish('wire-closed', { sessionId: session.id });
    await until(async () => (await said()).length === 3, 'the last receipt');
    expect((await said()).at(-1)).toMatchObject({
      lines: first?.lines,
      wire: { toTarget: { bytes: 9 }, closed: true },
    });
    // The folder of the store has them too, and they hold.
    const inFolder = () => (JSON.parse(readFileSync(stored(session.id, 'receipts.json'), 'utf8')) as unknown[]).length;
    await until(() => inFolder() === 3, 'the list in the folder');
    const found = await verifyFolder(path.dirname(stored(session.id, 'manifest')), { serverKey: jonas.serverKey });
    expect(found.checks.find(({ name }) => name === 'receipts')).toMatchObject({ ok: true });
  });

  it('is not kept, and so nothing passes, when the disk has its reserve left and no more', async () => {
    const core = { ...world.server.context, dataFolder: mkdtempSync(path.join(world.folder, 'full-')) };
    let isFull = false;
    const reserve = {
      take() {
        if (isFull) throw new Error('full');
      },
    };
    const keeper = makeWireKeeper(core, sampleParts().store, reserve);
    const sink = keeper.open('22222222-2222-4222-8222-222222222222', () => undefined);
    sink.keep('to-target', Buffer.from('a'));
    isFull = true;
    expect(() => sink.keep('to-target', Buffer.from('b'))).toThrow('full');
    expect(() => keeper.open('33333333-3333-4333-8333-333333333333', () => undefined)).toThrow('full');
    sink.closed();
    await keeper.close();
    const kept = path.join(core.dataFolder, 'wires', '22222222-2222-4222-8222-222222222222', 'wire.to-target');
    expect(readFileSync(kept, 'utf8')).toBe('a');
  });

  it('is closed and stored by the next start when its process was killed', async () => {
    const { id } = await world.open(jonas, 'web-01', sshd.login);
    const core = { ...world.server.context, dataFolder: mkdtempSync(path.join(world.folder, 'killed-')) };
    const values = { session_id: id, kept_by: 'a process that is gone', head: JSON.stringify(emptyHead) };
    await core.writer.insertInto('wires').values(values).execute();
    mkdirSync(path.join(core.dataFolder, 'wires', id), { recursive: true });
    for (const direction of ['to-target', 'from-target'])
      writeFileSync(path.join(core.dataFolder, 'wires', id, `wire.${direction}`), `all of ${direction}`);
    const keeper = makeWireKeeper(core, sampleParts().store);
    await isStored(id);
    expect(await view(id)).toMatchObject({ wire: { bytesToTarget: 16, bytesFromTarget: 18, open: false } });
    expect(readFileSync(stored(id, 'wire.to-target'), 'utf8')).toBe('all of to-target');
    await keeper.close();
    expect(readdirSync(path.join(core.dataFolder, 'wires'))).toEqual([]);
  });

  it.skipIf(!canCheckPasswords)(
    'is equal after a handover, a banner and exchanges that the target asks for',
    async () => {
      const session = await openRelayed({
        world,
        device: jonas,
        target: 'vault-01',
        login: restless?.login ?? '',
      });
      await session.sees(/Be good\.[\s\S]*\$ $/);
      session.type('seq 90000; echo over-$((40+2))\r');
      await session.sees(/over-42\r\n/);
      session.type('exit\r');
      await session.ended;
      const anchors = readdirSync(session.folder)
        .filter((name) => name.endsWith('.anchor'))
        .map((name) => parseAnchor(readFileSync(path.join(session.folder, name))));
      expect(anchors.filter(({ startedBy }) => startedBy === 'target').length).toBeGreaterThan(1);
      await session.upload();
      const { folder, verify } = await copyOf(session.id);
      expect(readFileSync(path.join(folder, 'wire.to-target'))[0]).toBe(0);
      const found = await verify();
      expect(found.firstBad).toBeNull();
      expect(found.checks.find(({ name }) => name === 'crossing')?.detail).toMatch(
        /crossed as recorded; \d+ bytes are recorded as the target's words before the login, which nothing confirms/,
      );
      expect(found.notWhole).toBeNull();
    },
  );

  it('is deleted when its time is over; the recording says so and stays', async () => {
    const session = await evilSession();
    await isStored(session.id);
    const core = world.server.context;
    const at = (days: number) => ({ ...core.clock, now: () => new Date(Date.now() + days * 86_400_000) });
    const { store } = sampleParts();
    expect(await releaseWires({ ...core, clock: at(29) }, store)).toBe(0);
    await until(async () => (await view(session.id)).endedAt !== null, 'the session to be ended');
    await core.writer.updateTable('sessions').set({ ended_at: new Date() }).where('id', '=', session.id).execute();
    expect(await releaseWires({ ...core, clock: at(31) }, store)).toBeGreaterThan(0);
    expect(await view(session.id)).toMatchObject({
      evidence: 'anchored',
      wire: { open: false, releasedAt: expect.any(String) },
    });
    expect(await world.auditOf(session.id)).toContain('recording.wire-released');
    expect(
      readdirSync(path.dirname(stored(session.id, 'manifest'))).filter((name) => name.startsWith('wire.')),
    ).toEqual([]);
    const answer = await raw(jonas, 'GET', `/v1/recordings/${session.id}/wire/to-target`);
    expect([answer.status, answer.body.toString()]).toEqual([404, expect.stringContaining('was deleted at')]);
    expect((await (await copyOf(session.id)).verify()).firstBad).toBeNull();
  });
});
