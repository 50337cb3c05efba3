import { z } from 'zod';
import { defineSocket } from './socket.ts';

export const controlChannel = defineSocket('/v1/control', z.object({}), (context, { actor, socket }) => {
  context.services.channels.serve(socket, actor);
});
