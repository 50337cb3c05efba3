// Every view and state that is photographed: what the page is told, and what is done to it before the picture.
import type { Page } from '@playwright/test';
import { testIds } from '../../../src/renderer/test-ids.ts';
import type { Problem } from '../../../src/shared/errors/result.ts';
import { formatCode } from '../../../src/shared/protocol/invite.ts';
import { defaultSettings, emptyMemory } from '../../../src/shared/protocol/ipc.ts';
import type { Scenario } from './fake-bridge.ts';
import { replayEvents, terminalText } from './terminal-text.ts';
import * as world from './world.ts';

export interface Shot {
  name: string;
  scenario: Scenario;
  act?: (page: Page) => Promise<void>;
}

const ok = (value: unknown) => ({ ok: true, value });
const failed = (error: Problem) => ({ ok: false, error });

export function scenario(answers: Scenario['answers'] = {}, rest: Partial<Scenario> = {}): Scenario {
  return {
    answers: {
      'app.state': ok(world.appState),
      'targets.list': ok({ targets: world.targets, loadedAtMs: world.now - 60_000 }),
      'sessions.list': ok({ sessions: [] }),
      'recordings.list': ok({ recordings: world.recordings, next: null, local: [] }),
      'replay.open': ok({ replayId: 'replay-1' }),
      'recordings.notes': ok({ bookmarks: [], findings: [], review: world.recordings[0]?.review }),
      'clipboard.read': ok({
        text: 'cd /var/lib/postgresql/15/main\nls -la pg_wal | tail -5\nsudo systemctl reload postgresql@15-main\n',
      }),
      'memory.get': ok(emptyMemory),
      'settings.get': ok({ ...defaultSettings, theme: 'dark' }),
      ...answers,
    },
    terminals: { a: terminalText, b: terminalText, c: terminalText, d: terminalText },
    replay: null,
    ...rest,
  };
}

type View = ReturnType<typeof world.session>;
const others = () => [
  world.session('b', 'pay-edge-12', world.open, { endsAtMs: world.now + 130 * 60_000 }),
  world.session('c', 'pay-build-07', world.open, { endsAtMs: world.now + 3 * 60_000 + 40_000 }),
  world.session('d', 'lab-direct-01', { state: 'frozen', why: 'lease', endsAtMs: world.now + 11_000 }),
];
const withSessions = (first: View, rest: View[] = others()) =>
  scenario({ 'sessions.list': ok({ sessions: [first, ...rest] }) });

const id = (page: Page, name: keyof typeof testIds) => page.getByTestId(testIds[name]);
const toSessions = async (page: Page) => {
  await id(page, 'navSessions').click();
  await page.waitForTimeout(250);
};
/** The first target is reached with an approval that is missing. */
function withApproval() {
  const targets = world.targets.map((target, at) =>
    at === 0
      ? {
          ...target,
          needs: ['approval' as const, ...target.needs],
          logins: target.logins.map((login) => ({ ...login, needsApproval: true as const })),
        }
      : target,
  );
  return scenario({ 'targets.list': ok({ targets, loadedAtMs: world.now - 60_000 }) });
}

const search = (text: string) => async (page: Page) => id(page, 'targetsSearch').fill(text);
const tab = (index: number) => async (page: Page) => {
  await toSessions(page);
  await id(page, 'sessionTab').nth(index).click();
  await page.waitForTimeout(200);
};

