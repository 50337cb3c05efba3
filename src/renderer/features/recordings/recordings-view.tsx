import { useEffect } from 'react';
import type { Me } from '../../../shared/protocol/control-api.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { ReplayView } from '../replay/replay-view.tsx';
import { RecordsView } from './records-view.tsx';

/** The list, or the recording that is open. The list keeps its filters while one is. */
export function RecordingsView(props: { shown: boolean; me: Me | null }) {
  const { navigation, recordings } = useServices();
  const { replay } = useStore(navigation.place);
  const replayed = replay?.sessionId;

  useEffect(() => {
    if (replayed !== undefined) recordings.learn(replayed);
  }, [replayed, recordings]);

  return (
    <>
      <div style={{ display: replay === null ? 'contents' : 'none' }}>
        <RecordsView shown={props.shown && replay === null} me={props.me} mine={false} />
      </div>
      {replay === null ? null : (
        <ReplayView key={replay.sessionId} sessionId={replay.sessionId} purpose={replay.purpose} shown={props.shown} />
      )}
    </>
  );
}
