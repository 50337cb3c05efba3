import { type ReactNode, useState } from 'react';
import type { Me } from '../../../shared/protocol/control-api.ts';
import type { ReplayMoment } from '../../services/navigation.ts';
import { useServices } from '../../services/services.tsx';
import { PurposeDialog } from './purpose-dialog.tsx';

/** What is to be opened, and whose it is. */
export interface Openable {
  sessionId: string;
  /** Null: known only here, so it is one's own. */
  user: { id: string; name: string } | null;
  targetName: string;
  moment: ReplayMoment;
}

export const ownPurpose = 'Replay of my own session';

/** Opens a replay: one's own at once, another person's when the purpose is said. `dialog` has to be shown. */
export function useOpenRecording(me: Me | null): { open: (what: Openable) => void; dialog: ReactNode } {
  const { navigation, recordings } = useServices();
  const [asking, setAsking] = useState<Openable | null>(null);
  const open = (what: Openable) => {
    if (what.user === null || what.user.id === me?.user.id)
      navigation.openReplay(what.sessionId, ownPurpose, what.moment);
    else setAsking(what);
  };
  const dialog = (
    <PurposeDialog
      asking={asking}
      last={recordings.lastPurpose.get()}
      onCancel={() => setAsking(null)}
      onOpen={(purpose) => {
        setAsking(null);
        recordings.lastPurpose.set(purpose);
        if (asking !== null) navigation.openReplay(asking.sessionId, purpose, asking.moment);
      }}
    />
  );
  return { open, dialog };
}
