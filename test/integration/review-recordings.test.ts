import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolderStore } from '../../src/control/recordings/folder-store.ts';
import { releaseWires } from '../../src/control/recordings/wire-release.ts';
import { emptyHead } from '../../src/control/relay/wire-files.ts';
import { type RecordingsQuery, recordingsQuerySchema } from '../../src/shared/protocol/review-api.ts';
import { wireDirections, wireFile } from '../../src/shared/record/wire.ts';
import { record, upload } from './live-world/records.ts';
import { type Device, type Session, startWorld, type World } from './live-world/world.ts';

let world: World;
let jonas: Device;
let eeva: Device;
const hostKeys = ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTR8USnqh7ijXwHLnHtrUtPF599DgEHTaz2JRJXLqEb'];
const dayMs = 86_400_000;

beforeAll(async () => {
  world = await startWorld();
  const logins = [{ name: 'deploy' }];
  const targets = ['web-01', 'db_50'].map((name) => ({ name, host: '10.1.2.3', logins, hostKeys }));
  await world.apply(targets);
  [jonas, eeva] = [await world.enrol('jonas'), await world.enrol('eeva')];
});
afterAll(() => world?.close());

const about = (session: Session) => ({ params: { sessionId: session.id } });
const notes = (person: string, session: Session) => world.as(person, 'getNotes', about(session));
async function list(person: string, query: RecordingsQuery = {}) {
  // As the query of a request, all of it is text.
  recordingsQuerySchema.parse(query);
  const text = Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]));
  return world.as(person, 'listRecordings', { query: text });
}
const ids = async (person: string, query: RecordingsQuery = {}) =>
  (await list(person, query)).recordings.map(({ sessionId }) => sessionId).sort();
const change = (session: Session, set: Record<string, Date | string>) =>
  world.server.context.writer.updateTable('sessions').set(set).where('id', '=', session.id).execute();

