import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDocument } from '../../src/recording/signatures/signed.ts';
import { verifyFolder } from '../../src/recording/verify/verify-folder.ts';
import { verifyRecording } from '../../src/recording/verify/verify-recording.ts';
import { receiptPayloadSchema } from '../../src/shared/protocol/signed.ts';
import {
  digestHeader,
  type LocalRecording,
  putManifest,
  putSegment,
  raw,
  record,
  signManifest,
  upload,
} from './live-world/records.ts';
import { connectLauncher } from './live-world/sockets.ts';
import { type Device, type Session, startWorld, type World } from './live-world/world.ts';

let world: World;
let jonas: Device;
let mira: Device;

beforeAll(async () => {
  world = await startWorld();
  const hostKeys = ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTR8USnqh7ijXwHLnHtrUtPF599DgEHTaz2JRJXLqEb'];
  await world.apply([{ name: 'web-01', host: '10.1.2.3', logins: [{ name: 'deploy' }], hostKeys }]);
  jonas = await world.enrol('jonas');
  mira = await world.enrol('mira');
});
afterAll(() => world?.close());

const open = () => world.open(jonas, 'web-01', 'deploy');
const view = (sessionId: string, as = 'mira') => world.as(as, 'getRecording', { params: { sessionId } });
const folderOf = (sessionId: string) => path.join(world.server.context.dataFolder, 'recordings', sessionId);

async function unlockAndRead(
  device: Device,
  session: Session,
  stream: 'output' | 'input',
  count: number,
): Promise<string> {
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const { sealedIdentity } = await device.client.call('unlock', {
    params: { sessionId: session.id },
    body: { stream, purpose: 'ticket 17', recipient },
  });
  const own = new Decrypter();
  own.addIdentity(identity);
  const decrypter = new Decrypter();
  decrypter.addIdentity(await own.decrypt(Buffer.from(sealedIdentity, 'base64'), 'text'));
  let text = '';
  for (let seq = 0; seq < count; seq += 1) {
    const { status, type, body } = await raw(device, 'GET', `/v1/recordings/${session.id}/segments/${stream}/${seq}`);
    expect([status, type]).toEqual([200, 'application/octet-stream']);
    text += zstdDecompressSync(await decrypter.decrypt(body)).toString('utf8');
  }
  return text;
}

