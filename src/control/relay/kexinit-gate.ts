import { type Ciphers, isAcceptable, negotiate, peekKexInit } from './kexinit.ts';

export type Direction = 'to-target' | 'from-target';

export type GateStep =
  | { pass: { direction: Direction; bytes: Buffer }[]; refused: null }
  | { pass: []; refused: string };

/**
 * Holds back everything after each side's KEXINIT until both are seen and the cipher is judged; then it is open for good and must be taken out
 * of the way. So no credential and no encrypted byte passes a connection that will be refused. What is held is bounded: a side sends
 * at most its guess (RFC 4253 section 7) before it has the other's KEXINIT.
 */
export class KexInitGate {
  private readonly sides: Record<Direction, { seen: Buffer; passed: number; ciphers: Ciphers | null }> = {
    'to-target': { seen: Buffer.alloc(0), passed: 0, ciphers: null },
    'from-target': { seen: Buffer.alloc(0), passed: 0, ciphers: null },
  };
  private opened = false;

  get isOpen(): boolean {
    return this.opened;
  }

  push(direction: Direction, bytes: Buffer): GateStep {
    const side = this.sides[direction];
    side.seen = Buffer.concat([side.seen, bytes]);
    if (side.seen.length > 65_536) return { pass: [], refused: 'too much before the key exchange' };
    if (side.ciphers !== null) return this.judge();
    const peek = peekKexInit(side.seen);
    if (peek.state === 'not-ssh') return { pass: [], refused: peek.why };
    if (peek.state === 'more') return { pass: [this.release(direction, side.seen.length)], refused: null };
    side.ciphers = peek.ciphers;
    const pass = [this.release(direction, peek.end)];
    const step = this.judge();
    return step.refused === null ? { pass: [...pass, ...step.pass], refused: null } : step;
  }

  private judge(): GateStep {
    const client = this.sides['to-target'].ciphers;
    const server = this.sides['from-target'].ciphers;
    if (client === null || server === null) return { pass: [], refused: null };
    const chosen = negotiate(client, server);
    if (!isAcceptable(chosen.toServer) || !isAcceptable(chosen.toClient)) {
      return { pass: [], refused: `cipher ${chosen.toServer ?? 'none'} / ${chosen.toClient ?? 'none'}` };
    }
    this.opened = true;
    const rest = (['to-target', 'from-target'] as const).map((direction) =>
      this.release(direction, this.sides[direction].seen.length),
    );
    return { pass: rest.filter((part) => part.bytes.length > 0), refused: null };
  }

  private release(direction: Direction, end: number): { direction: Direction; bytes: Buffer } {
    const side = this.sides[direction];
    const bytes = side.seen.subarray(side.passed, end);
    side.passed = end;
    return { direction, bytes };
  }
}
