import type { RecordingView } from '../../../shared/model/recording.ts';
import type { SearchHit } from '../../../shared/model/review.ts';
import type { TargetView } from '../../../shared/model/target.ts';
import type { SessionView } from '../../../shared/protocol/ipc.ts';
import type { Command } from '../../commands/command.ts';
import { keysToShow } from '../../commands/dispatch.ts';
import { type Cover, coverName, coversNeeds, defaultLogin } from '../../services/connect-service.ts';
import { counted, when, whenInSentence } from '../../services/format.ts';
import { reachesEndpoint } from '../../services/login-words.ts';
import type { Tab } from '../../services/tabs.ts';
import { groupHits, type Hit, type IndexedTarget, searchTargets } from '../targets/search.ts';
import { also } from './also.ts';
import { type Marks, matchWords, type PaletteMode, wordsOf } from './match.ts';

export type LineIcon = 'connect' | 'session' | 'split' | 'history' | 'person' | 'action' | 'star';

/** What a line does when it is chosen. Data, so that the lines can be made and tested without the window. */
export type LineDo =
  | { do: 'connect'; target: TargetView; login: string; place: 'tab' | 'right' }
  | { do: 'show'; key: string }
  | { do: 'replay'; sessionId: string; atMs: number; find: string }
  | { do: 'search-history'; text: string }
  | { do: 'recordings-of'; user: string }
  | { do: 'favourite'; targetId: string; add: boolean }
  | { do: 'command'; id: string };

export interface Line {
  id: string;
  icon: LineIcon;
  /** Before the name, quiet. */
  lead: string;
  name: string;
  /** In `name`. */
  marks: Marks;
  /** After the name, quiet. */
  tail: string;
  /** The name is a fact of a machine: a command. */
  mono: boolean;
  production: boolean;
  /** What it needs, or where it is from. */
  note: string;
  /** How the note is meant: `strict` bars the way or costs something, `press` may fail. */
  tone: 'plain' | 'strict' | 'press' | 'kept';
  keys: string | null;
  act: LineDo;
}

export interface LineGroup {
  name: string;
  lines: Line[];
}

export interface PaletteWorld {
  index: readonly IndexedTarget[];
  favourites: readonly string[];
  cover: Cover | null;
  tabs: readonly { tab: Tab; view: SessionView; state: string }[];
  commands: readonly Command[];
  hits: readonly SearchHit[];
  /** Null where this person may not see recordings of others. */
  recordings: readonly RecordingView[] | null;
  mayHistory: boolean;
  /** Earlier searches in History. */
  searches: readonly string[];
  me: string | null;
  inTerminal: boolean;
  /** The target whose other logins are shown. */
  opened: string | null;
  nowMs: number;
}

const plain = { lead: '', tail: '', mono: false, production: false, note: '', tone: 'plain', keys: null } as const;

/** What connecting to this target as this login needs, in a few words. Pure. */
export function needsWords(
  target: TargetView,
  login: string,
  cover: Cover | null,
  nowMs: number,
): Pick<Line, 'note' | 'tone'> {
  const { lock, unreachable, needs } = target;
  const view = target.logins.find((each) => each.name === login);
  if (lock !== null) return { note: `Locked for you by ${lock.by}`, tone: 'strict' };
  if (unreachable !== null) {
    return { note: `Unreachable since ${whenInSentence(Date.parse(unreachable.since), nowMs)}`, tone: 'press' };
  }
  if (view?.needsApproval === true) return { note: 'Needs an approval', tone: 'plain' };
  const sealed = view?.credential === 'sealed-password';
  const asks = needs.filter((need) => need !== 'approval').map((need) => `a ${need}`);
  if (sealed) return { note: reachesEndpoint.mark, tone: 'strict' };
  if (asks.length === 0) return { note: 'Nothing more', tone: 'plain' };
  if (cover !== null && coversNeeds(needs, cover, nowMs))
    return { note: `Covered by ${coverName(cover)}`, tone: 'kept' };
  return { note: `Needs ${asks.join(' and ')}`, tone: 'plain' };
}

function connectLine(hit: Hit, login: string, world: PaletteWorld): Line {
  const { target, marks } = hit;
  return {
    ...plain,
    id: `connect-${target.id}-${login}`,
    icon: 'connect',
    name: target.name,
    marks,
    tail: ` as ${login}`,
    production: target.production,
    ...needsWords(target, login, world.cover, world.nowMs),
    act: { do: 'connect', target, login, place: 'tab' },
  };
}

