import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { namespaces } from '../../shared/protocol/signed.ts';
import type { Manifest } from '../../shared/record/manifest.ts';
import type { WireHead } from '../../shared/record/wire.ts';
import { publicKeyLine } from '../signatures/keys.ts';
import { signDocument } from '../signatures/signed.ts';
import { CheckList } from './checks.ts';
import { checkReceipts } from './verify-receipts.ts';

const session = randomUUID();
const server = generateKeyPairSync('ed25519').privateKey;
const digest = (letter: string) => letter.repeat(64);
const wire = (toTarget: number, fromTarget: number, closed = false, letter = 'a'): WireHead => ({
  toTarget: { bytes: toTarget, sha256: digest(letter) },
  fromTarget: { bytes: fromTarget, sha256: digest(letter) },
  closed,
});

/** What a list of receipts, each for one line more than the one before, is found to be. */
function check(wires: (WireHead | null)[]): { bad: string | null; committed: number } {
  const heads = [digest('0'), ...wires.map((_, index) => digest(String(index + 1)))];
  const manifest = {
    header: { session },
    heads,
    lines: wires.length,
    receipts: [],
    end: null,
  } as unknown as Manifest;
  const receipts = wires.map((head, index) =>
    signDocument({
      privateKey: server,
      namespace: namespaces.receipt,
      value: {
        version: 1,
        sessionId: session,
        lines: index + 1,
        head: heads[index + 1],
        segments: 1,
        bytes: 1,
        ended: false,
        wire: head,
        at: 'now',
      },
    }),
  );
  const list = new CheckList();
  const documents = { receipts, serverKey: publicKeyLine(server) } as Parameters<typeof checkReceipts>[0];
  const committed = checkReceipts(documents, manifest, list).length;
  return { bad: list.firstBad === null ? null : `${list.firstBad.where} ${list.firstBad.what}`, committed };
}

describe('what receipts say of the wire', () => {
  it.each([
    ['grows', [null, wire(1, 1), wire(2, 9, false, 'b'), wire(2, 9, true, 'b')], null],
    ['shrinks', [wire(5, 5), wire(4, 6, false, 'b')], 'receipt 2 says 4 bytes of wire where an earlier one says 5'],
    ['changes', [wire(5, 5), wire(5, 5, false, 'b')], 'receipt 2 names another wire than an earlier one'],
    ['goes on after its end', [wire(5, 5, true), wire(6, 5, true)], 'receipt 2 says that the wire went on'],
    ['opens again', [wire(5, 5, true), wire(5, 5)], 'receipt 2 says that a closed wire is open'],
  ] as const)('%s', (_what, wires, bad) => {
    const found = check([...wires]);
    if (bad === null) expect(found).toEqual({ bad: null, committed: 3 });
    else expect(found.bad).toContain(bad);
  });
});
