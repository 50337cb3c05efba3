import { z } from 'zod';
import { defineSocket } from './socket.ts';

export const relay = defineSocket(
  '/v1/relay/:sessionId',
  z.object({ sessionId: z.string().min(1).max(200) }),
  (context, { actor, params, socket }) => {
    context.services.relay.serve({ socket, actor, sessionId: params.sessionId });
  },
);
