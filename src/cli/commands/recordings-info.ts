import type { Command } from 'commander';
import { levelNames } from '../../recording/verify/evidence-level.ts';
import { verifyDocuments } from '../../recording/verify/verify-recording.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import { keyedStreamSchema } from '../../shared/model/recording.ts';
import { type EvidenceLevel, evidenceLevelOf } from '../../shared/model/session.ts';
import type { Signed } from '../../shared/protocol/signed.ts';
import { receiptPayloadSchema } from '../../shared/protocol/signed.ts';
import type { EventCounts } from '../../shared/record/events.ts';
import type { Manifest } from '../../shared/record/manifest.ts';
import { examples, type Session } from '../environment.ts';
import { duration, facts, moment, plain, size } from '../text.ts';
import { type KeyOptions, openNamed } from './recordings-source.ts';

export function registerInfo(recordings: Command, open: (command: Command) => Session): void {
  const info = recordings
    .command('info')
    .description(
      'Prints what a recording says of itself without opening it: who, on which target, when, how it ended, what stands behind it, sizes and counts, and which keys open it. Ends with 1 when its manifest, signatures, grant or receipts do not hold. "verify" looks at everything.',
    )
    .argument('<id or folder>', 'the id of a recording (at least its first 6 characters), or a folder that holds one')
    .option(
      '--server-key <line>',
      "the server's signing key (OpenSSH line), when you have kept it; else the one beside the recording",
    )
    .action(async (what: string, options: Pick<KeyOptions, 'serverKey'>, self: Command) => {
      const session = open(self);
      const { source } = await openNamed(session, what, options.serverKey);
      const { manifest, firstBad } = verifyDocuments(source);
      if (manifest === null)
        throw new SallyportError(
          'SP-3030',
          `The manifest of this recording cannot be read: ${firstBad?.where}: ${firstBad?.what}`,
        );
      const found = summary(manifest, source.receipts, source.serverKeyPinned, firstBad);
      session.print(found, () => words(found));
      if (firstBad !== null) session.fail(1);
    });
  examples(info, [
    'sallyport --as nils recordings info 5d0e1f2a',
    'sallyport --json recordings info ./exported/5d0e1f2a-...',
  ]);
}

function totals(manifest: Manifest) {
  const events: EventCounts = {};
  const streams = keyedStreamSchema.options.map((stream) => {
    const lines = manifest.segments.filter((line) => line.stream === stream);
    for (const line of lines)
      for (const [code, count] of Object.entries(line.events))
        events[code as keyof EventCounts] = (events[code as keyof EventCounts] ?? 0) + count;
    return { stream, segments: lines.length, storedBytes: lines.reduce((sum, line) => sum + line.bytes, 0) };
  });
  return { streams, events };
}

/** What the server's last receipt says of the wire. Its signature is another matter: `firstBad` tells. */
function lastWire(receipts: readonly Signed[]) {
  const last = receipts.at(-1);
  if (last === undefined) return null;
  try {
    return receiptPayloadSchema.parse(JSON.parse(last.payload)).wire;
  } catch {
    return null;
  }
}

function summary(
  manifest: Manifest,
  receipts: readonly Signed[],
  pinned: boolean,
  firstBad: { where: string; what: string } | null,
) {
  const { header, end, anchors } = manifest;
  const wire = lastWire(receipts);
  const lastMs = Math.max(0, ...manifest.segments.map((line) => line.t1), ...anchors.map((line) => line.at));
  const level: EvidenceLevel = evidenceLevelOf({ anchors: anchors.length > 0, wire: wire !== null });
  return {
    session: header.session,
    manifestHolds: firstBad === null,
    firstBad,
    serverKeyPinned: pinned,
    user: header.user,
    device: header.device,
    target: header.target,
    login: header.login,
    command: header.command,
    route: header.route,
    reason: header.reason,
    ticket: header.ticket,
    started: header.started,
    ended: end?.at ?? null,
    durationMs: end === null ? lastMs : Math.max(lastMs, Date.parse(end.at) - Date.parse(header.started)),
    end: end === null ? null : { kind: end.kind, reason: end.reason },
    mode: header.mode,
    evidence: level,
    anchors: anchors.length,
    wire: wire === null ? null : { bytesToTarget: wire.toTarget.bytes, bytesFromTarget: wire.fromTarget.bytes },
    terminal: header.terminal,
    software: header.software,
    outputBytes: end?.outputBytes ?? null,
    inputBytes: end?.inputBytes ?? null,
    ...totals(manifest),
    receipts: receipts.length,
    recipients: header.recipients,
  };
}

type Summary = ReturnType<typeof summary>;

function words(info: Summary): string {
  const { end, command, target } = info;
  const rows: [string, string][] = [
    ['recording', info.session],
    ['person', `${info.user.name} (${info.user.id}), on ${info.device.name}`],
    [
      'target',
      `${target.name} (${target.host}:${target.port}) as ${info.login}, ${info.route === 'relay' ? 'through the relay' : 'directly'}`,
    ],
    ['what', command === null ? 'a shell' : `the command ${command}`],
    ['reason', [info.reason, info.ticket].filter((part) => part !== null).join(', ticket ') || '-'],
    ['started', `${moment(info.started)} UTC, ${info.terminal.cols}x${info.terminal.rows} ${info.terminal.term}`],
    ['length', duration(info.durationMs)],
    ['end', end === null ? 'none: the session runs, or its record was cut off' : end.reason],
    [
      'evidence',
      `${levelNames[info.evidence]} as it says: ${info.anchors} anchors, ${info.wire === null ? 'no wire' : `${size(info.wire.bytesToTarget + info.wire.bytesFromTarget)} of wire`}; "verify" checks it`,
    ],
    [
      'mode',
      info.mode === 'strict'
        ? 'strict: without a record no session'
        : 'best effort: the session may have gone on without a record',
    ],
    [
      'bytes',
      info.outputBytes === null ? 'not known without an end' : `${info.outputBytes} shown, ${info.inputBytes} typed`,
    ],
    [
      'events',
      Object.entries(info.events)
        .map(([code, count]) => `${count} ${code}`)
        .join(', ') || 'none',
    ],
    ...info.streams.map(({ stream, segments, storedBytes }): [string, string] => [
      stream,
      `${segments} segments, ${size(storedBytes)} stored`,
    ]),
    ['receipts', String(info.receipts)],
    ...Object.entries(info.recipients).map(([stream, recipients]): [string, string] => [
      `${stream} opens by`,
      recipients.join(' or '),
    ]),
    ['recorded by', info.software],
    [
      'manifest',
      info.firstBad === null
        ? `holds${info.serverKeyPinned ? '' : ', by a server key that is not pinned'}`
        : `DOES NOT HOLD: ${info.firstBad.where}: ${info.firstBad.what}`,
    ],
  ];
  return facts(rows.map(([label, value]) => [label, plain(value)] as const));
}