/** The login that the words name, or the one that Enter takes. */
function loginOf(target: TargetView, words: readonly string[]): string | undefined {
  const named = target.logins.find((login) => words.includes(login.name.toLowerCase()));
  return (named ?? defaultLogin(target))?.name;
}

function connectLines(hits: readonly Hit[], words: readonly string[], world: PaletteWorld): Line[] {
  return hits.flatMap((hit) => {
    const first = loginOf(hit.target, words);
    if (first === undefined) return [];
    // With few matches there is room for the other logins of the best one.
    const shown = hit.target.id === world.opened || (words.length > 0 && hits.length <= 3 && hit === hits[0]);
    const others = shown ? hit.target.logins.filter((login) => login.name !== first) : [];
    return [connectLine(hit, first, world), ...others.map((login) => connectLine(hit, login.name, world))];
  });
}

function sessionLines(top: Hit | undefined, words: readonly string[], world: PaletteWorld): Line[] {
  const lines = world.tabs.flatMap(({ tab, view, state }, at): Line[] => {
    const match =
      matchWords(view.targetName, words) ?? (matchWords(`${view.targetName} ${view.login}`, words) && { marks: [] });
    if (match === null) return [];
    return [
      {
        ...plain,
        id: `show-${tab.key}`,
        icon: 'session',
        lead: 'Switch to ',
        name: view.targetName,
        marks: match.marks,
        tail: ` as ${view.login}`,
        production: view.production,
        note: state,
        keys: at < 9 ? `Ctrl ${at + 1}` : null,
        act: { do: 'show', key: tab.key },
      },
    ];
  });
  const login = top === undefined ? undefined : loginOf(top.target, words);
  if (top === undefined || login === undefined || words.length === 0 || world.tabs.length === 0)
    return lines.slice(0, 6);
  return [
    ...lines.slice(0, 6),
    {
      ...plain,
      id: `split-${top.target.id}`,
      icon: 'split',
      lead: 'Open ',
      name: top.target.name,
      marks: top.marks,
      tail: ' in a split',
      production: top.target.production,
      keys: 'Ctrl Enter',
      act: { do: 'connect', target: top.target, login, place: 'right' },
    },
  ];
}

function historyLines(text: string, world: PaletteWorld, most: number): Line[] {
  const found = world.hits.slice(0, most).map(
    (hit, at): Line => ({
      ...plain,
      id: `hit-${at}-${hit.sessionId}-${hit.atMs}`,
      icon: 'history',
      name: hit.text,
      marks: hit.marks,
      mono: true,
      production: hit.target.production,
      note: `${hit.target.name}, ${when(Date.parse(hit.startedAt) + hit.atMs, world.nowMs)}`,
      act: { do: 'replay', sessionId: hit.sessionId, atMs: hit.atMs, find: text },
    }),
  );
  return found;
}

function searchLines(text: string, world: PaletteWorld): Line[] {
  const wanted = text.length >= 2 ? [text] : world.searches.slice(0, 8);
  return wanted.map((each, at) => ({
    ...plain,
    id: `search-${at}`,
    icon: 'history',
    lead: text.length >= 2 ? 'Search my history for ' : 'Search again for ',
    name: each,
    marks: [],
    act: { do: 'search-history', text: each },
  }));
}

function peopleLines(words: readonly string[], world: PaletteWorld): Line[] {
  const counts = new Map<string, { name: string; count: number; last: number }>();
  for (const { user, startedAt } of world.recordings ?? []) {
    const there = counts.get(user.id) ?? { name: user.name, count: 0, last: 0 };
    counts.set(user.id, { ...there, count: there.count + 1, last: Math.max(there.last, Date.parse(startedAt)) });
  }
  return [...counts.entries()]
    .flatMap(([id, person]) => {
      const match = matchWords(person.name, words);
      return match === null ? [] : [{ id, ...person, ...match }];
    })
    .sort((a, b) => a.score - b.score || b.last - a.last)
    .slice(0, 20)
    .map((person) => ({
      ...plain,
      id: `person-${person.id}`,
      icon: 'person',
      lead: 'Recordings of ',
      name: person.id === world.me ? `${person.name}, you` : person.name,
      marks: person.marks,
      note: `${counted(person.count, 'recording')} known here, last ${when(person.last, world.nowMs)}`,
      act: { do: 'recordings-of', user: person.name },
    }));
}

