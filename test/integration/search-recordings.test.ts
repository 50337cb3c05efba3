import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolderStore } from '../../src/control/recordings/folder-store.ts';
import { openSearch } from '../../src/control/search/search.ts';
import { ageSeal } from '../../src/recording/codecs/age.ts';
import { zstdCompress } from '../../src/recording/codecs/zstd.ts';
import {
  formatTextEntry,
  formatTextHeader,
  type TextEntry,
  textBytesAtMost,
} from '../../src/shared/record/text-lines.ts';
import { isPostgresRun } from '../harness/test-database.ts';
import { putSegment, record, upload } from './live-world/records.ts';
import { type Device, type Session, startWorld, type World } from './live-world/world.ts';

let world: World;
let jonas: Device;
let eeva: Device;
const hostKeys = ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTR8USnqh7ijXwHLnHtrUtPF599DgEHTaz2JRJXLqEb'];
const targets = ['web-01', 'db-01'].map((name) => ({ name, host: '10.1.2.3', logins: [{ name: 'deploy' }], hostKeys }));

beforeAll(async () => {
  world = await startWorld();
  await world.apply(targets);
  [jonas, eeva] = [await world.enrol('jonas'), await world.enrol('eeva')];
});
afterAll(() => world?.close());

const indexed = () => world.server.context.services.search.idle();
async function search(person: string, text: string, more: Record<string, string> = {}) {
  return world.as(person, 'search', { query: { text, ...more } });
}
const texts = async (...asked: Parameters<typeof search>) => (await search(...asked)).hits.map(({ text }) => text);
const problems = async (session: Session) =>
  (
    await world.server.context.reader
      .selectFrom('recording_segments')
      .select(['seq', 'index_problem'])
      .where('session_id', '=', session.id)
      .where('stream', '=', 'text')
      .where('indexed_at', 'is not', null)
      .orderBy('seq')
      .execute()
  ).map(({ index_problem }) => index_problem);
const searches = async () =>
  world.server.context.reader
    .selectFrom('audit_events')
    .select(['actor', 'detail'])
    .where('event', '=', 'recording.searched')
    .orderBy('id')
    .execute();

/** As a shell that marks its prompts (OSC 133) shows it. */
const entered = (command: string, answer: string) =>
  `\x1b]133;A\x07$ \x1b]133;B\x07${command}\r\n\x1b]133;C\x07${answer}\r\n\x1b]133;D;0\x07`;

async function recorded(device: Device, target: string, output: string): Promise<Session> {
  const session = await world.open(device, target, 'deploy');
  await upload(session, await record(world, session, { bytes: 1, output, input: 'x\r' }));
  return session;
}

/** A text segment that no recorder of ours made, sealed as one. */
async function sendText(session: Session, seq: number, text: string | Buffer): Promise<void> {
  const bytes = await ageSeal(await zstdCompress(Buffer.from(text), 3), session.grant.recipients.text);
  await putSegment(session.device, session.id, { stream: 'text', seq, bytes });
}
const sidecar = (session: Session, seq: number, entries: TextEntry[]) =>
  `${formatTextHeader({ session: session.id, segment: seq })}${entries.map(formatTextEntry).join('')}`;