describe('a recording', () => {
  let session: Session;
  let local: LocalRecording;

  it('is stored with a receipt, verifies, and opens for those who may', async () => {
    session = await open();
    expect(await view(session.id)).toMatchObject({
      state: 'started',
      segments: [],
      user: { id: 'jonas' },
      evidence: 'recorder-only',
    });
    local = await record(world, session, { bytes: 600_000, input: 'ls -l\r' });
    const outputs = local.segments.filter(({ stream }) => stream === 'output');
    expect(outputs.length).toBeGreaterThan(2);

    const first = outputs[0] as (typeof outputs)[number];
    const stored = await putSegment(jonas, session.id, first);
    expect(await putSegment(jonas, session.id, first)).toEqual(stored);
    expect((await view(session.id)).state).toBe('receiving');
    const { receipt } = await upload(session, local);
    const payload = openDocument({
      signed: receipt,
      publicKey: jonas.serverKey,
      namespace: 'receipt@sallyport',
      schema: receiptPayloadSchema,
    });
    expect(payload).toMatchObject({
      sessionId: session.id,
      ended: true,
      segments: local.segments.length,
      head: createHash('sha256').update(local.manifest).digest('hex'),
      lines: local.manifest.split('\n').length - 1,
    });
    expect((await putManifest(jonas, session.id, local.manifest, local.signature)).receipt).toEqual(receipt);
    expect(await view(session.id)).toMatchObject({
      state: 'complete',
      because: null,
      endReason: 'exit 0',
      mayUnlock: ['output', 'input', 'text'],
    });

    const document = await mira.client.call('getManifest', { params: { sessionId: session.id } });
    const fetched = async (stream: string, seq: number) =>
      (await raw(mira, 'GET', `/v1/recordings/${session.id}/segments/${stream}/${seq}`)).body;
    const verified = await verifyRecording({ ...document, serverKeyPinned: false, segment: fetched });
    expect([verified.ok, verified.ended, verified.firstBad]).toEqual([true, true, null]);
    expect((await verifyFolder(folderOf(session.id))).ok).toBe(true);

    const text = await unlockAndRead(mira, session, 'output', outputs.length);
    const shown = text.split('\n').filter((line) => line.startsWith('['));
    expect(
      shown
        .map((line) => JSON.parse(line))
        .filter(([, code]) => code === 'o')
        .map(([, , data]) => data)
        .join(''),
    ).toBe(local.output);
    expect(await unlockAndRead(mira, session, 'input', 1)).toContain('ls -l');
    const audit = await world.auditOf(session.id);
    for (const event of ['recording.completed', 'recording.read', 'recording.unlocked']) expect(audit).toContain(event);
  });

  it('takes nothing more, and no other bytes for what is stored', async () => {
    const [first] = local.segments;
    const other = { stream: first?.stream ?? 'output', seq: 0, bytes: randomBytes(100) } as const;
    await expect(putSegment(jonas, session.id, other)).rejects.toMatchObject({ code: 'SP-3021' });
    expect(await world.auditOf(session.id)).toContain('recording.segment-conflict');
    await expect(putSegment(jonas, session.id, { ...other, seq: 99 })).rejects.toMatchObject({ code: 'SP-3024' });
    const open = local.manifest.slice(0, local.manifest.lastIndexOf('end '));
    await expect(putManifest(jonas, session.id, open, signManifest(session, open))).rejects.toMatchObject({
      code: 'SP-3024',
    });
    expect(readFileSync(path.join(folderOf(session.id), 'manifest'), 'utf8')).toBe(local.manifest);
  });

  it('is seen by those who may, and unknown to the others', async () => {
    const sees = async (person: string) =>
      (await world.as(person, 'listRecordings')).recordings.find((entry) => entry.sessionId === session.id);
    expect(await sees('jonas')).toMatchObject({ mayUnlock: ['output'] });
    expect(await sees('henrik')).toMatchObject({ mayUnlock: [] });
    expect(await sees('mira')).toBeDefined();
    expect(await sees('eeva')).toBeUndefined();
    for (const person of ['eeva', 'henrik']) {
      await expect(world.as(person, 'getManifest', { params: { sessionId: session.id } })).rejects.toMatchObject({
        code: 'SP-3001',
      });
    }
    await expect(view(session.id, 'eeva')).rejects.toMatchObject({ code: 'SP-3001' });
    await expect(view('6a2f41b8-7f4e-4a54-9d62-0f3b8a4fd001')).rejects.toMatchObject({ code: 'SP-3001' });
    const recipient = await identityToRecipient(await generateX25519Identity());
    const unlock = (device: Device, body: object) =>
      device.client.call('unlock', { params: { sessionId: session.id }, body });
    await expect(unlock(jonas, { stream: 'input', purpose: 'x', recipient })).rejects.toMatchObject({
      code: 'SP-3031',
    });
    await expect(
      unlock(await world.enrol('eeva'), { stream: 'output', purpose: 'x', recipient }),
    ).rejects.toMatchObject({ code: 'SP-3001' });
    await expect(unlock(mira, { stream: 'output', purpose: 'x', recipient: 'age1nonsense' })).rejects.toMatchObject({
      code: 'SP-5001',
    });
    expect(await world.auditOf(session.id)).toContain('recording.unlock-refused');
  });

  it('is not written by anyone but its own person', async () => {
    const fresh = await open();
    const segment = { stream: 'output', seq: 0, bytes: randomBytes(10) } as const;
    await expect(putSegment(mira, fresh.id, segment)).rejects.toMatchObject({ code: 'SP-3001' });
    await expect(putManifest(mira, fresh.id, 'x', 'y')).rejects.toMatchObject({ code: 'SP-3001' });
    expect(existsSync(folderOf(fresh.id))).toBe(false);
  });

  it('is taken from a device that its person enrolled later; what it holds must still be by the keys of the first', async () => {
    const fresh = await open();
    const again = await world.enrol('jonas');
    const moved = { ...fresh, device: again };
    const local = await record(world, fresh);
    const foreign = await record(world, moved);
    for (const segment of local.segments) await putSegment(again, fresh.id, segment);
    await expect(putManifest(again, fresh.id, foreign.manifest, foreign.signature)).rejects.toMatchObject({
      code: 'SP-3023',
      message: expect.stringContaining('"device-key" is not what'),
    });
    await putManifest(again, fresh.id, local.manifest, local.signature);
    expect(await view(fresh.id)).toMatchObject({ state: 'complete', device: { id: jonas.deviceId } });
    const { detail } = await world.server.context.reader
      .selectFrom('audit_events')
      .select('detail')
      .where('subject', '=', fresh.id)
      .where('event', '=', 'recording.completed')
      .executeTakeFirstOrThrow();
    expect(detail.device).toBe(again.deviceId);
    expect((await verifyFolder(folderOf(fresh.id))).ok).toBe(true);
  });
});

