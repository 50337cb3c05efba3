import { Button, MantineProvider } from '@mantine/core';
import { useEffect } from 'react';
import { ErrorCard } from '../components/primitives.tsx';
import { titleOf } from '../errors/words.ts';
import { FirstRun } from '../features/first-run/first-run.tsx';
import { useServices } from '../services/services.tsx';
import { useStore } from '../services/store.ts';
import css from './shell.module.css';
import { Shell } from './shell.tsx';
import { cssVariables, theme } from './theme.ts';

function Content() {
  const { app } = useServices();
  const state = useStore(app.state);
  const problem = useStore(app.problem);
  if (state === null) {
    if (problem === null) return <main className={css.boot} aria-busy="true" />;
    const again = (
      <Button variant="filled" onClick={() => void app.load()}>
        Try again
      </Button>
    );
    return (
      <main className={css.boot}>
        <ErrorCard title={titleOf(problem.code)} problem={problem} action={again} />
      </main>
    );
  }
  const { enrolment } = state;
  return enrolment.state === 'first-run' ? (
    <FirstRun version={state.version} managed={enrolment.managed} problem={enrolment.problem} backlog={state.backlog} />
  ) : (
    <Shell state={state} enrolment={enrolment} />
  );
}

export function App() {
  const { settings, sessions, replayScreen } = useServices();
  const scheme = useStore(settings.scheme);
  const screenSettings = useStore(settings.settings);
  useEffect(() => {
    for (const terminal of sessions.terminals()) terminal.screen.setScheme(scheme);
    replayScreen.get()?.setScheme(scheme);
  }, [scheme, sessions, replayScreen]);
  useEffect(() => {
    for (const terminal of sessions.terminals()) terminal.screen.apply(screenSettings);
  }, [screenSettings, sessions]);
  const { density } = screenSettings;
  useEffect(() => {
    document.documentElement.dataset.density = density;
  }, [density]);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} forceColorScheme={scheme}>
      <Content />
    </MantineProvider>
  );
}
