import { checkAnchor, type Exchange, openAnchor } from './anchor.ts';
import { must, sha256 } from './bytes.ts';
import type { Documents } from './documents.ts';
import { fromChannel } from './events.ts';
import { type Files, type Streams, stored } from './folder.ts';
import type { Identities } from './journal.ts';
import { type Carried, readWire } from './wire.ts';

export interface Evidence {
  /** Anchors that hold, and how many of them were opened. */
  anchors: number;
  opened: number;
  receipts: number;
  /** Digests of the wire that receipts name and that hold. */
  heads: number;
  /** What crossed, compared with the recording; null when none was kept or it does not open. */
  wire: { toTarget: Carried; fromTarget: Carried } | null;
}

/** Anchors, wire and receipts of a recording. Throws `Wrong`. */
export async function readEvidence(
  files: Files,
  documents: Documents,
  record: Streams,
  identities: Identities,
): Promise<Evidence> {
  const { manifest, grant, receipts } = documents;
  const exchanges: Exchange[] = [];
  for (const line of manifest.anchors) {
    const file = stored(files, line);
    const digest = line.subject === 'grant' ? String(manifest.header.grant) : (manifest.heads[line.lines] ?? '');
    const { seq, subject, lines } = line;
    checkAnchor(file, { session: grant.sessionId, seq, subject, lines, digest, hostKeys: grant.hostKeys });
    const { output, input } = identities;
    if (output !== undefined && input !== undefined) exchanges.push(await openAnchor(file, { output, input }));
  }
  for (const [at, { lines, wire }] of receipts.entries()) {
    const before = receipts[at - 1];
    must(lines >= (before?.lines ?? 0), 'a receipt covers less than the one before it');
    for (const part of ['toTarget', 'fromTarget'] as const)
      must(
        (wire?.[part].bytes ?? 0) >= (before?.wire?.[part].bytes ?? 0),
        'a receipt names less of the wire than the one before it',
      );
  }
  let heads = 0;
  for (const { wire } of receipts)
    for (const [part, name] of [
      [wire?.toTarget, 'wire.to-target'],
      [wire?.fromTarget, 'wire.from-target'],
    ] as const) {
      if (part === undefined || !files.has(name)) continue;
      must(sha256(files.bytes(name).subarray(0, part.bytes)) === part.sha256, `${name} is not what the receipt says`);
      heads += 1;
    }
  const opens = files.has('wire.to-target') && exchanges.length > 0;
  const wire = opens ? compareWire(files, documents, record, exchanges) : null;
  return { anchors: manifest.anchors.length, opened: exchanges.length, receipts: receipts.length, heads, wire };
}

function compareWire(files: Files, documents: Documents, record: Streams, exchanges: Exchange[]): Evidence['wire'] {
  const { header, end } = documents.manifest;
  const toTarget = readWire(
    files.bytes('wire.to-target'),
    exchanges.map((each) => each.toTarget),
  );
  const fromTarget = readWire(
    files.bytes('wire.from-target'),
    exchanges.map((each) => each.fromTarget),
  );
  const recorded = fromChannel(record.events.output);
  // Of a session that was cut, more may have crossed than was recorded, and in an exchange that could not be kept any more.
  const whole = end?.kind === 'exit';
  const crossed = whole ? fromTarget.data : fromTarget.data.subarray(0, recorded.length);
  must(recorded.equals(crossed), 'the recorded output is not what crossed');
  // A session that went on without a record let more cross, both ways.
  const wentOn = header.mode === 'best-effort' && end?.kind === 'recorder-failed';
  const typed = wentOn ? toTarget.data.subarray(0, record.input.length) : toTarget.data;
  must(record.input.subarray(0, typed.length).equals(typed), 'the recorded input is not what crossed');
  must(!whole || toTarget.after + fromTarget.after === 0, 'packets crossed that do not open');
  const exit = record.events.output.find(({ code }) => code === 'x')?.data.toString() || null;
  must(exit === fromTarget.exit || (!whole && exit === null), 'another end of the program crossed');
  const unusedMay = (turning: boolean) => (turning || !whole ? 1 : 0);
  for (const { unused, turning } of [toTarget, fromTarget])
    must(unused <= unusedMay(turning), 'an anchor is of another connection');
  must(
    toTarget.granted - fromTarget.data.length - fromTarget.after <= 2_097_152,
    'a larger window than any session has',
  );
  const goodbye = whole && toTarget.closed;
  const unsent = record.input.length - typed.length;
  must(!goodbye || unsent === 0 || fromTarget.granted === toTarget.data.length, 'input is recorded that was not sent');

  const { cols, rows } = header.terminal as { cols: number; rows: number };
  const harmless = /^(window-change |global (keepalive|no-more-sessions|hostkeys-prove-00)@openssh\.com)/;
  const asked = toTarget.requests.filter((request) => !harmless.test(request));
  const ran = header.command === null ? 'shell' : `exec ${header.command}`;
  const changes = toTarget.requests
    .filter((request) => request.startsWith('window-change '))
    .map((text) => text.slice(14));
  const sizes = record.events.output.filter(({ code }) => code === 'r').map(({ data }) => data.toString());
  const start = [`${cols}x${rows}`, sizes[0]].map((size) => `open session\npty-req ${size}\n${ran}`);
  must(start.includes(asked.join('\n')), `the target was asked for ${asked}`);
  must(sizes.length - changes.length <= (goodbye ? 0 : 64), 'sizes are recorded that the target was not told');
  const crossing = wentOn ? changes.slice(0, sizes.length) : changes;
  must(sizes.slice(0, crossing.length).join() === crossing.join(), 'other sizes crossed than were recorded');
  return { toTarget, fromTarget };
}