describe('a segment', () => {
  it('must be the bytes of its digest, the next of its stream, and neither empty nor too large', async () => {
    const session = await open();
    const where = `/v1/recordings/${session.id}/segments/output/0`;
    const bytes = randomBytes(50);
    const put = async (to: string, headers: Record<string, string>, body = bytes) => {
      const { status, body: answer } = await raw(jonas, 'PUT', to, { headers, body });
      return [status, JSON.parse(answer.toString()).code];
    };
    expect(await put(where, {})).toEqual([400, 'SP-3020']);
    expect(await put(where, { 'content-digest': digestHeader(randomBytes(50)) })).toEqual([400, 'SP-3020']);
    expect(await put(where, { 'content-digest': `md5=:${'A'.repeat(22)}==:` })).toEqual([400, 'SP-3020']);
    const empty = Buffer.alloc(0);
    expect(await put(where, { 'content-digest': digestHeader(empty) }, empty)).toEqual([400, 'SP-5001']);
    const huge = Buffer.alloc(8_388_609);
    expect(await put(where, { 'content-digest': digestHeader(huge) }, huge)).toEqual([413, 'SP-5005']);
    const anchor = where.replace('output/0', 'anchor/0');
    const large = Buffer.alloc(65_537);
    expect(await put(anchor, { 'content-digest': digestHeader(large) }, large)).toEqual([413, 'SP-5005']);
    expect(await put(where.replace('output/0', 'output/1'), { 'content-digest': digestHeader(bytes) })).toEqual([
      409,
      'SP-3022',
    ]);
    expect(await put(where.replace('output/0', 'screen/0'), { 'content-digest': digestHeader(bytes) })).toEqual([
      400,
      'SP-5001',
    ]);
    expect(await put(where.replace('output/0', 'output/-1'), { 'content-digest': digestHeader(bytes) })).toEqual([
      400,
      'SP-5001',
    ]);
    expect(existsSync(folderOf(session.id))).toBe(false);
    expect((await put(where, { 'content-digest': digestHeader(bytes) }))[0]).toBe(200);
  });

  it('sent fifty times at once, by ten of them with other bytes, is stored once', async () => {
    const session = await open();
    const same = randomBytes(1000);
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) =>
        putSegment(jonas, session.id, { stream: 'output', seq: 0, bytes: index % 5 === 4 ? randomBytes(1000) : same }),
      ),
    );
    const stored = readFileSync(path.join(folderOf(session.id), '000000.cast.zst.age'));
    const won = results.filter((result) => result.status === 'fulfilled');
    expect(won.length).toBe(stored.equals(same) ? 40 : 1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'SP-3021' });
    expect(readdirSync(folderOf(session.id))).toEqual(['000000.cast.zst.age']);
  });
});

