import { createHash } from 'node:crypto';
import type { Client } from 'ssh2';
import {
  anchorName,
  checkAnchorClaims,
  checkAnchorSecret,
  formatAnchor,
  sealAnchorSecret,
} from '../recording/evidence/anchor.ts';
import { exchangeHash } from '../recording/evidence/anchor-exchange.ts';
import type { GrantPayload, Signed } from '../shared/protocol/signed.ts';
import { type Anchor, anchorBytesAtMost, anchorVersion } from '../shared/record/anchors.ts';
import type { AnchorSubject } from '../shared/record/manifest.ts';
import { type KeptExchange, type KeptExchanges, keepExchanges } from '../ssh/kept-exchanges.ts';
import type { Recorder } from './recorder/recorder.ts';

/** From the start of one exchange of ours to the next, in milliseconds: a flood closes many segments in a second, and each exchange holds it up. */
const betweenMs = 1000;
/** A closed segment waits this long for its companions (input, text) that are closed with it. */
const settleMs = 100;
/** Exchanges that wait to be written. Above it the connection is not read: only a target that exchanges without end comes here. */
const waitingAtMost = 16;

/** What an exchange carries. */
interface Carried {
  /** Among the key exchange names. */
  name: string;
  subject: AnchorSubject;
  lines: number;
  digest: string;
}

export interface AnchorsOptions {
  grant: GrantPayload;
  /** As the server signed it. */
  grantSigned: Signed;
  recorder: Pick<Recorder, 'covered' | 'keepAnchor' | 'onSealed'>;
  /** After each anchor that is on disk: how many there are. */
  kept(anchors: number): void;
  /** Stops reading from the target, and goes on. */
  hold(held: boolean): void;
  /** An exchange could not be kept, for a fault of this process. What the recorder cannot write it says itself. */
  failed(error: unknown): void;
}

/** The anchors of one session (docs/decisions/0016-anchors.md). */
export interface Anchors {
  /** From here on each exchange of this client but its first carries a digest and is kept. The client has been told to connect, and nothing was sent. */
  attach(client: Client): void;
  /** Begins the exchange that carries the grant. Resolves when the host key has signed it, by whatever exchange; else never. */
  anchorGrant(): Promise<void>;
  /**
   * The last one: waits for an exchange that runs, has `seal` close the record but for its end, and anchors that. Resolves when the last exchange is over. None is
   * begun after it.
   */
  anchorEnd(seal: () => Promise<void>): Promise<void>;
  /** No exchange is begun any more. */
  stop(): void;
}