describe('notes beside a recording', () => {
  let session: Session;
  beforeAll(async () => {
    session = await world.open(jonas, 'web-01', 'deploy');
  });

  it('bookmarks: whoever may read it sets them, only who set one removes it', async () => {
    const { bookmarks } = await world.as('jonas', 'addBookmark', {
      ...about(session),
      body: { atMs: 9000, text: 'here' },
    });
    await world.as('mira', 'addBookmark', { ...about(session), body: { atMs: 100, text: '' } });
    const seen = await notes('mira', session);
    expect(seen.bookmarks).toMatchObject([
      { atMs: 100, by: { id: 'mira', name: 'Mira Okafor' }, mine: true },
      { atMs: 9000, text: 'here', by: { id: 'jonas' }, mine: false },
    ]);
    const params = { sessionId: session.id, bookmarkId: bookmarks[0]?.id ?? '' };
    await expect(world.as('mira', 'removeBookmark', { params })).rejects.toMatchObject({
      code: 'SP-5003',
      message: expect.stringContaining("is Jonas Lindqvist's"),
    });
    expect((await notes('jonas', session)).bookmarks).toMatchObject([{ atMs: 9000, mine: true }]);
    expect((await world.as('jonas', 'removeBookmark', { params })).bookmarks).toEqual([]);
    await expect(world.as('jonas', 'removeBookmark', { params })).rejects.toMatchObject({ code: 'SP-5002' });
    for (const person of ['eeva', 'henrik'])
      await expect(notes(person, session)).rejects.toMatchObject({ code: 'SP-3001' });
  });

  it('findings: written, changed and closed by who may review, with who did; the list counts them', async () => {
    const finding = { atMs: 5, title: 'Restarted twice', note: 'Why?', severity: 'high' };
    await expect(world.as('jonas', 'addFinding', { ...about(session), body: finding })).rejects.toMatchObject({
      code: 'SP-5003',
    });
    const [written] = (await world.as('mira', 'addFinding', { ...about(session), body: finding })).findings;
    await world.as('mira', 'addFinding', { ...about(session), body: { ...finding, severity: 'low' } });
    expect(written).toMatchObject({ ...finding, state: 'open', by: { id: 'mira' }, changed: null });
    const [before] = (await list('mira', { findings: 'yes' })).recordings;
    expect(before?.review).toEqual({
      reviewed: null,
      hold: null,
      bookmarks: 1,
      findings: { open: 2, closed: 0, worst: 'high' },
      may: { review: true, hold: true },
    });
    const params = { sessionId: session.id, findingId: written?.id ?? '' };
    const changed = await world.as('mira', 'changeFinding', { params, body: { state: 'closed', note: 'A deploy.' } });
    expect(changed.findings.find(({ id }) => id === written?.id)).toMatchObject({
      state: 'closed',
      note: 'A deploy.',
      title: 'Restarted twice',
      changed: { by: { id: 'mira' } },
    });
    expect(changed.review.findings).toEqual({ open: 1, closed: 1, worst: 'low' });
    // The one whose recording it is is not warned: not by the list, not by the notes, not by a filter.
    const nothing = { open: 0, closed: 0, worst: null };
    expect((await list('jonas')).recordings[0]?.review).toMatchObject({
      findings: nothing,
      may: { review: false, hold: false },
    });
    expect(await notes('jonas', session)).toMatchObject({ findings: [], bookmarks: [], review: { findings: nothing } });
    expect(await ids('jonas', { findings: 'yes' })).toEqual([]);
    expect(await ids('jonas', { findings: 'no' })).toEqual([]);
    const rows = await world.server.context.reader
      .selectFrom('audit_events')
      .select('detail')
      .where('event', '=', 'recording.finding-changed')
      .execute();
    expect(rows.map(({ detail }) => detail.before)).toEqual([{ state: 'open', note: 'Why?' }]);
  });

  it('reviewed: by someone else than whose it is, and taken back', async () => {
    const body = { reviewed: true, note: 'all fine' };
    const done = await world.as('mira', 'setReviewed', { ...about(session), body });
    expect(done.review.reviewed).toMatchObject({ by: { id: 'mira' }, note: 'all fine' });
    expect(await ids('mira', { reviewed: 'yes' })).toEqual([session.id]);
    expect(
      (await world.as('mira', 'setReviewed', { ...about(session), body: { reviewed: false } })).review.reviewed,
    ).toBeNull();
    // Whatever rules say: an analyst's own session.
    await change(session, { user_id: 'mira' });
    await expect(world.as('mira', 'setReviewed', { ...about(session), body })).rejects.toMatchObject({
      code: 'SP-5003',
      message: expect.stringContaining('your own session'),
    });
    await change(session, { user_id: 'jonas' });
  });

  it('nobody reviews or holds their own, whatever rules say: not a finding about it is closed, no hold of it lifted', async () => {
    const finding = { atMs: 5, title: 'By the analyst', note: '', severity: 'high' };
    const written = await world.as('mira', 'addFinding', { ...about(session), body: finding });
    const findingId = written.findings.find(({ title }) => title === finding.title)?.id ?? '';
    await world.as('mira', 'setHold', { ...about(session), body: { hold: true, reason: 'case 12' } });
    await change(session, { user_id: 'mira' });
    const refused = { code: 'SP-5003', message: expect.stringContaining('your own session') };
    const params = { sessionId: session.id, findingId };
    const close = world.as('mira', 'changeFinding', { params, body: { state: 'closed' } });
    await expect(close).rejects.toMatchObject(refused);
    const lift = world.as('mira', 'setHold', { ...about(session), body: { hold: false, reason: 'done' } });
    await expect(lift).rejects.toMatchObject(refused);
    expect((await notes('mira', session)).review.may).toEqual({ review: false, hold: false });
    const own = (await list('mira', { mine: 'yes' })).recordings[0]?.review;
    expect(own).toMatchObject({ hold: null, may: { review: false, hold: false } });
    expect((await list('mira', { held: 'yes' })).recordings).toEqual([]);
    await change(session, { user_id: 'jonas' });
    await world.as('mira', 'setHold', { ...about(session), body: { hold: false, reason: 'done' } });
  });

  it('a copy is written down before it is made, and only for who may open the output', async () => {
    const body = { format: 'transcript', purpose: 'ticket 17' };
    await world.as('jonas', 'noteExport', { ...about(session), body });
    await expect(world.as('eeva', 'noteExport', { ...about(session), body })).rejects.toMatchObject({
      code: 'SP-3001',
    });
    expect((await world.auditOf(session.id)).filter((event) => event !== 'request.refused')).toEqual([
      'session.granted',
      'recording.bookmarked',
      'recording.bookmarked',
      'recording.bookmark-removed',
      'recording.finding-written',
      'recording.finding-written',
      'recording.finding-changed',
      'recording.reviewed',
      'recording.review-withdrawn',
      'recording.finding-written',
      'recording.held',
      'recording.hold-lifted',
      'recording.exported',
    ]);
  });
});

