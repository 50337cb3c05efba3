import { z } from 'zod';
import { accessRequestStateSchema, accessRequestViewSchema } from '../model/access-request.ts';

/** The part of the HTTP API (control-api.ts) about access requests and devices. */
const id = z.string().min(1).max(200);
/** A week: whoever needs more needs an access rule. */
export const longestAccessSeconds = 604_800;
const seconds = z.number().int().min(1).max(longestAccessSeconds);
/** Kept with the request; something other than blanks. */
const reason = z.string().trim().min(1).max(500);

export const deviceViewSchema = z.object({
  id,
  name: z.string(),
  user: z.object({ id, name: z.string() }),
  enrolledAt: z.string(),
  /** The device that asks. */
  isThis: z.boolean(),
});
export type DeviceView = z.infer<typeof deviceViewSchema>;

export const accessApi = {
  requestAccess: {
    method: 'POST',
    path: '/v1/access-requests',
    auth: 'device',
    summary: 'Ask for access to a target for a time',
    body: z.object({
      targetId: id,
      login: z.string().min(1).max(64),
      seconds,
      reason,
      ticket: z.string().max(100).nullable(),
    }),
    response: accessRequestViewSchema,
  },
  listAccessRequests: {
    method: 'GET',
    path: '/v1/access-requests',
    auth: 'device',
    summary: "Access requests: one's own and those one may decide, newest first",
    query: z.object({
      state: accessRequestStateSchema.optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(200),
    }),
    response: z.object({ requests: z.array(accessRequestViewSchema) }),
  },
  decideAccessRequest: {
    method: 'POST',
    path: '/v1/access-requests/:requestId/decisions',
    auth: 'device',
    summary: "Approve or deny someone else's request; `seconds` may be less than asked for, never more",
    params: z.object({ requestId: id }),
    body: z.object({ decision: z.enum(['approve', 'deny']), seconds: seconds.optional(), reason }),
    response: accessRequestViewSchema,
  },
  revokeAccessRequest: {
    method: 'POST',
    path: '/v1/access-requests/:requestId/revoke',
    auth: 'device',
    summary: "Withdraw one's own request, or end access that was granted; sessions under it end",
    params: z.object({ requestId: id }),
    body: z.object({ reason }),
    response: accessRequestViewSchema,
  },
  listDevices: {
    method: 'GET',
    path: '/v1/devices',
    auth: 'device',
    summary: "Enrolled devices: one's own, for whoever administers all",
    response: z.object({ devices: z.array(deviceViewSchema) }),
  },
  revokeDevice: {
    method: 'DELETE',
    path: '/v1/devices/:deviceId',
    auth: 'device',
    summary: "Take a device's access: its sockets close, its sessions end",
    params: z.object({ deviceId: id }),
    response: z.object({}),
  },
} as const;
