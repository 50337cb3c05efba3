import type { Problem } from '../../shared/errors/result.ts';
import type { TargetView } from '../../shared/model/target.ts';
import { whenInSentence } from './format.ts';
import type { Navigation } from './navigation.ts';
import type { SessionsService } from './sessions-service.ts';
import { makeStore, type Readable } from './store.ts';
import { besideFront, type Opens } from './tabs.ts';

/** What a person says about why they connect. */
export interface Asked {
  reason: string | null;
  ticket: string | null;
}

/** One reason and ticket for a morning's work: what was said once stands for all connects until then. Forgotten when the launcher ends. */
export interface Cover extends Asked {
  untilMs: number;
}

/** Where the session opens: in a tab, beside the pane that has the focus, or in a tab that waits. */
export type ConnectPlace = 'tab' | 'right' | 'below' | { replaces: string };

export interface ConnectState {
  /** What is asked before connecting. */
  ask: { target: TargetView; login: string; opens: Opens } | null;
  /** What was said last: offered again. */
  last: Asked;
  cover: Cover | null;
  busy: boolean;
  failed: { target: TargetView; problem: Problem } | null;
}

export interface ConnectService {
  readonly state: Readable<ConnectState>;
  /** Connects, by way of the question the target needs. `login` null: the one that Enter takes. */
  begin(target: TargetView, login: string | null, place?: ConnectPlace): void;
  /** `cover`: what is said stands for later connects too. */
  answer(asked: Asked, cover: boolean): void;
  cancel(): void;
  dismiss(): void;
  dropCover(): void;
}

export const coverMs = 4 * 3_600_000;

/** The login that Enter takes; undefined where this person may see the target and not connect to it. */
export function defaultLogin(target: TargetView): TargetView['logins'][number] | undefined {
  const open = target.logins.filter((login) => login.needsApproval !== true);
  const offered = open.length > 0 ? open : target.logins;
  return offered.find((login) => login.isDefault) ?? offered[0];
}

/** True where the cover says all that the target asks for, now. */
export function coversNeeds(needs: TargetView['needs'], cover: Cover | null, nowMs: number): boolean {
  const asks = needs.filter((need) => need !== 'approval');
  if (cover === null || cover.untilMs <= nowMs || asks.length === 0) return false;
  return asks.every((need) => cover[need] !== null);
}

/** What a row says of its cover: the ticket, which is short, or that there is a reason. */
export function coverName(cover: Asked): string {
  return cover.ticket ?? 'your reason';
}

/** Why connecting to this target cannot begin, by what the list says already; null when it can. */
export function barTo(target: TargetView, login: string | undefined, nowMs: number): Problem | null {
  if (target.logins.length === 0) {
    return {
      code: 'SP-2002',
      message: `You may see ${target.name} but no access rule gives you a login there. Ask ${target.owner ?? 'whoever runs Sallyport for you'} if you need one.`,
    };
  }
  if (target.lock === null) {
    if (target.logins.find((each) => each.name === login)?.needsApproval !== true) return null;
    return {
      code: 'SP-2006',
      message: `Connecting to ${target.name} as ${login} needs an approval that you do not have now. Ask whoever runs Sallyport for you to enter your request: sallyport request ${target.name} --login ${login} --for 2h --reason "..."`,
    };
  }
  const { by, at, reason } = target.lock;
  return {
    code: 'SP-2003',
    message: `${target.name} was locked for you by ${by}, ${whenInSentence(Date.parse(at), nowMs)}: “${reason}”. It stays so until an analyst lifts the lock.`,
  };
}

/** From a chosen target to an open tab. Targets, palette and splits all go this way. */
export function makeConnectService(parts: { sessions: SessionsService; navigation: Navigation }): ConnectService {
  const { sessions, navigation } = parts;
  const state = makeStore<ConnectState>({
    ask: null,
    last: { reason: null, ticket: null },
    cover: null,
    busy: false,
    failed: null,
  });
  const change = (part: Partial<ConnectState>) => state.update((now) => ({ ...now, ...part }));

  const opensAt = (place: ConnectPlace): Opens => {
    if (place === 'tab') return null;
    return typeof place === 'object' ? place : besideFront(sessions.tabs.get(), place === 'right' ? 'right' : 'down');
  };

  const connect = async (target: TargetView, login: string, asked: Asked, opens: Opens) => {
    change({ busy: true });
    const problem = await sessions.connect({ targetId: target.id, login, ...asked }, opens);
    change({ busy: false });
    if (problem === null) navigation.go('sessions');
    else change({ failed: { target, problem } });
  };

  return {
    state,
    begin(target, wanted, place = 'tab') {
      const { busy, cover } = state.get();
      if (busy) return;
      const login = wanted ?? defaultLogin(target)?.name;
      const problem = barTo(target, login, Date.now());
      // Beside the pane that is in front now: the question takes the focus, of another window perhaps.
      const opens = opensAt(place);
      if (problem !== null) change({ failed: { target, problem } });
      else if (login === undefined) return;
      else if (coversNeeds(target.needs, cover, Date.now()))
        void connect(target, login, { reason: cover?.reason ?? null, ticket: cover?.ticket ?? null }, opens);
      else if (target.needs.length > 0) change({ ask: { target, login, opens } });
      else void connect(target, login, { reason: null, ticket: null }, opens);
    },
    answer(asked, cover) {
      const { ask, last } = state.get();
      if (ask === null) return;
      change({
        ask: null,
        last: { reason: asked.reason ?? last.reason, ticket: asked.ticket ?? last.ticket },
        ...(cover ? { cover: { ...asked, untilMs: Date.now() + coverMs } } : {}),
      });
      void connect(ask.target, ask.login, asked, ask.opens);
    },
    cancel: () => change({ ask: null }),
    dismiss: () => change({ failed: null }),
    dropCover: () => change({ cover: null }),
  };
}