describe('legal hold', () => {
  it('keeps the wire until it is lifted; every reason stays', async () => {
    const { context } = world.server;
    const old = new Date(Date.now() - 40 * dayMs);
    const session = await world.open(jonas, 'web-01', 'deploy');
    await change(session, { granted_at: old, ended_at: old });
    const folder = path.join(context.config.recordings.folder, session.id);
    mkdirSync(folder, { recursive: true });
    const files = wireDirections.map((direction) => path.join(folder, wireFile(direction)));
    for (const file of files) writeFileSync(file, 'sealed');
    const head = JSON.stringify({ ...emptyHead, closed: true });
    const values = { session_id: session.id, kept_by: 'none', head, closed_at: old, stored_at: old };
    await context.writer.insertInto('wires').values(values).execute();
    const store = makeFolderStore(context.config.recordings.folder, false);
    const hold = (person: string, body: object) => world.as(person, 'setHold', { ...about(session), body });

    await expect(hold('jonas', { hold: true, reason: 'x' })).rejects.toMatchObject({ code: 'SP-5003' });
    const held = await hold('mira', { hold: true, reason: 'case 4711' });
    expect(held.review.hold).toMatchObject({ by: { id: 'mira' }, reason: 'case 4711' });
    await expect(hold('mira', { hold: true, reason: 'again' })).rejects.toMatchObject({
      code: 'SP-3041',
      message: expect.stringContaining('case 4711'),
    });
    expect(await ids('mira', { held: 'yes' })).toEqual([session.id]);
    expect(await releaseWires(context, store)).toBe(0);
    expect(files.map(existsSync)).toEqual([true, true]);

    const lifted = await hold('mira', { hold: false, reason: 'case closed' });
    expect(lifted.review.hold).toBeNull();
    await expect(hold('mira', { hold: false, reason: 'again' })).rejects.toMatchObject({ code: 'SP-3041' });
    expect(await releaseWires(context, store)).toBe(1);
    expect(files.map(existsSync)).toEqual([false, false]);

    await hold('mira', { hold: true, reason: 'reopened' });
    const history = await context.reader
      .selectFrom('recording_holds')
      .select(['reason', 'by_id', 'lifted_by', 'lift_reason'])
      .where('session_id', '=', session.id)
      .orderBy('at')
      .execute();
    expect(history).toEqual([
      { reason: 'case 4711', by_id: 'mira', lifted_by: 'mira', lift_reason: 'case closed' },
      { reason: 'reopened', by_id: 'mira', lifted_by: null, lift_reason: null },
    ]);
  });
});

