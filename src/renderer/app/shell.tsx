import { useEffect, useMemo, useRef } from 'react';
import type { AppState } from '../../shared/protocol/ipc.ts';
import { useCommands } from '../commands/use-commands.ts';
import { BacklogPanel } from '../features/backlog/backlog-panel.tsx';
import { HistoryView } from '../features/history/history-view.tsx';
import { KeysDialog } from '../features/keys/keys-dialog.tsx';
import { Palette } from '../features/palette/palette.tsx';
import { RecordingsView } from '../features/recordings/recordings-view.tsx';
import { SessionsView } from '../features/sessions/sessions-view.tsx';
import { SettingsView } from '../features/settings/settings-view.tsx';
import { TargetsView } from '../features/targets/targets-view.tsx';
import type { ViewName } from '../services/navigation.ts';
import { useServices } from '../services/services.tsx';
import { useStore } from '../services/store.ts';
import { QuitDialog } from './dialogs.tsx';
import { HintLine } from './hint-line.tsx';
import { MemoryKeyBanner, OfflineBanner } from './notices.tsx';
import type { Enrolled } from './person-panel.tsx';
import { Rail } from './rail.tsx';
import css from './shell.module.css';
import { TitleBar } from './title-bar.tsx';

const titles: Record<ViewName, string> = {
  targets: 'Targets',
  sessions: 'Sessions',
  history: 'My history',
  recordings: 'Recordings',
  settings: 'Settings',
};
/** Those that depend on the person; Settings is everybody's. */
const allViews = ['targets', 'sessions', 'history', 'recordings'] as const satisfies ViewName[];

/** True where the session in front says itself what lost contact means for it: one banner is enough. */
function useSessionSaysIt(): boolean {
  const { sessions } = useServices();
  const { tabs, activeKey } = useStore(sessions.tabs);
  const views = useStore(sessions.sessions);
  const id = tabs.find((tab) => tab.key === activeKey)?.sessionId;
  const state = id === undefined ? undefined : views.get(id)?.state;
  return state?.state === 'open' || (state?.state === 'frozen' && state.why === 'lease');
}

/** True where the view in front has nothing to show and says why itself. */
function useViewSaysIt(view: ViewName): boolean {
  const { targets, recordings } = useServices();
  const listed = useStore(targets.state);
  const everyone = useStore(recordings.everyone.state);
  const mine = useStore(recordings.mine.state);
  if (view === 'targets') return listed.targets === null && listed.problem !== null;
  if (view === 'recordings') return everyone.recordings === null && everyone.problem !== null;
  return view === 'history' && mine.recordings === null && mine.problem !== null;
}

export function Shell(props: { state: AppState; enrolment: Enrolled }) {
  const { navigation, targets, recordings } = useServices();
  const { state, enrolment } = props;
  const place = useStore(navigation.place);
  const named = enrolment.me?.views;
  const views = useMemo(
    () => (named === undefined ? allViews : allViews.filter((view) => named.includes(view))),
    [named],
  );
  const first = views[0];
  const userId = enrolment.me?.user.id;
  const sessionSaysIt = useSessionSaysIt();
  const saidBelow = useViewSaysIt(place.view);
  useCommands(views);

  useEffect(() => {
    void recordings.load();
    // Who it is, is known later than that someone is here: their list may have come already.
    if (targets.state.get().targets === null) void targets.load(false);
  }, [targets, recordings]);

  const asked = useRef(userId);
  useEffect(() => {
    const another = asked.current !== undefined && asked.current !== userId;
    if (userId !== undefined) asked.current = userId;
    if (!another) return;
    // Another person has other targets and recordings.
    void targets.load(false);
    void recordings.load();
  }, [targets, recordings, userId]);

  useEffect(() => {
    const { view, replay } = navigation.place.get();
    // One's own replay opens from History too, for whoever has no Recordings.
    const allowed =
      view === 'settings' || (view === 'recordings' && replay !== null) || views.some((each) => each === view);
    if (first !== undefined && !allowed) navigation.go(first);
  }, [first, views, navigation]);

  return (
    <div className={css.shell}>
      <TitleBar title={titles[place.view]} state={state} />
      <Rail views={views} enrolment={enrolment} />
      <main className={css.main}>
        {state.connection.state === 'offline' && !(place.view === 'sessions' && sessionSaysIt) ? (
          <OfflineBanner connection={state.connection} overTargets={place.view === 'targets'} saidBelow={saidBelow} />
        ) : null}
        {enrolment.deviceKey === 'memory' ? <MemoryKeyBanner /> : null}
        {place.view === 'targets' && !saidBelow ? <HintLine /> : null}
        <div className={css.view} hidden={place.view !== 'targets'}>
          <TargetsView shown={place.view === 'targets'} enrolment={enrolment} />
        </div>
        <div className={css.view} hidden={place.view !== 'sessions'}>
          <SessionsView shown={place.view === 'sessions'} connection={state.connection} />
        </div>
        <div className={css.view} hidden={place.view !== 'history'}>
          <HistoryView shown={place.view === 'history'} me={enrolment.me} />
        </div>
        <div className={css.view} hidden={place.view !== 'recordings'}>
          <RecordingsView shown={place.view === 'recordings'} me={enrolment.me} />
        </div>
        <div className={css.view} hidden={place.view !== 'settings'}>
          <SettingsView shown={place.view === 'settings'} state={state} enrolment={enrolment} />
        </div>
      </main>
      <QuitDialog sessions={state.quitAsked?.sessions ?? null} />
      <KeysDialog />
      <BacklogPanel state={state} />
      <Palette me={enrolment.me} />
    </div>
  );
}