describe('search', () => {
  let web: Session;
  let db: Session;
  beforeAll(async () => {
    web = await recorded(jonas, 'web-01', entered('sudo systemctl restart nginx', 'Größe: 50% of disk_1 ÄRGER'));
    db = await recorded(eeva, 'db-01', entered('systemctl status postgresql', 'RESTART is pending'));
    await indexed();
  });

  it('finds who entered a command, where and when', async () => {
    const answer = await search('mira', '"systemctl restart"', { kind: 'command' });
    expect(answer).toMatchObject({ more: false, notSearched: { pending: 0, closed: 0 } });
    expect(answer.hits).toEqual([
      {
        sessionId: web.id,
        user: { id: 'jonas', name: 'Jonas Lindqvist' },
        target: { id: web.grant.target.id, name: 'web-01', production: false },
        login: 'deploy',
        startedAt: expect.stringMatching(/^20/),
        atMs: expect.any(Number),
        kind: 'command',
        text: 'sudo systemctl restart nginx',
        marks: [[5, 22]],
      },
    ]);
    const view = await world.as('mira', 'getRecording', { params: { sessionId: web.id } });
    expect(answer.hits[0]?.startedAt).toBe(view.startedAt);
  });

  it('takes words in any case and order, all in one line, and stands for nothing but themselves', async () => {
    expect(await texts('mira', 'NGINX restart', { kind: 'command' })).toEqual(['sudo systemctl restart nginx']);
    expect(await texts('mira', 'ärger größe')).toEqual(['Größe: 50% of disk_1 ÄRGER']);
    expect(await texts('mira', '50% disk_1')).toHaveLength(1);
    expect(await texts('mira', '5_% ')).toEqual([]);
    // In the same recording, in two lines.
    expect(await texts('mira', 'nginx größe')).toEqual([]);
    // Newest first; too short for the index.
    expect((await search('mira', 'restart')).hits.map(({ sessionId }) => sessionId)[0]).toBe(db.id);
    expect(await texts('mira', 'is')).toEqual(['RESTART is pending', 'Größe: 50% of disk_1 ÄRGER']);
    expect((await search('mira', 'restart', { limit: '1' })).more).toBe(true);
    await expect(search('mira', '""')).rejects.toMatchObject({ code: 'SP-5001' });
  });

  it('narrows by person, target, time and whose it is', async () => {
    const found = async (more: Record<string, string>, person = 'mira') =>
      new Set((await search(person, 'systemctl', more)).hits.map(({ sessionId }) => sessionId));
    expect(await found({ user: 'eeva' })).toEqual(new Set([db.id]));
    expect(await found({ target: 'web' })).toEqual(new Set([web.id]));
    expect(await found({ to: '2020-01-01T00:00:00Z' })).toEqual(new Set());
    expect(await found({ mine: 'yes' })).toEqual(new Set());
  });

  it('shows nobody what they may not open, and says how much that is', async () => {
    // In this world an operator may open the output of what they did, and no text.
    expect(await search('jonas', 'systemctl')).toEqual({
      hits: [],
      more: false,
      notSearched: { pending: 0, closed: 1 },
    });
    // The help desk may list everything here and open nothing.
    expect(await search('henrik', 'systemctl')).toEqual({
      hits: [],
      more: false,
      notSearched: { pending: 0, closed: 2 },
    });
    // Who sees nothing is told of nothing.
    expect(await search('sanna', 'systemctl')).toEqual({
      hits: [],
      more: false,
      notSearched: { pending: 0, closed: 0 },
    });
  });

  it("is an audit event where it is about others' recordings", async () => {
    const before = (await searches()).length;
    await search('mira', 'something secret', { user: 'jonas', kind: 'output' });
    await search('mira', 'my own', { mine: 'yes' });
    // As the rules that come with Sallyport have it: one's own text.
    const { inForce, reader } = world.server.context;
    const rules = await reader.selectFrom('policies').selectAll().execute();
    const own =
      'permit(principal, action == Action::"UnlockRecording", resource) when { resource.owner == principal && context.stream == "text" };';
    inForce.set(inForce.version + 1, [...rules, { id: 'own text', cedar: own }]);
    expect((await search('jonas', 'systemctl')).hits.map(({ sessionId }) => sessionId)).toEqual([web.id]);
    inForce.set(inForce.version + 1, rules);
    expect((await searches()).slice(before)).toEqual([
      { actor: 'mira', detail: { text: 'something secret', user: 'jonas', kind: 'output' } },
    ]);
  });
});

