import { expect, test } from 'vitest';
import { SallyportError } from '../../shared/errors/result.ts';
import { defaultSettings } from '../../shared/protocol/ipc.ts';
import { dispatch, type Handlers } from './dispatch.ts';

const origin = 'app://sallyport';
const ours = { isOurMainFrame: true, origin };

function makeHandlers(called: string[]): Handlers {
  const handlers: Partial<Handlers> = {
    'settings.get': () => {
      called.push('settings.get');
      return { ...defaultSettings, fontSize: 14 };
    },
    'sessions.close': () => {
      throw new SallyportError('SP-5002', 'gone', { facts: { id: '1' } });
    },
    'app.retry': () => Promise.reject(new Error('the password is hunter2')),
    'clipboard.read': () => ({ text: 7 as unknown as string }),
  };
  return handlers as Handlers;
}

function ask(options: Partial<Parameters<typeof dispatch>[0]>) {
  const called: string[] = [];
  const internal: unknown[] = [];
  const answer = dispatch({
    handlers: makeHandlers(called),
    origin,
    sender: ours,
    name: 'settings.get',
    body: {},
    onInternal: (error) => internal.push(error),
    ...options,
  });
  return answer.then((result) => ({ result, called, internal }));
}

test('a request of our page in its shape is answered', async () => {
  expect((await ask({})).result).toEqual({ ok: true, value: { ...defaultSettings, fontSize: 14 } });
});

test.each([
  ['another frame', { sender: { isOurMainFrame: false, origin } }, 'SP-5003'],
  ['another origin', { sender: { isOurMainFrame: true, origin: 'https://example.org' } }, 'SP-5003'],
  ['an unknown name', { name: 'app.formatDisk' }, 'SP-9002'],
  ['a name from the prototype', { name: 'constructor' }, 'SP-9002'],
  ['a name that is no text', { name: { toString: () => 'settings.get' } }, 'SP-9002'],
  ['a body of another shape', { body: null }, 'SP-9002'],
] as [string, object, string][])('security 45: %s is refused before any handler runs', async (_name, options, code) => {
  const { result, called } = await ask(options);
  expect(result).toMatchObject({ ok: false, error: { code } });
  expect(called).toEqual([]);
});

test('our own errors keep their words; a stranger’s message stays inside', async () => {
  expect((await ask({ name: 'sessions.close', body: { id: 'x' } })).result).toEqual({
    ok: false,
    error: { code: 'SP-5002', message: 'gone', facts: { id: '1' } },
  });
  const { result, internal } = await ask({ name: 'app.retry' });
  expect(result).toMatchObject({ ok: false, error: { code: 'SP-9001' } });
  expect(JSON.stringify(result)).not.toContain('hunter2');
  expect(internal).toHaveLength(1);
});

test('an answer of another shape does not leave', async () => {
  expect((await ask({ name: 'clipboard.read' })).result).toMatchObject({ ok: false, error: { code: 'SP-9001' } });
});
