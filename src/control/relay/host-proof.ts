import { createHash } from 'node:crypto';
import { SshReader, sshString } from '../../recording/signatures/wire.ts';
import { afterIdentification, clearPacket } from './kexinit.ts';

/** What a target says of itself at the end of the first key exchange: K_S and its signature over the exchange hash H (RFC 4253 section 8). */
export interface HostProof {
  hostKey: Buffer;
  hostSignature: Buffer;
}

/** What stands for a proof in the database: hex SHA-256 over both, each with its length. */
export function proofDigest({ hostKey, hostSignature }: HostProof): string {
  return createHash('sha256').update(sshString(hostKey)).update(sshString(hostSignature)).digest('hex');
}

/** Everything before the first keys; the gate takes no more of a side either. */
const maxBytes = 65_536;
const newKeys = 21;
/** SSH_MSG_KEXDH_REPLY, SSH_MSG_KEX_ECDH_REPLY (RFC 5656 section 4) and the hybrids: K_S, the host's share, its signature. */
const exchangeReply = 31;
/** SSH_MSG_KEX_DH_GEX_REPLY (RFC 4419 section 5): the same three. */
const groupExchangeReply = 33;

function readReply(payload: Buffer): HostProof | null {
  try {
    const reader = new SshReader(payload);
    const type = reader.byte();
    if (type !== exchangeReply && type !== groupExchangeReply) return null;
    const hostKey = Buffer.from(reader.string());
    reader.string();
    const hostSignature = Buffer.from(reader.string());
    return reader.atEnd ? { hostKey, hostSignature } : null;
  } catch {
    // 31 is also SSH_MSG_KEX_DH_GEX_GROUP, which is two numbers.
    return null;
  }
}

/**
 * Reads what comes from a target until its first SSH_MSG_NEWKEYS and keeps the host's proof: H covers both sides' secrets, so only the connection
 * that these bytes came over has it. Never throws: what cannot be read leaves no proof, and without one nothing is signed.
 */
export class HostProofReader {
  proof: HostProof | null = null;
  private held: Buffer = Buffer.alloc(0);
  private identified = false;
  private total = 0;
  private ended = false;

  /** From here on pushed bytes are not looked at. */
  get done(): boolean {
    return this.ended;
  }

  push(bytes: Buffer): void {
    if (this.ended) return;
    this.total += bytes.length;
    this.held = Buffer.concat([this.held, bytes]);
    while (!this.ended && this.step());
    if (this.total > maxBytes) this.end();
  }

  /** One packet; false when it is not all here. */
  private step(): boolean {
    if (!this.identified) {
      const start = afterIdentification(this.held);
      if (start === null) return false;
      this.identified = true;
      this.held = this.held.subarray(start);
    }
    const packet = clearPacket(this.held, 0);
    if (packet.state === 'more') return false;
    if (packet.state === 'not-ssh' || packet.payload[0] === newKeys) {
      this.end();
      return false;
    }
    this.proof ??= readReply(packet.payload);
    this.held = this.held.subarray(packet.end);
    return true;
  }

  private end(): void {
    this.ended = true;
    this.held = Buffer.alloc(0);
  }
}
