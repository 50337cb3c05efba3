import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Agent, request } from 'undici';
import { makeProof } from '../../src/lab/owner/device.ts';
import type { ReplayToOwner } from '../../src/shared/protocol/replay.ts';
import { type LongRecording, makeLongRecording } from '../harness/long-recording.ts';
import { answerFromMemory, jumpingShares, type OwnersAnswer, openToSeek } from '../harness/seeking.ts';
import { putManifest, putSegment } from '../integration/live-world/records.ts';
import { type Session, startWorld, type World } from '../integration/live-world/world.ts';
import type { Bench, Measure, RunOptions } from './measure.ts';
import { percentile } from './measure.ts';
import { measurePlayer } from './stock-player.ts';

const cacheBytes = 67_108_864;
const warmUp = 20;
const mebibyte = 1_048_576;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** MiB in use, without what only waits to be collected. */
function held(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / mebibyte;
}

interface Seeks {
  ms: number[];
  /** Processor time of each: what a machine that others use does not change. */
  workMs: number[];
  openMs: number;
  /** By which the process has grown most after the first jumps, in MiB; the replay's own cache is in it. */
  grown: number;
}

async function seeksIn(
  recording: LongRecording,
  count: number,
  answer: (asked: ReplayToOwner) => Promise<OwnersAnswer>,
): Promise<Seeks> {
  const { view, serverKey } = recording;
  const { jump, openMs } = await openToSeek({ view, serverKey, cacheBytes, answer });
  const ms: number[] = [];
  const workMs: number[] = [];
  let before = 0;
  let most = 0;
  let at = 0;
  for (const share of jumpingShares(count + warmUp)) {
    const jumped = await jump(Math.floor(share * recording.durationMs));
    at += 1;
    if (at > warmUp) {
      ms.push(jumped.ms);
      workMs.push(jumped.workMs);
    }
    if (at === warmUp) before = held();
    else if (at > warmUp && at % 20 === 0) most = Math.max(most, held());
  }
  return { ms, workMs, openMs, grown: most - before };
}

/** A recording of a session of that server, stored there. */
async function storeLong(world: World, segments: number): Promise<{ session: Session; recording: LongRecording }> {
  const hostKeys = ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTR8USnqh7ijXwHLnHtrUtPF599DgEHTaz2JRJXLqEb'];
  await world.apply([{ name: 'web-01', host: '10.1.2.3', logins: [{ name: 'deploy' }], hostKeys }]);
  const device = await world.enrol('jonas');
  const session = await world.open(device, 'web-01', 'deploy');
  const { grant, grantSigned, key: sessionKey, certificate: sessionKeyCertificate } = session;
  const deviceKey = device.client.key.line;
  const terminal = { cols: 80, rows: 24, term: 'xterm-256color' };
  const folder = mkdtempSync(path.join(world.folder, 'long-'));
  const recording = await makeLongRecording(segments, {
    folder,
    grant,
    grantSigned,
    options: {
      folder,
      grant,
      grantSigned,
      sessionKey,
      sessionKeyCertificate,
      deviceKey,
      terminal,
      software: 'sallyport bench',
    },
    keys: {
      serverKey: device.serverKey,
      deviceId: device.deviceId,
      deviceKey,
      sessionKey: grant.sessionKey,
      sessionKeyCertificate,
    },
    identity: '',
  });
  for (const [seq, bytes] of recording.stored.entries()) {
    await putSegment(device, session.id, { stream: 'output', seq, bytes });
    await putSegment(device, session.id, { stream: 'text', seq, bytes: recording.textFile });
  }
  await putManifest(device, session.id, recording.answer.manifest, recording.answer.signature);
  const view = await device.client.call('getRecording', { params: { sessionId: session.id } });
  return { session, recording: { ...recording, view } };
}

/** Asks the server as the launcher's main process does: with a proof for each request, over connections that stay. */
function asker({ id: sessionId, device }: Session) {
  const { client } = device;
  const agent = new Agent({ connect: { ca: client.trustRoot } });
  const segment = async (stream: string, seq: number) => {
    const url = `${client.address}/v1/recordings/${sessionId}/segments/${stream}/${seq}`;
    const headers = { dpop: await makeProof(client.key, 'GET', url) };
    const { statusCode, body } = await request(url, { headers, dispatcher: agent });
    const bytes = new Uint8Array(await body.arrayBuffer());
    if (statusCode !== 200) throw new Error(`the server answered ${statusCode} to ${url}`);
    return bytes;
  };
  return {
    close: () => agent.close(),
    async answer(asked: ReplayToOwner): Promise<OwnersAnswer> {
      if (asked.type === 'fetch-manifest') return { json: await client.call('getManifest', { params: { sessionId } }) };
      if (asked.type === 'fetch-segment') return { bytes: await segment(asked.stream, asked.seq) };
      if (asked.type !== 'unlock') throw new Error(`not expected here: ${asked.type}`);
      const body = { stream: asked.stream, purpose: 'a bench', recipient: asked.recipient };
      return { json: await client.call('unlock', { params: { sessionId }, body }) };
    },
  };
}

function measureOf(name: string, recording: LongRecording, seeks: Seeks, goalMs: number): Measure {
  const p95 = percentile(seeks.ms, 95);
  return {
    name,
    unit: 'ms',
    ours: seeks.ms,
    peers: [],
    goal: `p95 ${goalMs} ms, flat memory`,
    met: p95 <= goalMs,
    note: `${Math.round(recording.textBytes / 1e6)} MB of ${recording.segments} segments, opened in ${seeks.openMs.toFixed(0)} ms; ${seeks.ms.length} jumps, p50 ${percentile(seeks.ms, 50).toFixed(1)} ms, p95 ${p95.toFixed(1)} ms (of the processor p95 ${percentile(seeks.workMs, 95).toFixed(1)} ms); memory +${seeks.grown.toFixed(0)} MiB at most (the cache of parts may hold ${cacheBytes / mebibyte})`,
  };
}

async function overHttp(segments: number, count: number): Promise<Measure> {
  // One launcher stores and asks more in a minute than a person does.
  const world = await startWorld({ limits: { requestsPerPerson: 1_000_000, requestsPerMinute: 1_000_000 } });
  try {
    const { session, recording } = await storeLong(world, segments);
    const { answer, close } = asker(session);
    const seeks = await seeksIn(recording, count, answer);
    await close();
    return measureOf('seek, over HTTP', recording, seeks, 150);
  } finally {
    await world.close();
  }
}

export const seek: Bench = {
  name: 'seek',
  what: 'from the question for a moment of a long recording to its screen being drawn',
  async run(say, { quick }: RunOptions) {
    const segments = quick ? 200 : 4000;
    const count = quick ? 60 : 300;
    say(`making a recording of ${segments} segments`);
    const recording = await makeLongRecording(segments);
    const local = measureOf(
      'seek, local',
      recording,
      await seeksIn(recording, count, (asked) => answerFromMemory(recording, asked)),
      50,
    );
    say(String(local.note));
    say('storing one at a control server');
    // Shorter: what a jump asks for does not grow with the recording, and storing one of 1 GB takes minutes.
    const http = await overHttp(quick ? 200 : 1000, count);
    say(String(http.note));
    const player = await measurePlayer({ sizesMb: quick ? [50] : [1000, 500, 400, 250, 100], jumps: 10, say });
    if (player !== null)
      local.peers.push({ name: `asciinema-player, ${player.megabytes} MB (${player.note})`, values: player.ms });
    return [local, http];
  },
};
