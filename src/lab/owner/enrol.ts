import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { decodeInvite } from '../../shared/protocol/invite.ts';
import { sallyportOk } from '../control/command-line.ts';
import type { Control } from '../control/start-control.ts';
import { people } from '../seed/people.ts';
import { makeApiClient } from './api-client.ts';
import { makeDeviceKey } from './device.ts';
import type { Enrolled } from './session-owner.ts';

const inviteSchema = z.object({ code: z.string(), invite: z.string(), expiresAt: z.string() });

/** A fresh single-use invite for a person, made by the engineer on the server's own machine. */
export async function makeInvite(control: Control, person: string): Promise<z.infer<typeof inviteSchema>> {
  return sallyportOk(control.socket, people.engineer.id, ['invite', person], inviteSchema);
}

/** Enrols a device of the lab's own for `person`; its key lives in this process alone. */
export async function enrolDevice(control: Control, person: string, deviceName: string): Promise<Enrolled> {
  const { invite } = await makeInvite(control, person);
  const { address, code } = decodeInvite(invite);
  // The lab has the authority's certificate on disk; a launcher elsewhere compares its digest with the invite's.
  const client = makeApiClient({ address, trustRoot: readFileSync(control.caFile, 'utf8'), key: makeDeviceKey() });
  const enrolled = await client.call('enrol', { body: { code, deviceName, publicKey: client.key.jwk } });
  return { client, deviceId: enrolled.device.id, serverKey: enrolled.serverKey };
}
