import { randomUUID } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { shippedPolicies } from '../../../src/lab/seed/policies.ts';
import { type ApplyDocumentInput, roleSchema } from '../../../src/shared/protocol/control-api.ts';
import { type Device, startWorld, type World } from '../live-world/world.ts';

export const roles = roleSchema.options;
const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGEkzwJHUf0HnSx1H0nEp8e8L0T2PjzRSBkQ1w8ymU0Q';

/** A person of each role, named by it, and Nadia, an operator: the owner of what is others'. Each has a device. */
export interface RightsWorld {
  world: World;
  document: ApplyDocumentInput;
  device(person: string): Device;
  targetId(name: string): string;
  /** A session that runs now, as its person's launcher would have it; on a target where a kill locks nobody out of anything else. */
  session(owner: string, target?: string): Promise<string>;
  lock(owner: string): Promise<string>;
  /** A kill order for a session of this person. */
  order(owner: string): Promise<string>;
  /** An open access request; each for another login. */
  request(owner: string): Promise<string>;
  /** One more enrolled device. */
  extraDevice(owner: string): Promise<string>;
  close(): Promise<void>;
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
}

export async function startRightsWorld(): Promise<RightsWorld> {
  const world = await startWorld({ limits: { requestsPerMinute: 100_000, requestsPerPerson: 100_000 } });
  const { writer, services, clock } = world.server.context;
  const sockets = new Set<Socket>();
  const target = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  const port = await listen(target);
  const common = { host: '127.0.0.1', port, logins: [{ name: 'deploy' }], hostKeys: [hostKey] };
  const document: ApplyDocumentInput = {
    organisation: {
      name: 'Lakeside Hotels',
      breakGlassRecipient: await identityToRecipient(await generateX25519Identity()),
      relayExceptions: [`127.0.0.1:${port}`],
    },
    people: [...roles.map((role) => ({ id: role, name: `The ${role}`, roles: [role] })), nadia(), sanna()],
    targets: [
      { name: 'web-01', ...common, labels: { team: 'web' } },
      { name: 'web-02', ...common, labels: { team: 'web' } },
      { name: 'hr-01', ...common, labels: { team: 'hr' } },
      {
        name: 'vault-01',
        ...common,
        logins: [{ name: 'deploy' }, { name: 'admin', credential: 'password' as const }],
      },
    ],
    policies: shippedPolicies().map(({ id, cedar }) => ({ id, cedar })),
  };
  await world.as('sanna', 'apply', { body: document });
  const devices = new Map<string, Device>();
  for (const person of [...roles, 'nadia']) devices.set(person, await world.enrol(person));
  const device = (person: string): Device => {
    const found = devices.get(person);
    if (found === undefined) throw new Error(`${person} has no device`);
    return found;
  };
  const targetIds = new Map(
    (await writer.selectFrom('targets').select(['id', 'name']).execute()).map(({ id, name }) => [name, id]),
  );
  const targetId = (name: string): string => targetIds.get(name) ?? '';
  // The one that the others are made after.
  const pattern = await world.open(device('nadia'), 'web-02', 'deploy');
  const patternRow = await writer
    .selectFrom('sessions')
    .selectAll()
    .where('id', '=', pattern.id)
    .executeTakeFirstOrThrow();

  async function session(owner: string, on = 'web-02'): Promise<string> {
    const id = randomUUID();
    const { deviceId } = device(owner);
    const grant = {
      ...pattern.grant,
      sessionId: id,
      user: { id: owner, name: owner },
      device: { id: deviceId, name: 'laptop' },
      target: { ...pattern.grant.target, id: targetId(on), name: on },
    };
    services.leases.begin({ sessionId: id, deviceId, lifeMs: 3_600_000 });
    await writer
      .insertInto('sessions')
      .values({
        ...patternRow,
        id,
        user_id: owner,
        device_id: deviceId,
        target_id: targetId(on),
        session_key: `${patternRow.session_key}-${id}`,
        grant_payload: JSON.stringify(grant),
        granted_at: clock.now(),
        end_reason: null,
      })
      .execute();
    for (const stream of ['output', 'input', 'text'] as const) {
      const key = await services.broker.makeStreamKey(id, stream);
      await writer
        .insertInto('stream_keys')
        .values({ session_id: id, stream, ...key })
        .execute();
    }
    return id;
  }

  async function lock(owner: string): Promise<string> {
    const id = randomUUID();
    await writer
      .insertInto('locks')
      .values({
        id,
        user_id: owner,
        target_id: targetId('vault-01'),
        reason: 'for the matrix',
        by_id: 'sanna',
        by_name: 'Sanna Virtanen',
        created_at: clock.now(),
        lifted_at: null,
        lifted_by: null,
      })
      .execute();
    return id;
  }

  return {
    world,
    document,
    device,
    targetId,
    session,
    lock,
    async order(owner) {
      const id = randomUUID();
      const sessionId = await session(owner);
      const { deviceId } = device(owner);
      await writer
        .insertInto('orders')
        .values({
          id,
          session_id: sessionId,
          device_id: deviceId,
          kind: 'kill',
          reason: 'for the matrix',
          by_id: 'sanna',
          by_name: 'Sanna Virtanen',
          by_role: 'engineer',
          lock_id: await lock(owner),
          state: 'requested',
          requested_at: clock.now(),
          survivors: 'unknown',
          payload: '{}',
          signature: '',
          socket_closed_at_client: null,
          launcher_closed_ms: null,
          relay_closed_ms: null,
        })
        .execute();
      return id;
    },
    async request(owner) {
      const id = randomUUID();
      await writer
        .insertInto('access_requests')
        .values({
          id,
          user_id: owner,
          target_id: targetId('web-01'),
          login: id.slice(0, 12),
          seconds: 3600,
          reason: 'for the matrix',
          ticket: null,
          state: 'open',
          requested_at: clock.now(),
          lapses_at: new Date(clock.now().getTime() + 3_600_000),
        })
        .execute();
      return id;
    },
    async extraDevice(owner) {
      const id = randomUUID();
      await writer
        .insertInto('devices')
        .values({
          id,
          user_id: owner,
          name: 'another',
          thumbprint: id,
          public_key: 'none',
          enrolled_at: clock.now(),
        })
        .execute();
      return id;
    },
    async close() {
      target.close();
      for (const socket of sockets) socket.destroy();
      await world.close();
    },
  };
}

function nadia() {
  return { id: 'nadia', name: 'Nadia Berg', roles: ['operator' as const] };
}

/** Applies and invites; no cell asks as her. */
function sanna() {
  return { id: 'sanna', name: 'Sanna Virtanen', roles: ['engineer' as const] };
}
