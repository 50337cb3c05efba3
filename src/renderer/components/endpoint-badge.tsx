import { KeyRound } from 'lucide-react';
import { reachesEndpoint } from '../services/login-words.ts';
import { Badge } from './primitives.tsx';

/** The risk mark of a login whose password comes to this device. */
export function EndpointBadge() {
  return (
    <Badge tone="strict" icon={<KeyRound size={13} strokeWidth={1.6} aria-hidden="true" />} title={reachesEndpoint.why}>
      {reachesEndpoint.mark}
    </Badge>
  );
}
