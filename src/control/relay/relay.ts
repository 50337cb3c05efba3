import type { WebSocket } from 'ws';
import { closeCodes } from '../../shared/protocol/control-channel.ts';
import type { Actor } from '../actor.ts';
import type { Handovers } from '../broker/handover/handovers.ts';
import type { CoreContext, Writer } from '../context.ts';
import { isRevoked } from '../identity/people.ts';
import { lockInForce } from '../live/locks.ts';
import { findSession, grantOf, type SessionRow } from '../live/session-store.ts';
import { mayGoOn, mayStillConnect } from '../live/still-allowed.ts';
import { makeClosedWires } from './closed-wires.ts';
import { type Connection, openConnection } from './connection.ts';
import type { HandOver } from './handover-leg.ts';
import { type HostProof, proofDigest } from './host-proof.ts';
import { makeReachability } from './reachability.ts';
import { openRelayLog, type RelayLogLine } from './relay-log.ts';
import type { WireKeeper, WireSink } from './wire-keeper.ts';

export interface Relay {
  /** Takes over a launcher's WebSocket for one session; decides, connects, carries. Never throws. */
  serve(options: { socket: WebSocket; actor: Actor; sessionId: string }): void;
  /**
   * True once for a session whose open wire, in whatever process, has carried exactly this host key and signature: then the login is for that wire's
   * connection and no other. What was kept of them is dropped whatever the answer.
   */
  takeCarried(sessionId: string, proof: HostProof): Promise<boolean>;
  /** Cuts a session's wire because of an order; null when it has none here. */
  cut(sessionId: string, order: { id: string; acceptedAt: number }): Promise<{ at: string; ms: number }> | null;
  /** Lets the other processes know that a wire that was cut is closed: once what the cut is about is stored. Belongs to every `cut`. */
  forgetCut(sessionId: string): Promise<void>;
  /** Lets them know of wires that closed while that could not be stored. */
  storeClosedAgain(db: Writer): Promise<void>;
  /** Ends a session's wire because the session ended or its device was revoked. */
  end(sessionId: string, code: number, why: string, discard: boolean): void;
  endDevice(deviceId: string, code: number, why: string): void;
  /** Resolves when every wire is closed. */
  close(): Promise<void>;
}

/** From the moment a launcher asks: an order that comes while it is being admitted must find it. */
interface Wire {
  sessionId: string;
  deviceId: string;
  connection: Connection | null;
  order: { id: string; acceptedAt: number } | null;
  /** How it was told to end, maybe before it was connected. */
  dead: { code: number; why: string } | null;
}

