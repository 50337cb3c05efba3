import { useEffect, useState } from 'react';
import type { Problem } from '../../../shared/errors/result.ts';
import { useServices } from '../../services/services.tsx';
import { ReplaySource } from './replay-source.ts';

export interface StartedReplay {
  source: ReplaySource | null;
  problem: Problem | null;
}

/** Starts a replay process for a recording and ends it with the view. `attempt` makes it start again. */
export function useReplay(sessionId: string, purpose: string, attempt: number): StartedReplay {
  const { bridge, ports } = useServices();
  const [state, setState] = useState<StartedReplay>({ source: null, problem: null });

  // biome-ignore lint/correctness/useExhaustiveDependencies(attempt): another attempt is another process
  useEffect(() => {
    let gone = false;
    let replayId: string | null = null;
    let source: ReplaySource | null = null;
    const close = () => {
      source?.close();
      if (replayId === null) return;
      ports.forget('replay', replayId);
      void bridge.request('replay.close', { replayId });
    };
    const open = async () => {
      const answer = await bridge.request('replay.open', { sessionId, purpose });
      if (!answer.ok) {
        if (!gone) setState({ source: null, problem: answer.error });
        return;
      }
      replayId = answer.value.replayId;
      if (gone) {
        close();
        return;
      }
      const port = await ports.take('replay', replayId);
      if (gone) {
        port.close();
        return;
      }
      source = new ReplaySource(replayId, port);
      setState({ source, problem: null });
    };
    setState({ source: null, problem: null });
    void open();
    return () => {
      gone = true;
      close();
    };
  }, [sessionId, purpose, attempt, bridge, ports]);

  return state;
}