/** The host key first signs the grant; then, whenever segments were closed, the manifest as far as it goes. */
export function makeAnchors(options: AnchorsOptions): Anchors {
  const { grant, recorder } = options;
  const ofGrant: Carried = {
    ...carrying(createHash('sha256').update(options.grantSigned.payload).digest('hex')),
    subject: 'grant',
    lines: 0,
  };
  const granted = Promise.withResolvers<void>();
  let exchanges: KeptExchanges | null = null;
  let hasGrant = false;
  let stopped = false;
  let waiting = 0;
  let held = false;
  let kept = 0;
  /** Lines of the manifest that an anchor must cover, and those that one does. */
  let wanted = 0;
  let covered = 0;
  let beganMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  /** The exchange of ours that runs. */
  let running: PromiseWithResolvers<void> | null = null;

  recorder.onSealed((part) => {
    if (part.stream === 'anchor') return;
    wanted = recorder.covered().lines;
    plan();
  });

  function stop(): void {
    stopped = true;
    clearTimeout(timer);
  }

  /** One of ours at a time; what closes meanwhile is covered by the next, which carries the newest head. */
  function plan(): void {
    if (stopped || !hasGrant || running !== null || timer !== undefined || wanted <= covered) return;
    timer = setTimeout(
      () => {
        timer = undefined;
        if (!stopped && wanted > covered) void begin();
      },
      Math.max(settleMs, beganMs + betweenMs - performance.now()),
    );
  }

  /** Resolves when an exchange is over, which may be one that runs already and carries less. */
  function begin(): Promise<void> {
    beganMs = performance.now();
    running ??= Promise.withResolvers<void>();
    const over = running.promise;
    exchanges?.start();
    return over;
  }

  function take(exchange: KeptExchange<Carried>): void {
    const { subject, lines } = exchange.carried;
    if (subject === 'grant') {
      hasGrant = true;
      granted.resolve();
    }
    covered = Math.max(covered, lines);
    running?.resolve();
    running = null;
    void keep(exchange);
    plan();
  }

  async function keep(exchange: KeptExchange<Carried>): Promise<void> {
    const { subject, lines } = exchange.carried;
    waits(1);
    let fault: unknown;
    const fileOf = async (seq: number) => {
      try {
        return await fileOfAnchor(exchange, seq, grant);
      } catch (error) {
        fault = error;
        throw error;
      }
    };
    try {
      await recorder.keepAnchor({ subject, lines, fileOf });
      kept += 1;
      options.kept(kept);
    } catch {
      if (fault !== undefined) options.failed(fault);
    } finally {
      exchange.secret.fill(0);
      waits(-1);
    }
  }

  function waits(more: number): void {
    waiting += more;
    const hold = held ? waiting > 0 : waiting > waitingAtMost;
    if (hold === held) return;
    held = hold;
    options.hold(held);
  }

  return {
    attach(client) {
      exchanges = keepExchanges<Carried>(client, {
        carry() {
          if (!hasGrant) return ofGrant;
          const head = recorder.covered();
          return { ...carrying(head.digest), subject: 'head', lines: head.lines };
        },
        kept: take,
      });
    },
    anchorGrant() {
      if (!hasGrant) void begin();
      return granted.promise;
    },
    async anchorEnd(seal) {
      if (stopped || !hasGrant) return;
      stop();
      await running?.promise;
      await seal();
      const { lines } = recorder.covered();
      while (covered < lines) await begin();
    },
    stop,
  };
}

function carrying(digest: string): { name: string; digest: string } {
  return { name: anchorName(digest), digest };
}

/** The anchor's file. Throws when it would not verify: then it is no evidence, whatever the reason. */
async function fileOfAnchor(exchange: KeptExchange<Carried>, seq: number, grant: GrantPayload): Promise<Buffer> {
  const { subject, lines, digest } = exchange.carried;
  const { startedBy, kex, hostKeyAlgorithm, cipher, secret } = exchange;
  const open: Anchor = {
    'sallyport-anchor': anchorVersion,
    session: grant.sessionId,
    seq,
    subject,
    lines,
    digest,
    startedBy,
    kex,
    hostKeyAlgorithm,
    cipher,
    sshSessionId: base64(exchange.sshSessionId),
    clientVersion: base64(exchange.clientVersion),
    serverVersion: base64(exchange.serverVersion),
    clientKexInit: base64(exchange.clientKexInit),
    serverKexInit: base64(exchange.serverKexInit),
    hostKey: base64(exchange.hostKey),
    clientShare: base64(exchange.clientShare),
    serverShare: base64(exchange.serverShare),
    signature: base64(exchange.signature),
    exchangeHash: '',
    secret: '',
  };
  const hash = exchangeHash(open, secret);
  const anchor: Anchor = {
    ...open,
    exchangeHash: base64(hash ?? Buffer.alloc(0)),
    secret: await sealAnchorSecret(secret, grant.recipients),
  };
  const wrong =
    checkAnchorClaims(anchor, { session: grant.sessionId, seq, subject, lines, digest, hostKeys: grant.hostKeys }) ??
    checkAnchorSecret(anchor, secret);
  if (wrong !== null) throw new Error(`an anchor does not verify: ${wrong}`);
  return fitting(formatAnchor(anchor));
}

/** The same bytes. Throws when the server would take no such anchor: a target's part of an exchange may be long. */
export function fitting(file: Buffer): Buffer {
  if (file.length <= anchorBytesAtMost) return file;
  throw new Error(`an anchor of ${file.length} bytes is longer than the ${anchorBytesAtMost} that one may have`);
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64');
}
