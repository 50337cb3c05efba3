import { accessRequestRoutes } from './access-requests.ts';
import { apply } from './apply.ts';
import { listAudit } from './audit.ts';
import { listDevices, revokeDevice } from './devices.ts';
import { enrol } from './enrol.ts';
import { invite } from './invite.ts';
import { me } from './me.ts';
import type { Route } from './route.ts';
import { listSecrets, removeSecret, setSecret } from './secrets.ts';
import { serverInfo } from './server-info.ts';
import { sessionRoutes } from './session-routes.ts';
import { targetRoutes } from './targets.ts';

/** Every method of the API; a test compares it with the table. */
export function allRoutes(): Route[] {
  return [
    serverInfo,
    enrol,
    me,
    ...targetRoutes(),
    apply,
    setSecret,
    listSecrets,
    removeSecret,
    invite,
    listDevices,
    revokeDevice,
    ...accessRequestRoutes,
    listAudit,
    ...sessionRoutes,
  ];
}
