import { listDevices as list, revokeDevice as revoke } from '../identity/devices.ts';
import { defineRoute } from './route.ts';

export const listDevices = defineRoute('listDevices', async (context, { actor }) => ({
  devices: await list(context, actor),
}));

export const revokeDevice = defineRoute('revokeDevice', async (context, { actor, params }) => {
  await revoke(context, actor, params.deviceId);
  return {};
});
