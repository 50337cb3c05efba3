import type { Route } from './route.ts';
import type { SocketRoute } from './socket.ts';

/** Sessions, orders, locks, recordings; and the control channel and the relay. */
export const sessionRoutes: readonly Route[] = [];
export const socketRoutes: readonly SocketRoute[] = [];
