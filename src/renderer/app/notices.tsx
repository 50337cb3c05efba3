import { Button } from '@mantine/core';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import type { AppState } from '../../shared/protocol/ipc.ts';
import { BrokenLinkIcon } from '../components/icons/icons.tsx';
import { Banner } from '../components/primitives.tsx';
import { clock } from '../services/format.ts';
import { useNow } from '../services/now.ts';
import { useServices } from '../services/services.tsx';
import { useStore } from '../services/store.ts';
import { testIds } from '../test-ids.ts';

/**
 * No contact with the server: since when, what still works, when the next try is. `overTargets`: the list of targets stands below. `saidBelow`: what is
 * wrong stands below already, in full.
 */
export function OfflineBanner(props: {
  connection: Extract<AppState['connection'], { state: 'offline' }>;
  overTargets: boolean;
  saidBelow: boolean;
}) {
  const { app, targets } = useServices();
  const now = useNow(1000);
  const { loadedAtMs } = useStore(targets.state);
  const seconds = Math.ceil((props.connection.nextTryAtMs - now) / 1000);
  const list = !props.overTargets || loadedAtMs === null ? '' : ` The list below is from ${clock(loadedAtMs)}.`;
  return (
    <Banner
      tone="press"
      icon={<BrokenLinkIcon />}
      title={`No contact with the server since ${clock(props.connection.sinceMs, true)}`}
      testId={testIds.offlineBanner}
      actions={<Button onClick={() => app.retry()}>Try now</Button>}
    >
      {props.saidBelow ? null : `${props.connection.problem.message}${list} `}
      {seconds > 0 ? `Next try in ${seconds} s.` : 'Trying now.'}
      {props.saidBelow ? null : ` ${props.connection.problem.code}`}
    </Banner>
  );
}

/** Said once per start where nothing can be kept. */
export function MemoryKeyBanner() {
  const [seen, setSeen] = useState(false);
  if (seen) return null;
  return (
    <Banner
      tone="press"
      icon={<KeyRound size={16} strokeWidth={1.5} />}
      title="This device is forgotten when you quit"
      actions={
        <Button variant="subtle" onClick={() => setSeen(true)}>
          Dismiss
        </Button>
      }
    >
      This computer has no keyring to keep the device key in, so it stays in memory. You need a new invite for the next
      start.
    </Banner>
  );
}
