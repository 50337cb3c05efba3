import type { ControlToLauncher, LauncherToControl } from '../shared/protocol/control-channel.ts';
import type { Connection } from '../shared/protocol/ipc.ts';
import { ControlChannel } from './control-channel/channel.ts';
import { ControlClient } from './control-client/client.ts';
import { clockAheadMs, problemOfAnswer, unreachable } from './control-client/problems.ts';
import { makeProofMaker, type ProofMaker } from './control-client/proof.ts';
import type { Membership } from './identity/identity.ts';

export interface LinkListener {
  message(message: ControlToLauncher): void;
  online(): void;
  connection(state: Connection): void;
  liveSessions(): string[];
}

/** All that speaks to the control server for one membership: made when the device is enrolled, closed when it is forgotten. */
export class ControlLink {
  readonly membership: Membership;
  readonly proofs: ProofMaker;
  readonly caller: ControlClient;
  readonly channel: ControlChannel;

  private constructor(options: {
    membership: Membership;
    proofs: ProofMaker;
    caller: ControlClient;
    channel: ControlChannel;
  }) {
    this.membership = options.membership;
    this.proofs = options.proofs;
    this.caller = options.caller;
    this.channel = options.channel;
  }

  static async open(options: {
    membership: Membership;
    version: string;
    listener: LinkListener;
  }): Promise<ControlLink> {
    const { membership, listener } = options;
    const { address, trustRoot } = membership.identity;
    const proofs = await makeProofMaker(membership.key);
    const channel = new ControlChannel({
      address,
      trustRoot,
      version: options.version,
      means: {
        proof: (url) => proofs.proof('GET', url),
        unreachable: (error) => unreachable(address, error),
        refusal: ({ status, body, date }) =>
          problemOfAnswer({ address, status, body, clockAheadMs: clockAheadMs(date, Date.now()) }),
      },
      liveSessions: () => listener.liveSessions(),
      events: listener,
    });
    const caller = new ControlClient({ address, trustRoot, proofs, onAnswer: () => channel.serverAnswered() });
    return new ControlLink({ membership, proofs, caller, channel });
  }

  send(message: LauncherToControl): boolean {
    return this.channel.send(message);
  }

  sendPiece(piece: Uint8Array): boolean {
    return this.channel.sendPiece(piece);
  }

  async close(): Promise<void> {
    this.channel.stop();
    await this.caller.close();
  }
}
