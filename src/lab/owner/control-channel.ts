import WebSocket from 'ws';
import {
  type ControlToLauncher,
  controlToLauncherSchema,
  heartbeatMs,
  type LauncherToControl,
} from '../../shared/protocol/control-channel.ts';
import type { ApiClient } from './api-client.ts';
import { makeProof } from './device.ts';

/** The launcher's side of the control channel, as far as the lab's own sessions need it: no reconnect. */
export interface ControlChannel {
  send(message: LauncherToControl): void;
  close(): void;
}

export async function openControlChannel(
  client: ApiClient,
  onMessage: (message: ControlToLauncher) => void,
): Promise<ControlChannel> {
  const url = `${client.address}/v1/control`;
  const proof = await makeProof(client.key, 'GET', url);
  const socket = new WebSocket(url.replace(/^https/, 'wss'), { ca: client.trustRoot, headers: { DPoP: proof } });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  socket.on('message', (data) => onMessage(controlToLauncherSchema.parse(JSON.parse(String(data)))));
  function send(message: LauncherToControl): void {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  }
  const beat = setInterval(() => send({ type: 'heartbeat' }), heartbeatMs);
  socket.once('close', () => clearInterval(beat));
  return { send, close: () => socket.close() };
}