describe('what an endpoint sends as text', () => {
  it('is bounded, cannot stop the server, and leaves the rest searchable', async () => {
    const session = await world.open(jonas, 'web-01', 'deploy');
    await sendText(session, 0, sidecar(session, 0, [{ t: 1, line: 'before zebra' }]));
    await putSegment(jonas, session.id, { stream: 'text', seq: 1, bytes: Buffer.from('sealed by nobody') });
    await sendText(session, 2, Buffer.alloc(textBytesAtMost * 3, 0x20));
    await sendText(session, 3, `${sidecar(session, 3, [{ t: 2, line: 'half zebra' }])}nonsense\n`);
    await sendText(session, 4, sidecar(session, 9, [{ t: 2, line: 'misplaced zebra' }]));
    const hostile = "zebra\u0000 \ud800 '; drop table search_blocks; -- \u202e\n\r\u001b[2J";
    await sendText(
      session,
      5,
      sidecar(session, 5, [
        { t: 3, line: hostile },
        { t: Number.MAX_SAFE_INTEGER, command: 'last zebra' },
      ]),
    );
    await indexed();
    expect(await problems(session)).toEqual([
      null,
      expect.stringMatching(/does not open/),
      expect.stringMatching(/does not decompress/),
      expect.stringMatching(/no entry/),
      expect.stringMatching(/of another one/),
      null,
    ]);
    const { hits } = await search('mira', 'zebra');
    expect(hits.map(({ text, atMs }) => [text, atMs])).toEqual([
      ['before zebra', 1],
      ["zebra\ufffd \ufffd '; drop table search_blocks; -- \u202e\ufffd\ufffd\ufffd[2J", 3],
      ['last zebra', Number.MAX_SAFE_INTEGER],
    ]);
    for (const { text, marks } of hits) expect(marks.map(([from, to]) => text.slice(from, to))).toEqual(['zebra']);
  });

  it('a text that ended the process before is left alone in the end', async () => {
    const { context } = world.server;
    const session = await world.open(jonas, 'web-01', 'deploy');
    await context.writer
      .insertInto('recording_segments')
      .values({ ...stored(session), index_tries: 3 })
      .execute();
    context.services.search.stored();
    await indexed();
    expect(await problems(session)).toEqual([expect.stringContaining('the server ended')]);
  });
});

const stored = (session: Session) => ({
  session_id: session.id,
  stream: 'text' as const,
  seq: 0,
  sha256: '',
  bytes: 1,
  stored_at: new Date(),
});

describe('the index', () => {
  it('goes on where an end broke off, and counts what waits', async () => {
    const { context } = world.server;
    const session = await recorded(jonas, 'web-01', 'giraffe\r\n');
    await indexed();
    expect(await texts('mira', 'giraffe')).toEqual(['giraffe']);
    // As a server leaves it that died in the middle; where others may be at it, they are given a minute.
    await context.writer.deleteFrom('search_blocks').where('session_id', '=', session.id).execute();
    await context.writer
      .updateTable('recording_segments')
      .set({ indexed_at: null, index_tried_at: new Date(Date.now() - (isPostgresRun() ? 61_000 : 0)) })
      .where('session_id', '=', session.id)
      .where('stream', '=', 'text')
      .execute();
    expect(await search('mira', 'giraffe')).toMatchObject({ hits: [], notSearched: { pending: 1 } });
    const parts = { core: context, broker: context.services.broker, store: storeOf() };
    const next = await openSearch(parts);
    await next.idle();
    await next.close();
    expect(await search('mira', 'giraffe')).toMatchObject({ hits: [{ text: 'giraffe' }], notSearched: { pending: 0 } });
  });

  it('is emptied when the organisation switches search off, and filled again', async () => {
    const { context } = world.server;
    const rows = async () => (await context.reader.selectFrom('search_blocks').select('seq').execute()).length;
    expect(await rows()).toBeGreaterThan(3);
    await world.apply(targets, [], { recording: { search: 'off' } });
    await indexed();
    expect(await rows()).toBe(0);
    await expect(search('mira', 'giraffe')).rejects.toMatchObject({ code: 'SP-3050' });
    await recorded(jonas, 'web-01', 'antelope\r\n');
    await indexed();
    expect(await rows()).toBe(0);
    await world.apply(targets, [], { recording: { search: 'on' } });
    await indexed();
    expect(await texts('mira', 'giraffe')).toEqual(['giraffe']);
    expect(await texts('mira', 'antelope')).toEqual(['antelope']);
    const events = await context.reader
      .selectFrom('audit_events')
      .select('event')
      .where('event', '=', 'search.purged')
      .execute();
    expect(events).toHaveLength(1);
  });
});

function storeOf() {
  return makeFolderStore(world.server.context.config.recordings.folder, false);
}