export function makeRelay(parts: {
  core: CoreContext;
  /** Monotonic milliseconds at which a session must be cut; null when it does not live here. */
  cutAt(sessionId: string): number | null;
  /** Whether the access that it runs under has had its time. */
  isAccessOver(sessionId: string): boolean;
  /** After it a session that another process granted is counted here too. */
  know(sessionId: string): Promise<void>;
  /** Logins that the broker makes itself. */
  handovers: Pick<Handovers, 'prepare'>;
  /** Closed by whoever made it, after the relay. */
  keeper: WireKeeper;
  /** A target became reachable or stopped being so. */
  onReachability(): void;
}): Relay {
  const { core } = parts;
  const log = openRelayLog(core.dataFolder);
  const reachability = makeReachability(core.writer, core.clock);
  const wires = new Set<Wire>();
  const closed = makeClosedWires(core, (sessionId) => [...wires].some((wire) => wire.sessionId === sessionId));

  const notes = new Set<Promise<unknown>>();

  /** Written down beside the work; `close` waits for it. */
  function note(work: Promise<unknown>): void {
    const noted = work
      .catch((error: unknown) => core.log.error({ err: error }, 'the relay could not write down what it did'))
      .finally(() => notes.delete(noted));
    notes.add(noted);
  }

  function now(): string {
    return core.clock.now().toISOString();
  }

  /** False when it could not be written. */
  function write(line: Omit<RelayLogLine, 'at'>): boolean {
    try {
      log.write({ at: now(), ...line });
      return true;
    } catch (error) {
      core.log.error({ err: error }, 'relay.log cannot be written');
      return false;
    }
  }

  function refuse(socket: WebSocket, actor: Actor, sessionId: string, refusal: { code: number; why: string }): void {
    socket.resume();
    socket.close(refusal.code, refusal.why.slice(0, 100));
    setTimeout(() => socket.terminate(), 1000).unref();
    const why = refusal.why;
    write({
      event: 'refused',
      sessionId,
      targetAddress: '',
      bytesToTarget: 0,
      bytesFromTarget: 0,
      why,
    });
    note(core.audit.record({ event: 'relay.refused', actor: actor.userId, subject: sessionId, detail: { why } }));
  }

  /** The session, claimed for its one connection, and how it is to be handed over if the broker makes its login; or why not. */
  async function admit(
    actor: Actor,
    sessionId: string,
  ): Promise<{ session: SessionRow; handOver: HandOver | null } | { code: number; why: string }> {
    const session = await findSession(core.reader, sessionId);
    // One answer for what does not exist and what is another's: an id must not be a way to ask.
    if (session === null || actor.device === null || session.device_id !== actor.device.id)
      return { code: closeCodes.refused, why: 'SP-2105 no such session' };
    if (session.relay_address === null) return { code: closeCodes.refused, why: 'SP-2105 this session goes direct' };
    if (session.killed_at !== null) return { code: closeCodes.killed, why: 'SP-4001 killed' };
    // Before its end is looked at: a session whose right is gone is ended for that, and this says why.
    if (!(await mayStillConnect(core, actor, session)))
      return { code: closeCodes.refused, why: 'SP-2002 no access rule lets you connect any more' };
    if (session.ended_at !== null) return { code: closeCodes.ended, why: 'SP-4011 the session has ended' };
    await parts.know(sessionId);
    if ((parts.cutAt(sessionId) ?? 0) <= core.clock.monotonicMs())
      return { code: closeCodes.leaseExpired, why: 'SP-4002 no lease' };
    // A revocation between the proof and this connection found no wire to close.
    if (await isRevoked(core.reader, actor.device.id)) return { code: closeCodes.revoked, why: 'SP-1005 revoked' };
    // Before the claim: after it a failure would leave a wire that nobody closes, and orders would wait for it.
    const handOver = await parts.handovers.prepare(session);
    const claimed = await core.writer.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('sessions')
        .set({ relayed_at: core.clock.now(), relayed_by: core.bus.processId })
        .where('id', '=', sessionId)
        .where('relayed_at', 'is', null)
        .where(mayGoOn(session))
        .executeTakeFirst();
      if (numUpdatedRows !== 1n) return false;
      if (grantOf(session).evidence.wire) await parts.keeper.register(trx, sessionId);
      return true;
    });
    if (claimed) return { session, handOver };
    const lock = await lockInForce(core.reader, session.user_id, session.target_id);
    return lock === null
      ? { code: closeCodes.superseded, why: 'SP-2105 a session is relayed once' }
      : { code: closeCodes.refused, why: `SP-2003 locked out of this target by ${lock.by_name}` };
  }

  async function storeProof(sessionId: string, proof: HostProof): Promise<void> {
    await core.writer
      .updateTable('sessions')
      .set({ carried_proof: proofDigest(proof) })
      .where('id', '=', sessionId)
      .where('relay_closed_at', 'is', null)
      .execute();
  }

  function start(of: {
    socket: WebSocket;
    session: SessionRow;
    handOver: HandOver | null;
    address: string;
    wire: Wire;
  }): void {
    const { socket, session, handOver, address, wire } = of;
    const { target, evidence } = grantOf(session);
    const lost = (error: unknown) => {
      core.log.error({ err: error, session: session.id }, 'a wire cannot be kept');
      void stop(wire, 1011, 'the relay cannot keep the wire', true);
    };
    const sink: WireSink | null = evidence.wire ? parts.keeper.open(session.id, lost) : null;
    const targetAddress = `${address.includes(':') ? `[${address}]` : address}:${target.port}`;
    const common = { sessionId: session.id, targetAddress };
    wire.connection = openConnection({
      socket,
      address,
      port: target.port,
      clock: core.clock,
      cutAt: () => parts.cutAt(session.id),
      isAccessOver: () => parts.isAccessOver(session.id),
      handOver,
      wire: sink,
      events: {
        onOpen() {
          const written = write({ event: 'open', ...common, bytesToTarget: 0, bytesFromTarget: 0, why: '' });
          // A relay that cannot say what it does does not go on.
          if (!written) void stop(wire, 1011, 'the relay cannot write its log', true);
          note(
            core.audit.record({
              event: 'relay.opened',
              actor: session.user_id,
              subject: session.id,
              detail: { address: targetAddress },
            }),
          );
          note(reachability.succeeded(session.target_id).then(parts.onReachability));
        },
        onUnreachable(why) {
          const message = `The relay could not reach ${target.name} at ${target.host}:${target.port}: ${why}.`;
          note(reachability.failed(session.target_id, { code: 'SP-2104', message }).then(parts.onReachability));
        },
        onHostProof: (proof) => storeProof(session.id, proof),
        onFailure: (error) => core.log.error({ err: error, session: session.id }, 'the relay could not go on'),
        onClosed({ why }, counts) {
          wires.delete(wire);
          // Of an order its own times are stored first: whoever finds the wire closed finds them too.
          if (wire.order === null) note(closed.store(session.id));
          const order = wire.order;
          const ordered = order === null ? {} : { orderId: order.id, ms: core.clock.monotonicMs() - order.acceptedAt };
          write({ event: 'closed', ...common, ...counts, why, ...ordered });
          note(
            core.audit.record({
              event: 'relay.closed',
              actor: session.user_id,
              subject: session.id,
              detail: { ...counts, why, ...ordered },
            }),
          );
        },
      },
    });
  }

  async function serve(socket: WebSocket, actor: Actor, sessionId: string): Promise<void> {
    const wire: Wire = { sessionId, deviceId: actor.device?.id ?? '', connection: null, order: null, dead: null };
    wires.add(wire);
    const admitted = await admit(actor, sessionId).catch((error: unknown) => {
      core.log.error({ err: error }, 'the relay could not look up a session');
      return { code: 1011, why: 'SP-5010 the store does not answer' };
    });
    const address = 'why' in admitted ? null : admitted.session.relay_address;
    let admission = 'why' in admitted ? admitted : { code: closeCodes.ended as number, why: 'ended while connecting' };
    if (!('why' in admitted) && address !== null && wire.dead === null && socket.readyState === socket.OPEN) {
      try {
        start({ ...admitted, socket, address, wire });
        return;
      } catch (error) {
        core.log.error({ err: error, session: sessionId }, 'a wire cannot be kept');
        admission = { code: 1011, why: 'SP-5010 the relay cannot keep the wire' };
      }
    }
    wires.delete(wire);
    if (!('why' in admitted)) {
      note(closed.store(admitted.session.id));
      note(parts.keeper.abandon(admitted.session.id));
    }
    // What ended it while it was being admitted counts for more than what admission found.
    refuse(socket, actor, sessionId, wire.dead ?? admission);
  }

  function stop(wire: Wire, code: number, why: string, discard: boolean): Promise<void> | null {
    wire.dead ??= { code, why };
    return wire.connection?.end({ code, why, discard }) ?? null;
  }

  return {
    serve({ socket, actor, sessionId }) {
      // Nothing is read before there is somewhere to write it.
      socket.pause();
      socket.on('error', () => undefined);
      void serve(socket, actor, sessionId);
    },
    async takeCarried(sessionId, proof) {
      const take = core.writer.updateTable('sessions').set({ carried_proof: null }).where('id', '=', sessionId);
      const { numUpdatedRows } = await take
        .where('carried_proof', '=', proofDigest(proof))
        .where('relay_closed_at', 'is', null)
        .executeTakeFirst();
      if (numUpdatedRows !== 1n) await take.execute();
      return numUpdatedRows === 1n;
    },
    cut(sessionId, order) {
      const of = [...wires].filter((wire) => wire.sessionId === sessionId);
      const closing = of.map((wire) => {
        wire.order = order;
        return stop(wire, closeCodes.killed, 'killed', true);
      });
      const ended = closing.find((closing) => closing !== null);
      if (ended === undefined || ended === null) return null;
      closed.cutting(sessionId);
      return ended.then(() => ({ at: now(), ms: core.clock.monotonicMs() - order.acceptedAt }));
    },
    forgetCut: closed.store,
    storeClosedAgain: closed.storeAgain,
    end(sessionId, code, why, discard) {
      for (const wire of [...wires]) if (wire.sessionId === sessionId) void stop(wire, code, why, discard);
    },
    endDevice(deviceId, code, why) {
      for (const wire of [...wires]) if (wire.deviceId === deviceId) void stop(wire, code, why, true);
    },
    async close() {
      await Promise.all([...wires].map((wire) => stop(wire, 1001, 'the server stops', true)));
      await Promise.all(notes);
      log.close();
    },
  };
}
