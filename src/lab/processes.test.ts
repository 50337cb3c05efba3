import { expect, test } from 'vitest';
import { gone, isAlive, runProgram, startProcess } from './processes.ts';

test('stopping takes what a process started along, also what moved to a session of its own and ignores SIGTERM', async () => {
  let said = '';
  let heard: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const parent = startProcess({
    name: 'parent',
    command: 'sh',
    args: ['-c', `setsid sh -c 'trap "" TERM; echo $$; while :; do sleep 1; done' & wait`],
    onLine(line) {
      said += line;
      heard();
    },
  });
  await ready;
  const child = Number(said);
  expect(isAlive(child)).toBe(true);
  await parent.stop(200);
  expect(await gone([parent.pid, child], 1000)).toBe(true);
});

test('a program is run with its input, and its exit code is an answer', async () => {
  const result = await runProgram('sh', ['-c', 'cat; echo oh >&2; exit 3'], { input: 'hello' });
  expect(result).toMatchObject({ code: 3, stderr: 'oh\n' });
  expect(result.stdout.toString()).toBe('hello');
});