describe('the list of recordings', () => {
  const at = (hours: number) => new Date(Date.UTC(2026, 0, 5, hours));
  let made: Session[];
  beforeAll(async () => {
    made = [];
    for (const [index, device] of [jonas, eeva, jonas, eeva, jonas, jonas, jonas].entries()) {
      const session = await world.open(device, index === 2 ? 'db_50' : 'web-01', 'deploy');
      made.push(session);
      // Two in the same millisecond: a page may end between them.
      const granted_at = at(index === 5 ? 4 : index);
      await change(session, {
        granted_at,
        ...(index < 4 ? { ended_at: new Date(granted_at.getTime() + (index + 1) * 60_000) } : {}),
      });
    }
  });
  const these = (...indexes: number[]) => indexes.map((index) => made[index]?.id ?? '').sort();
  const january = { from: at(0).toISOString(), to: at(24).toISOString() };

  it('narrows by person, target, time, length, state and whose it is', async () => {
    const of = (query: RecordingsQuery, person = 'mira') => ids(person, { ...january, ...query });
    expect(await of({})).toEqual(these(0, 1, 2, 3, 4, 5, 6));
    expect(await of({ user: 'EEVA' })).toEqual(these(1, 3));
    expect(await of({ user: 'lindq' })).toEqual(these(0, 2, 4, 5, 6));
    // Names as they are: nothing in them stands for anything else.
    expect(await of({ target: 'B_5' })).toEqual(these(2));
    expect(await of({ target: 'web_0' })).toEqual([]);
    expect(await ids('mira', { from: at(1).toISOString(), to: at(3).toISOString() })).toEqual(these(1, 2));
    expect(await of({ minSeconds: 120, maxSeconds: 180 })).toEqual(these(1, 2));
    expect(await of({ state: 'running' })).toEqual(these(4, 5, 6));
    expect(await of({ state: 'incomplete' })).toEqual(these(0, 1, 2, 3));
    expect(await of({ state: 'complete' })).toEqual([]);
    expect(await of({ held: 'yes' })).toEqual([]);
    expect(await of({ findings: 'no', reviewed: 'no' })).toHaveLength(7);
    expect(await of({ mine: 'yes' })).toEqual([]);
    expect(await of({ mine: 'yes' }, 'eeva')).toEqual(these(1, 3));
    // What the rules do not show does not become visible by asking for it.
    expect(await of({ user: 'jonas' }, 'eeva')).toEqual([]);
  });

  it('has a view for who sees recordings of others, beside one of their own', async () => {
    const views = async (person: string) => (await world.as(person, 'me')).views;
    expect(await views('jonas')).toEqual(['targets', 'sessions', 'history']);
    expect(await views('mira')).toEqual(['targets', 'sessions', 'recordings', 'live']);
    expect(await views('henrik')).toEqual(['targets', 'sessions', 'recordings']);
    expect(await views('sanna')).toEqual(['targets', 'sessions', 'live']);
    const { inForce, reader } = world.server.context;
    const stored = await reader.selectFrom('policies').selectAll().execute();
    const team = 'permit(principal == User::"eeva", action == Action::"ListRecordings", resource);';
    inForce.set(inForce.version + 1, [...stored, { id: 'team lead', cedar: team }]);
    expect(await views('eeva')).toEqual(['targets', 'sessions', 'history', 'recordings']);
    inForce.set(inForce.version + 1, stored);
    expect(await views('eeva')).toEqual(['targets', 'sessions', 'history']);
  });

  it('says the same of complete and killed ones', async () => {
    const session = await world.open(jonas, 'web-01', 'deploy');
    await upload(session, await record(world, session));
    const killed = await world.open(eeva, 'web-01', 'deploy');
    await world.as('mira', 'killSession', { ...about(killed), body: { reason: 'a test' } });
    expect(await ids('mira', { state: 'complete' })).toEqual([session.id]);
    expect(await ids('mira', { state: 'killed' })).toEqual([killed.id]);
    for (const state of ['running', 'incomplete'] as const)
      expect(await ids('mira', { state })).not.toContain(session.id);
    const { recordings } = await list('mira', {});
    expect(recordings.find(({ sessionId }) => sessionId === session.id)?.state).toBe('complete');
  });

  it.each(['mira', 'eeva'])('comes in pages, each recording once and in order, for %s', async (person) => {
    const whole = (await list(person, january)).recordings.map(({ sessionId }) => sessionId);
    const paged: string[] = [];
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof list>> = await list(person, {
        ...january,
        limit: 2,
        ...(after === null ? {} : { after }),
      });
      expect(page.recordings.length).toBeLessThanOrEqual(2);
      paged.push(...page.recordings.map(({ sessionId }) => sessionId));
      after = page.next;
    } while (after !== null);
    expect(paged).toEqual(whole);
    expect(paged).toHaveLength(person === 'mira' ? 7 : 2);
    for (const bad of [
      'x',
      'yesterday~x',
      '~',
      '2026-01-05~x',
      '-000001-01-01T00:00:00.000Z~x',
      '0000-01-01T00:00:00.000Z~x',
    ])
      await expect(list(person, { after: bad })).rejects.toMatchObject({ code: 'SP-5001' });
  });

  it.each([
    ['from', '0001-01-01T00:00:00Z'],
    ['to', '9999-12-31T23:59:59Z'],
  ])('refuses a time that no database knows: %s %s', async (name, time) => {
    const query = { [name]: time };
    await expect(world.as('mira', 'listRecordings', { query })).rejects.toMatchObject({ code: 'SP-5001' });
    await expect(world.as('mira', 'search', { query: { text: 'abc', ...query } })).rejects.toMatchObject({
      code: 'SP-5001',
    });
  });

  it('is decided recording by recording where a rule names one', async () => {
    const { policy, inForce, reader } = world.server.context;
    const stored = await reader.selectFrom('policies').selectAll().execute();
    const hidden = made[3]?.id ?? '';
    const rule = { id: 'hidden', cedar: `forbid(principal, action, resource == Recording::"${hidden}");` };
    expect(inForce.namesRecordings).toBe(false);
    await policy.validate([...stored, rule]);
    inForce.set(inForce.version + 1, [...stored, rule]);
    try {
      expect(inForce.namesRecordings).toBe(true);
      expect(await ids('mira', january)).toEqual(these(0, 1, 2, 4, 5, 6));
      await expect(notes('mira', made[3] as Session)).rejects.toMatchObject({ code: 'SP-3001' });
    } finally {
      inForce.set(inForce.version + 1, stored);
    }
    expect(await ids('mira', january)).toHaveLength(7);
  });
});