const unrecorded = {
  type: 'recording-stopped',
  atMs: Date.now(),
  problem: {
    code: 'SP-3011',
    message: 'The disk of this device is full, so the record could not go on. Make room, then connect again.',
  },
};
const durationMs = 1_136_000;
type Replay = NonNullable<Scenario['replay']>;
interface Told {
  opened: Record<string, unknown>;
  survey: Record<string, unknown>;
}
const checks = [
  { name: 'manifest chain', ok: true, detail: '41 lines, each follows from those before it' },
  { name: 'manifest signature', ok: true, detail: 'the session signed exactly this manifest' },
  { name: 'session key', ok: true, detail: 'certified by the device key beside it, which the grant does not name' },
  { name: 'grant', ok: true, detail: 'Jonas Lindqvist on pay-db-03 as deploy' },
  { name: 'segments', ok: true, detail: '19 stored as the manifest says, none missing' },
  { name: 'anchors', ok: true, detail: '4, each signed by the target’s host key' },
  { name: 'receipts', ok: true, detail: '4 receipts, each of a longer manifest' },
  { name: 'contents', ok: true, detail: '811,402 bytes of output, 1,204 bytes of input' },
  { name: 'end', ok: true, detail: 'killed' },
];
const replayed = (verified: boolean, incomplete: string | null): Told => ({
  opened: {
    type: 'opened',
    durationMs,
    cols: 118,
    rows: 34,
    incomplete,
    unlocked: verified ? ['output', 'input'] : ['output'],
    endReason: `killed by Mira Okafor: ${world.killedReason.kind}`,
    parts: [{ t0: 0, t1: durationMs }],
  },
  survey: {
    type: 'survey',
    done: 42,
    total: 42,
    finished: true,
    checks: checks.map((check) =>
      verified || check.name !== 'segments'
        ? check
        : {
            ...check,
            ok: false,
            detail: 'output segment 4 (000004.cast.zst.age): was changed: its digest is not the one in the manifest',
          },
    ),
    verified,
    evidence: verified ? 'anchored-with-wire' : 'recorder-only',
    faults: verified
      ? []
      : ['output segment 4 is not shown: it was changed: its digest is not the one in the manifest'],
    incomplete,
    problem: null,
    activity: Array.from({ length: 240 }, (_, index) => {
      const quiet = (index > 42 && index < 75) || (index > 130 && index < 160);
      const wave = Math.abs(Math.sin(index * 1.7) * Math.cos(index * 0.31));
      return {
        output: quiet ? 0 : Math.round(40 + wave * wave * 9000),
        input: quiet || !verified || index % 5 > 1 ? 0 : Math.round(wave * 24),
      };
    }),
    marks: [
      { atMs: 4000, kind: 'resize', text: '118x34' },
      { atMs: 24_000, kind: 'input', text: 'systemctl status postgresql@15-main' },
      { atMs: 331_000, kind: 'marker', text: 'pasted 3 lines' },
      { atMs: 402_000, kind: 'input', text: 'grep -n settlement_2026_10 /etc/cron.daily/*' },
      { atMs: 700_000, kind: 'input', text: 'sudo -u postgres psql settlement' },
      { atMs: 880_000, kind: 'input', text: '\\dt+ settlement_2026_*' },
      { atMs: 931_000, kind: 'resize', text: '148x34' },
      { atMs: 1_092_000, kind: 'input', text: 'drop table settlement_2026_10;' },
      { atMs: durationMs, kind: 'marker', text: 'killed by Mira Okafor: Settlement tables are under legal hold' },
    ],
    commands: [],
    lines: null,
  },
});
const replay = (verified: boolean, incomplete: string | null): Replay => ({
  events: replayEvents,
  fault: null,
  ...replayed(verified, incomplete),
});
const early = replayed(true, 'it is not finished yet');
const running: Replay = {
  events: replayEvents,
  fault: null,
  opened: { ...early.opened, unlocked: ['output'], endReason: null },
  survey: {
    ...early.survey,
    marks: [
      { atMs: 0, kind: 'resize', text: '118x34' },
      { atMs: 900, kind: 'marker', text: 'SHA256:q7Xv9mLr0 aes128-gcm@openssh.com curve25519-sha256' },
      { atMs: 4000, kind: 'resize', text: '120x34' },
      { atMs: 4200, kind: 'resize', text: '148x40' },
    ],
  },
};
const whole = replayed(true, null);
const wide: Replay = {
  events: [...replayEvents, { atMs: 900_000, text: `\r\n${'0123456789'.repeat(17)}|` }],
  fault: null,
  opened: { ...whole.opened, cols: 171, rows: 41 },
  survey: whole.survey,
};
/** A long one, of which a third was read so far. */
const checking: Replay = {
  events: replayEvents,
  fault: null,
  opened: whole.opened,
  survey: { ...whole.survey, done: 1420, total: 4038, finished: false, checks: [], verified: null, marks: [] },
};
/** Where we are is a part that was changed. */
const damaged: Replay = {
  ...replay(false, null),
  fault: 'output segment 4 is not shown: it was changed: its digest is not the one in the manifest',
};
const openReplay = async (page: Page) => {
  await id(page, 'navRecordings').click();
  await page.keyboard.press('Enter');
  await page.waitForSelector(`[data-testid="${testIds.replay}"][data-ready="true"]`);
};
const inTheMiddle = async (page: Page) => {
  await openReplay(page);
  const box = await id(page, 'replayTimeline').boundingBox();
  if (box !== null) await page.mouse.click(box.x + box.width * 0.86, box.y + 40);
  await page.waitForTimeout(400);
};

