import { expect, test } from 'vitest';
import { QuitFlow } from './quit.ts';

function makeFlow(running: number) {
  const said: string[] = [];
  let finished = () => {};
  const flow = new QuitFlow({
    running: () => running,
    ask: (sessions) => said.push(`ask ${sessions}`),
    finish: () => {
      said.push('finish');
      return new Promise<void>((resolve) => {
        finished = resolve;
      });
    },
    quit: () => said.push('quit'),
  });
  return {
    flow,
    said,
    finish: async () => {
      finished();
      await new Promise(setImmediate);
    },
  };
}

test('without sessions it finishes, then quits, without asking', async () => {
  const { flow, said, finish } = makeFlow(0);
  expect(flow.mayQuit()).toBe(false);
  expect(flow.mayQuit()).toBe(false);
  await finish();
  expect(flow.mayQuit()).toBe(true);
  expect(said).toEqual(['finish', 'quit']);
});

test('with sessions it asks; staying forgets the question, quitting closes the records first', async () => {
  const { flow, said, finish } = makeFlow(2);
  expect(flow.mayQuit()).toBe(false);
  flow.answer('stay');
  expect(flow.mayQuit()).toBe(false);
  flow.answer('quit');
  flow.answer('stay');
  expect(flow.mayQuit()).toBe(false);
  await finish();
  expect(flow.mayQuit()).toBe(true);
  expect(said).toEqual(['ask 2', 'ask null', 'ask 2', 'ask null', 'finish', 'quit']);
});
