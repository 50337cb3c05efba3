/**
 * Records until something stops it, and after each `output` that returned says how many bytes may now be shown. Run by Node itself:
 * `recording-child.ts <limit of bytes>`. What it needs to check the recording comes first, as JSON.
 */
import { writeSync } from 'node:fs';
import { toProblem } from '../../src/shared/errors/result.ts';
import { makeRecordingWorld, startRecorder } from './recording-fixture.ts';

const say = (value: unknown) => writeSync(1, `${JSON.stringify(value)}\n`);
const world = await makeRecordingWorld();
const recorder = await startRecorder(world);
const { folder, identities, keys } = world;
say({ folder, identities, keys });
const problems: unknown[] = [];
recorder.onFailed((problem) => problems.push(problem));

const limit = Number(process.argv[2]);
for (let sent = 0; sent < limit; ) {
  const chunk = Buffer.from(`${sent} `.padEnd(1 + ((sent * 31) % 900), 'x'));
  try {
    sent = recorder.output(chunk);
  } catch (error) {
    const problem = toProblem(error);
    const { complete } = await recorder.close({ kind: 'recorder-failed', problem });
    say({ problem, complete, problems });
    break;
  }
  say({ shown: sent });
  const drained = recorder.drained();
  await (drained ?? new Promise((resolve) => setImmediate(resolve)));
}