function favouriteLine(top: Hit | undefined, world: PaletteWorld): Line[] {
  if (top === undefined) return [];
  const there = world.favourites.includes(top.target.id);
  return [
    {
      ...plain,
      id: `favourite-${top.target.id}`,
      icon: 'star',
      lead: there ? 'Remove ' : 'Add ',
      name: top.target.name,
      marks: top.marks,
      tail: there ? ' from favourites' : ' to favourites',
      act: { do: 'favourite', targetId: top.target.id, add: !there },
    },
  ];
}

/** What stands there before anything is typed, as far as it is offered. */
const first = ['session.reconnect', 'session.replay', 'session.new', 'view.history', 'view.settings', 'keys.open'];

/** Said in the list itself, or of no use out of it. */
const notOffered = /^(palette\.open|session\.tab-\d)$/;

/** By its title, else by other words for it, which come after those. */
function matchCommand({ id, title }: Command, words: readonly string[]): { marks: Marks; score: number } | null {
  const named = matchWords(title, words);
  if (named !== null) return named;
  const match = matchWords(`${title} ${also[id] ?? ''}`, words);
  return match && { marks: [], score: match.score + words.length };
}

/** Actions that there are now; where no session is in front, those of one are found by their words too, after the others, and lead to the sessions. */
function actionLines(words: readonly string[], world: PaletteWorld): Line[] {
  const inSession = world.commands.some((command) => command.id === 'session.copy' && command.available());
  const found = world.commands
    .filter((command) => !notOffered.test(command.id))
    .flatMap((command) => {
      const now = command.available();
      if (!now && (inSession || words.length === 0 || !/^(sessions|terminal)$/.test(command.group))) return [];
      const match = matchCommand(command, words);
      return match === null ? [] : [{ command, now, ...match }];
    })
    .sort((a, b) => Number(b.now) - Number(a.now) || a.score - b.score);
  return found.map(({ command, now, marks }) => ({
    ...plain,
    id: `command-${command.id}`,
    icon: 'action',
    name: command.title,
    marks,
    ...(now ? {} : { note: 'in a session' }),
    keys: now ? keysToShow(command, world.inTerminal) : null,
    act: { do: 'command', id: now ? command.id : 'view.sessions' },
  }));
}

/** Everything that the palette shows for what was typed, in the fixed order of its groups; empty groups are left out. Pure but for `available()` of commands. */
export function paletteGroups(mode: PaletteMode, text: string, world: PaletteWorld): LineGroup[] {
  const words = wordsOf(text);
  const groups: LineGroup[] = [];
  if (mode === 'all') {
    const found = searchTargets(world.index, text, []);
    const near =
      words.length > 0
        ? found
        : groupHits(found, world.favourites)
            .filter((group) => group.name !== 'All targets')
            .flatMap((group) => group.hits);
    const hits = near.slice(0, words.length > 0 ? 6 : 4);
    const top = words.length > 0 ? hits[0] : undefined;
    groups.push({ name: 'Connect', lines: connectLines(hits, words, world) });
    groups.push({ name: 'Open sessions', lines: sessionLines(top, words, world) });
    if (world.mayHistory) groups.push({ name: 'My history', lines: historyLines(text, world, 4) });
    const all = actionLines(words, world);
    const actions =
      words.length > 0
        ? all.slice(0, 5)
        : all.filter((line) => first.includes(line.id.slice('command-'.length))).slice(0, 4);
    groups.push({ name: 'Actions', lines: [...actions, ...favouriteLine(top, world)] });
  }
  if (mode === 'actions') groups.push({ name: 'Actions', lines: actionLines(words, world) });
  if (mode === 'people') groups.push({ name: 'People', lines: peopleLines(words, world) });
  if (mode === 'history' && world.mayHistory) {
    groups.push({ name: 'My history', lines: [...historyLines(text, world, 20), ...searchLines(text, world)] });
  }
  return groups.filter((group) => group.lines.length > 0);
}

/** A session's state for its line: "Recording, 41 min left", "Frozen 12 s". */
export function sessionState(words: { word: string; tab: string }): string {
  if (words.tab === '') return words.word;
  return words.word === 'Recording' && words.tab !== words.word ? `${words.word}, ${words.tab}` : words.tab;
}
