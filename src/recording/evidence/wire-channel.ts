import type { EndKind } from '../../shared/record/manifest.ts';
import type { WireDirection } from '../../shared/record/wire.ts';
import { SshReader } from '../signatures/wire.ts';
import { type OpenedPacket, WireFault } from './wire-packets.ts';

/** Message numbers of RFC 4254 that say something about the one channel, and those of logins (RFC 4250 section 4.1.1); everything else passes. */
const message = {
  login: { first: 50, last: 79 },
  globalRequest: 80,
  open: 90,
  confirmation: 91,
  openFailure: 92,
  windowAdjust: 93,
  data: 94,
  extendedData: 95,
  eof: 96,
  close: 97,
  request: 98,
  success: 99,
  failure: 100,
} as const;

/** Global requests that change nothing: OpenSSH's PROTOCOL, sections 2.4 and 2.5, and keepalives. */
const harmless = new Set(['keepalive@openssh.com', 'no-more-sessions@openssh.com', 'hostkeys-prove-00@openssh.com']);

export interface TerminalSize {
  cols: number;
  rows: number;
}

/** What one side said of the channel, in order. */
export interface ChannelFacts {
  /** Its number at the launcher and at the target, as this direction says them. */
  ours: number | null;
  theirs: number | null;
  /** Bytes that the other side may send before it hears again, as this side said when the channel was opened; with all that it allowed later. */
  window: number;
  granted: number;
  /** Bytes of data that this side sent. */
  sent: number;
  /** This side said that it is done with the channel, after all that it sent. */
  closed: boolean;
  terminal: (TerminalSize & { term: string }) | null;
  /** Null while neither a shell nor a command was asked for. */
  started: { command: string | null } | null;
  resizes: TerminalSize[];
  /** How the program ended, as an `x` event says it. */
  exit: string | null;
}

/** The window of the session's SSH library: it never lets a target have more on its way. A larger one would excuse output that was left out. */
export const windowAtMost = 2_097_152;

/** Beyond it the list of sizes would be the memory of whoever verifies. */
const resizesAtMost = 1_000_000;

/**
 * Follows one direction of a session that has one channel, and answers its data. Throws `WireFault` for whatever a session of ours never does: another channel,
 * a second program, a subsystem, a forwarding.
 */
export class ChannelReader {
  readonly facts: ChannelFacts = {
    ours: null,
    theirs: null,
    window: 0,
    granted: 0,
    sent: 0,
    closed: false,
    terminal: null,
    started: null,
    resizes: [],
    exit: null,
  };
  private readonly direction: WireDirection;
  private at = 0;

  constructor(direction: WireDirection) {
    this.direction = direction;
  }

  /** The channel's data in this packet, or null. */
  read({ offset, payload }: OpenedPacket): Buffer | null {
    this.at = offset;
    try {
      const reader = new SshReader(payload);
      const type = reader.byte();
      if (this.direction === 'to-target' && type >= message.login.first && type <= message.login.last)
        throw this.fault('a message of a login under a kept secret, where no password may ever cross');
      return this.direction === 'to-target' ? this.toTarget(type, reader) : this.fromTarget(type, reader);
    } catch (error) {
      if (error instanceof RangeError) throw this.fault('an SSH message that ends early');
      throw error;
    }
  }

  private fault(what: string): WireFault {
    return new WireFault(this.direction, this.at, what);
  }

  private toTarget(type: number, reader: SshReader): Buffer | null {
    switch (type) {
      case message.globalRequest: {
        const name = reader.text();
        if (!harmless.has(name)) throw this.fault(`the launcher asked the target for "${name}"`);
        return null;
      }
      case message.open: {
        const kind = reader.text();
        if (kind !== 'session' || this.facts.ours !== null)
          throw this.fault(`the launcher opened another channel, of the kind "${kind}"`);
        this.facts.ours = reader.uint32();
        this.facts.window = this.window(reader.uint32());
        this.facts.granted = this.facts.window;
        return null;
      }
      case message.confirmation:
        throw this.fault('the launcher took a channel that the target opened');
      case message.data:
        this.isTheirs(reader.uint32());
        return this.data(reader);
      case message.extendedData:
        throw this.fault('the launcher sent data beside its input');
      case message.windowAdjust:
        this.isTheirs(reader.uint32());
        this.facts.granted += this.window(reader.uint32());
        return null;
      case message.eof:
        this.isTheirs(reader.uint32());
        return null;
      case message.close:
        this.isTheirs(reader.uint32());
        this.facts.closed = true;
        return null;
      case message.request:
        this.isTheirs(reader.uint32());
        this.request(reader);
        return null;
      default:
        return null;
    }
  }

  private request(reader: SshReader): void {
    const name = reader.text();
    reader.byte();
    const { facts } = this;
    if (name === 'window-change') {
      if (facts.resizes.length === resizesAtMost) throw this.fault('the terminal changed its size without end');
      facts.resizes.push({ cols: reader.uint32(), rows: reader.uint32() });
    } else if (name === 'pty-req' && facts.terminal === null && facts.started === null) {
      const term = reader.text();
      facts.terminal = { cols: reader.uint32(), rows: reader.uint32(), term };
    } else if ((name === 'shell' || name === 'exec') && facts.started === null) {
      facts.started = { command: name === 'exec' ? reader.text() : null };
    } else {
      throw this.fault(`the launcher asked for "${name}" on the channel, which no session does there`);
    }
  }

  private fromTarget(type: number, reader: SshReader): Buffer | null {
    switch (type) {
      case message.confirmation: {
        const ours = reader.uint32();
        if (this.facts.ours !== null) throw this.fault('the target confirmed another channel');
        this.facts.ours = ours;
        this.facts.theirs = reader.uint32();
        this.facts.window = reader.uint32();
        this.facts.granted = this.facts.window;
        return null;
      }
      case message.windowAdjust:
        this.isOurs(reader.uint32());
        this.facts.granted += reader.uint32();
        return null;
      case message.data:
        this.isOurs(reader.uint32());
        return this.data(reader);
      case message.extendedData:
        this.isOurs(reader.uint32());
        reader.uint32();
        return this.data(reader);
      case message.close:
        this.isOurs(reader.uint32());
        this.facts.closed = true;
        return null;
      case message.request: {
        this.isOurs(reader.uint32());
        const name = reader.text();
        reader.byte();
        if (name === 'exit-status') this.facts.exit = String(reader.uint32());
        else if (name === 'exit-signal') this.facts.exit = `SIG${reader.text()}`;
        return null;
      }
      default:
        return null;
    }
  }

  private data(reader: SshReader): Buffer {
    const data = reader.string();
    this.facts.sent += data.length;
    return data;
  }

  private window(bytes: number): number {
    if (bytes > windowAtMost)
      throw this.fault(`the launcher let the target send ${bytes} bytes at once, which no session does`);
    return bytes;
  }

  /** Of the launcher's messages: the first one says the target's number of the channel. */
  private isTheirs(number: number): void {
    if (this.facts.ours === null) throw this.fault('a message for a channel that was not opened under a kept secret');
    this.facts.theirs ??= number;
    if (this.facts.theirs !== number) throw this.fault('the launcher sent to another channel');
  }

  private isOurs(number: number): void {
    if (this.facts.ours !== number) throw this.fault('the target sent on another channel');
  }
}

/** A session that was cut may have crossed more than was recorded: what was on its way. Of one that ended by its program's end nothing was. */
export function mayHaveMore(end: EndKind | null): boolean {
  return end !== 'exit';
}