describe('a manifest', () => {
  it('is refused unless it is this session, its key, and what is stored', async () => {
    const [session, other] = [await open(), await open()];
    const local = await record(world, session);
    const refused = async (what: RegExp, text: string, signature = signManifest(session, text)) =>
      expect(putManifest(jonas, session.id, text, signature)).rejects.toMatchObject({
        code: 'SP-3023',
        message: expect.stringMatching(what),
      });
    await refused(/is not stored/, local.manifest);
    for (const segment of local.segments) await putSegment(jonas, session.id, segment);
    await refused(/signature is not by this session's key/, local.manifest, signManifest(other, local.manifest));
    await refused(/signature is not by this session's key/, `${local.manifest}x`, local.signature);
    await refused(/Line \d+ of the manifest/, local.manifest.replace('sallyport test', 'sallyport best'));
    // An old recording sent again as this one (security.md 16): good in itself, but of another session, nonce and grant.
    const old = await record(world, { ...session, grant: { ...session.grant, serverNonce: 'b2xk' } });
    await refused(/"server-nonce" is not what/, old.manifest);
    const foreign = await record(world, { ...session, grant: other.grant });
    await refused(/"session" is not what/, foreign.manifest);
    const twin = await record(world, session, { bytes: 200 });
    await refused(/digest or size of segment 0/, twin.manifest);
    expect(await world.auditOf(session.id)).toContain('recording.manifest-refused');
    await putManifest(jonas, session.id, local.manifest, local.signature);
  });

  it('grows only by lines at its end', async () => {
    const session = await open();
    const local = await record(world, session, { bytes: 600_000 });
    for (const segment of local.segments) await putSegment(jonas, session.id, segment);
    const lines = local.manifest.split('\n');
    const partial = `${lines.slice(0, -3).join('\n')}\n`;
    const { receipt } = await putManifest(jonas, session.id, partial, signManifest(session, partial));
    expect(JSON.parse(receipt.payload)).toMatchObject({ ended: false, lines: lines.length - 3 });
    const shorter = `${lines.slice(0, -4).join('\n')}\n`;
    await expect(putManifest(jonas, session.id, shorter, signManifest(session, shorter))).rejects.toMatchObject({
      code: 'SP-3023',
    });
    const withoutLast = await record(world, session, { bytes: 100 });
    await expect(putManifest(jonas, session.id, withoutLast.manifest, withoutLast.signature)).rejects.toMatchObject({
      code: 'SP-3023',
    });
    await putManifest(jonas, session.id, local.manifest, local.signature);
    const { receipts } = await mira.client.call('getManifest', { params: { sessionId: session.id } });
    expect(receipts.map(({ payload }) => JSON.parse(payload).ended)).toEqual([false, true]);
    expect((await verifyFolder(folderOf(session.id))).ok).toBe(true);
  });
});

describe('a recording without its end', () => {
  it('says because, when the journal of a crashed session comes', async () => {
    const session = await open();
    const local = await record(world, session);
    const journal = readFileSync(path.join(local.folder, 'journal'));
    const put = (binary: Uint8Array) =>
      raw(
        jonas,
        'PUT',
        `/v1/recordings/${session.id}/journal?because=${encodeURIComponent('the session process crashed')}`,
        { headers: { 'content-digest': digestHeader(binary) }, body: Buffer.from(binary) },
      );
    expect((await put(journal)).status).toBe(200);
    expect((await put(journal)).status).toBe(200);
    expect((await put(randomBytes(10))).status).toBe(409);
    expect(await view(session.id)).toMatchObject({
      state: 'incomplete',
      because: 'the session process crashed',
      journal: { bytes: journal.length },
    });
    expect((await raw(mira, 'GET', `/v1/recordings/${session.id}/journal`)).body.equals(journal)).toBe(true);
    expect(await world.auditOf(session.id)).toContain('recording.incomplete');
  });

  it('says because, when a session ended and nothing of it came; and becomes complete when it comes after all', async () => {
    const session = await open();
    const local = await record(world, session);
    const launcher = await connectLauncher(jonas);
    launcher.say({
      type: 'session-ended',
      sessionId: session.id,
      at: new Date().toISOString(),
      reason: { kind: 'exit', status: 0, signal: null },
    });
    await launcher.next('changed');
    expect((await view(session.id)).state).toBe('receiving');
    await world.server.context.writer
      .updateTable('sessions')
      .set({ ended_at: new Date(Date.now() - 11_000) })
      .where('id', '=', session.id)
      .execute();
    expect(await view(session.id)).toMatchObject({
      state: 'incomplete',
      because: expect.stringContaining('nothing of it was stored'),
      endReason: 'exit 0',
    });
    await expect(mira.client.call('getManifest', { params: { sessionId: session.id } })).rejects.toMatchObject({
      code: 'SP-3032',
    });
    await upload(session, local);
    expect(await view(session.id)).toMatchObject({ state: 'complete', because: null });
    await launcher.close();
  });
});

describe('the store on disk', () => {
  it('holds no plaintext and no identity', async () => {
    const session = await open();
    await upload(session, await record(world, session, { input: 'canary-4711\r' }));
    const files = readdirSync(folderOf(session.id));
    expect(files.sort()).toEqual([
      '000000.cast.zst.age',
      '000000.input.cast.zst.age',
      '000000.text.zst.age',
      'grant.json',
      'keys.json',
      'manifest',
      'manifest.sig',
      'receipts.json',
    ]);
    const { wrapped } = await world.server.context.reader
      .selectFrom('stream_keys')
      .selectAll()
      .where('session_id', '=', session.id)
      .executeTakeFirstOrThrow();
    expect(wrapped).not.toContain('AGE-SECRET');
    for (const file of files)
      expect(readFileSync(path.join(folderOf(session.id), file)).includes('canary')).toBe(false);
    writeFileSync(path.join(folderOf(session.id), 'manifest'), 'changed');
    await expect(verifyFolder(folderOf(session.id))).resolves.toMatchObject({ ok: false });
  });
});