export const shots: Shot[] = [
  {
    name: 'session-evidence',
    scenario: {
      ...withSessions(world.session('a', 'pay-db-03', world.open)),
      told: { a: [{ type: 'evidence', level: 'anchored-with-wire', anchors: 3 }] },
    },
    act: async (page) => {
      await tab(0)(page);
      await id(page, 'evidence').first().hover();
      await page.waitForTimeout(300);
    },
  },
  {
    name: 'session-unrecorded',
    scenario: {
      ...withSessions(world.session('a', 'pay-db-03', world.open, { recordMode: 'best-effort', route: 'direct' })),
      told: { a: [{ type: 'evidence', level: 'anchored', anchors: 3 }, unrecorded], b: [unrecorded] },
    },
    act: tab(0),
  },
  {
    name: 'replay-wire-released',
    scenario: scenario({}, { replay: replay(true, null) }),
    act: async (page) => {
      await id(page, 'navRecordings').click();
      await id(page, 'recordingsFilter').fill('connection lost');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.waitForSelector(`[data-testid="${testIds.replay}"][data-ready="true"]`);
    },
  },
  { name: 'targets', scenario: withSessions(world.session('a', 'pay-db-03', world.open)), act: search('pay') },
  { name: 'targets-direct', scenario: scenario(), act: search('direct') },
  { name: 'targets-locked', scenario: scenario(), act: search('vault') },
  { name: 'targets-password', scenario: scenario(), act: search('core-switch') },
  { name: 'targets-sealed', scenario: scenario(), act: search('legacy') },
  {
    name: 'session-sealed',
    scenario: withSessions(world.session('a', 'plc-legacy-02', world.open)),
    act: tab(0),
  },
  {
    name: 'connecting-password',
    scenario: withSessions(
      world.session('a', 'core-switch-07', { state: 'connecting', step: 'login' }, { openedAtMs: null }),
    ),
    act: tab(0),
  },
  {
    name: 'targets-no-login',
    scenario: scenario({
      'targets.list': ok({
        targets: world.targets.map((target, at) => (at === 0 ? target : { ...target, logins: [], grantedBy: [] })),
        loadedAtMs: world.now,
      }),
    }),
    act: async (page) => {
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowDown');
    },
  },
  // Whoever can connect nowhere finds the recordings first.
  {
    name: 'bystander',
    scenario: scenario({
      'targets.list': ok({
        targets: world.targets.map((target) => ({ ...target, logins: [], grantedBy: [] })),
        loadedAtMs: world.now,
      }),
    }),
  },
  {
    name: 'targets-no-login-why',
    scenario: scenario({
      'targets.list': ok({
        targets: world.targets.map((target) => ({ ...target, logins: [] })),
        loadedAtMs: world.now,
      }),
    }),
    act: async (page) => {
      await id(page, 'navTargets').click();
      await page.keyboard.press('Enter');
    },
  },
  { name: 'targets-approval', scenario: withApproval(), act: search('pay-db') },
  {
    name: 'targets-approval-why',
    scenario: withApproval(),
    act: async (page) => {
      await search('pay-db')(page);
      await page.keyboard.press('Enter');
    },
  },
  { name: 'targets-sheet', scenario: scenario(), act: async (page) => page.keyboard.press('Control+.') },
  {
    name: 'targets-filters',
    scenario: scenario(),
    act: async (page) => {
      await page.getByRole('button', { name: /^production/ }).click();
      await page.getByRole('button', { name: /^Stockholm/ }).click();
    },
  },
  {
    name: 'targets-logins',
    scenario: scenario(),
    act: async (page) => {
      await search('stage')(page);
      await page.keyboard.press('ArrowRight');
    },
  },
  {
    name: 'targets-reason',
    scenario: scenario(),
    act: async (page) => {
      await search('batch-02')(page);
      await page.keyboard.press('Enter');
    },
  },
  { name: 'targets-empty', scenario: scenario({ 'targets.list': ok({ targets: [], loadedAtMs: world.now }) }) },
  { name: 'targets-none', scenario: scenario(), act: search('nothing-like-this') },
  { name: 'targets-loading', scenario: scenario({ 'targets.list': 'never' }) },
  {
    name: 'targets-error',
    scenario: scenario({
      'targets.list': failed({
        code: 'SP-1003',
        message: 'psm.norrland.example does not answer on port 443. Check the network, then try again.',
      }),
    }),
  },
  { name: 'targets-offline', scenario: scenario({ 'app.state': ok(world.offlineState) }) },
  {
    name: 'targets-refused',
    scenario: scenario({
      'sessions.connect': failed({
        code: 'SP-2003',
        message:
          'pay-edge-12 is locked for you by Mira Okafor since 14:32:07: “legal hold”. An analyst can lift the lock.',
        facts: { Lock: 'l-1' },
      }),
    }),
    act: async (page) => {
      await search('edge-12')(page);
      await page.keyboard.press('Enter');
    },
  },
  { name: 'sessions', scenario: withSessions(world.session('a', 'pay-db-03', world.open)), act: toSessions },
  {
    name: 'sessions-find',
    scenario: withSessions(world.session('a', 'pay-db-03', world.open)),
    act: async (page) => {
      await toSessions(page);
      await page.keyboard.press('Control+Shift+F');
      await page.keyboard.type('settlement_2026');
      await page.waitForTimeout(300);
    },
  },
  {
    name: 'sessions-paste',
    scenario: withSessions(world.session('a', 'pay-db-03', world.open)),
    act: async (page) => {
      await toSessions(page);
      await page.keyboard.press('Control+Shift+V');
    },
  },
  { name: 'sessions-low', scenario: withSessions(world.session('a', 'pay-db-03', world.open)), act: tab(2) },
  {
    name: 'sessions-no-contact',
    scenario: scenario({
      'app.state': ok({ ...world.offlineState, backlog: world.appState.backlog }),
      'sessions.list': ok({ sessions: [world.session('a', 'pay-db-03', world.open), ...others()] }),
    }),
    act: toSessions,
  },
  { name: 'sessions-frozen', scenario: withSessions(world.session('a', 'pay-db-03', world.open)), act: tab(3) },
  {
    name: 'sessions-connecting',
    scenario: withSessions(
      world.session(
        'a',
        'pay-db-03',
        { state: 'connecting', step: 'login' },
        {
          openedAtMs: null,
          endsAtMs: null,
          record: { writtenBytes: 0, syncedAtMs: null, storedBytes: 0, storedAtMs: null, complete: false },
        },
      ),
    ),
    act: toSessions,
  },
  {
    name: 'sessions-killed',
    scenario: withSessions(
      world.session('a', 'pay-db-03', world.ended(world.killedReason), {
        kill: world.kill,
        record: {
          writtenBytes: 1_812_000,
          syncedAtMs: world.now,
          storedBytes: 1_812_000,
          storedAtMs: world.now - 8 * 60_000 - 4400,
          complete: true,
        },
      }),
    ),
    act: toSessions,
  },
  {
    name: 'sessions-broken',
    scenario: withSessions(world.session('a', 'pay-db-03', world.ended({ kind: 'disconnected', by: 'network' }))),
    act: toSessions,
  },
  {
    name: 'sessions-exit',
    scenario: withSessions(
      world.session('a', 'pay-db-03', world.ended({ kind: 'exit', status: 0, signal: null }), {
        record: {
          writtenBytes: 1_812_000,
          syncedAtMs: world.now,
          storedBytes: 1_812_000,
          storedAtMs: world.now,
          complete: true,
        },
      }),
    ),
    act: toSessions,
  },
  {
    name: 'sessions-strict',
    scenario: withSessions(
      world.session(
        'a',
        'pay-db-03',
        world.ended({
          kind: 'recorder-failed',
          problem: {
            code: 'SP-3011',
            message:
              'The disk of this computer is full. All that was shown is recorded. Free 200 MB, then connect again.',
          },
        }),
      ),
    ),
    act: toSessions,
  },
  {
    name: 'sessions-hostkey',
    scenario: withSessions(
      world.session('a', 'pay-db-03', world.ended({ kind: 'host-key-mismatch', problem: world.hostKeyProblem }), {
        openedAtMs: null,
      }),
    ),
    act: toSessions,
  },
  {
    name: 'sessions-login',
    scenario: withSessions(
      world.session(
        'a',
        'pay-db-03',
        world.ended({
          kind: 'auth-failed',
          problem: {
            code: 'SP-2040',
            message:
              'pay-db-03 refused the certificate for deploy. It may not trust the authority, or the login may not exist there. Ask the owner.',
          },
        }),
        { openedAtMs: null },
      ),
    ),
    act: toSessions,
  },
  {
    name: 'sessions-earlier',
    scenario: (() => {
      const broken = world.session('a', 'pay-db-03', world.ended({ kind: 'disconnected', by: 'network' }));
      const again = world.session('b', 'pay-db-03', world.open);
      const made = withSessions(broken, [again]);
      return { ...made, answers: { ...made.answers, 'sessions.connect': ok({ id: 'b' }) } };
    })(),
    act: async (page) => {
      await toSessions(page);
      await page.keyboard.press('Control+Enter');
      await page.getByRole('button', { name: 'Earlier screen' }).click();
    },
  },
  {
    name: 'sessions-close',
    scenario: withSessions(world.session('a', 'pay-db-03', world.open)),
    act: async (page) => {
      await toSessions(page);
      await id(page, 'sessionTabClose').click();
    },
  },
  { name: 'sessions-empty', scenario: scenario(), act: toSessions },
  {
    name: 'sessions-quit',
    scenario: {
      ...withSessions(world.session('a', 'pay-db-03', world.open)),
      answers: {
        ...withSessions(world.session('a', 'pay-db-03', world.open)).answers,
        'app.state': ok({ ...world.appState, quitAsked: { sessions: 4 } }),
      },
    },
    act: async (page) => page.waitForTimeout(300),
  },
  { name: 'recordings', scenario: scenario(), act: async (page) => id(page, 'navRecordings').click() },
  {
    name: 'recordings-waiting',
    scenario: scenario({
      'app.state': ok({ ...world.appState, backlog: { recordings: 3, bytes: 12_448_000, lastProblem: null } }),
      'recordings.list': ok({ recordings: world.recordings, next: null, local: world.waiting }),
    }),
    act: async (page) => id(page, 'navRecordings').click(),
  },
  {
    name: 'recordings-purpose',
    scenario: scenario(),
    act: async (page) => {
      await id(page, 'navRecordings').click();
      await id(page, 'recordingsFilter').fill('priya');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
    },
  },
  {
    name: 'recordings-no-purpose',
    scenario: scenario(),
    act: async (page) => {
      await id(page, 'navRecordings').click();
      await id(page, 'recordingsFilter').fill('priya');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await id(page, 'replayPurpose').press('Enter');
    },
  },
  {
    name: 'recordings-empty',
    scenario: scenario({ 'recordings.list': ok({ recordings: [], next: null, local: [] }) }),
    act: async (page) => id(page, 'navRecordings').click(),
  },
  { name: 'replay', scenario: scenario({}, { replay: replay(true, null) }), act: inTheMiddle },
  {
    name: 'replay-sealed',
    scenario: scenario(
      {
        'recordings.list': ok({
          recordings: [{ ...world.recordings[0], login: 'service', credential: 'sealed-password' }],
          next: null,
          local: [],
        }),
      },
      { replay: replay(true, null) },
    ),
    act: inTheMiddle,
  },
  {
    name: 'replay-unverified',
    scenario: scenario(
      {},
      {
        replay: replay(false, 'The session process stopped at 11:12:40. What its journal holds up to there is shown.'),
      },
    ),
    act: inTheMiddle,
  },
  { name: 'replay-checking', scenario: scenario({}, { replay: checking }), act: inTheMiddle },
  { name: 'replay-part-damaged', scenario: scenario({}, { replay: damaged }), act: inTheMiddle },
  {
    name: 'replay-running',
    scenario: scenario({}, { replay: running }),
    act: async (page) => {
      await id(page, 'navRecordings').click();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.waitForSelector(`[data-testid="${testIds.replay}"][data-ready="true"]`);
    },
  },
  {
    name: 'replay-wide',
    scenario: scenario({}, { replay: wide }),
    act: async (page) => {
      await inTheMiddle(page);
      const room = id(page, 'replayTerminal');
      const beyond = await room.evaluate((element) => element.scrollWidth - element.clientWidth);
      if (beyond > 0) throw new Error(`${beyond} px of the recorded screen are beside the room`);
    },
  },
  {
    name: 'replay-without-us',
    scenario: scenario({}, { replay: replay(true, null) }),
    act: async (page) => {
      await openReplay(page);
      await page.getByRole('button', { name: 'Check it without us' }).click();
    },
  },
  {
    name: 'replay-opening',
    scenario: scenario({ 'replay.open': 'never' }),
    act: async (page) => {
      await id(page, 'navRecordings').click();
      await page.keyboard.press('Enter');
    },
  },
  {
    name: 'replay-problem',
    scenario: scenario({
      'replay.open': failed({
        code: 'SP-3032',
        message:
          'Nothing of this recording has reached the store yet. It is sent while the session runs; try again in a moment.',
      }),
    }),
    act: async (page) => {
      await id(page, 'navRecordings').click();
      await page.keyboard.press('Enter');
    },
  },
  { name: 'first-run', scenario: scenario({ 'app.state': ok(world.firstRun(false, null)) }) },
  {
    name: 'first-run-managed',
    scenario: scenario({ 'app.state': ok(world.firstRun(true, null)) }),
    act: async (page) => {
      await id(page, 'firstRunInvite').fill(formatCode('7QF4M2K'));
    },
  },
  {
    name: 'first-run-error',
    scenario: scenario({
      'app.state': ok(world.firstRun(false, null)),
      'app.enrol': failed({
        code: 'SP-1002',
        message: 'It has been used already or is older than ten minutes. Ask for a new one.',
      }),
    }),
    act: async (page) => {
      await id(page, 'firstRunInvite').fill(
        `sallyport-${Buffer.from(JSON.stringify({ v: 0, address: 'https://psm.norrland.example', trustRoot: 'ab'.repeat(32), code: '7QF4M2KX' })).toString('base64url')}`,
      );
      await page.keyboard.press('Enter');
    },
  },
  { name: 'settings', scenario: scenario(), act: async (page) => id(page, 'settings').click() },
  { name: 'person', scenario: scenario(), act: async (page) => id(page, 'person').click() },
  { name: 'keys', scenario: scenario(), act: async (page) => page.keyboard.press('F1') },
];
