import { expect, test } from 'vitest';
import { makeFacade } from './remote-facade.ts';
import { longestText, mayAsk, mayLeave, type RemoteChannel, remoteChannels } from './remote-rules.ts';

const context = '5-1';
const text = (value: unknown) => ({ type: 'value', value });

test.each<[RemoteChannel, unknown[]]>([
  ['REMOTE_BROWSER_GET_BUILTIN', [context, 'app', undefined]],
  ['REMOTE_BROWSER_GET_BUILTIN', [context, 'clipboard']],
  ['REMOTE_BROWSER_GET_GLOBAL', [context, 'process']],
  ['REMOTE_BROWSER_GET_GLOBAL', [context, 'sallyport']],
  ['REMOTE_BROWSER_MEMBER_GET', [context, 3, 'versions']],
  ['REMOTE_BROWSER_MEMBER_CALL', [context, 1, 'getVersion', []]],
  ['REMOTE_BROWSER_MEMBER_CALL', [context, 2, 'writeText', [text('Sallyport 1')]]],
  ['REMOTE_BROWSER_DEREFERENCE', [context, 2, 0]],
  ['REMOTE_BROWSER_CONTEXT_RELEASE', [context]],
])('security 47: %s %j is one of the named few', (channel, args) => {
  expect(mayAsk(channel, args)).toBe(true);
});

test.each<[RemoteChannel, unknown[]]>([
  ['REMOTE_BROWSER_REQUIRE', [context, 'child_process']],
  ['REMOTE_BROWSER_REQUIRE', [context, 'app']],
  ['REMOTE_BROWSER_GET_BUILTIN', [context, 'dialog']],
  ['REMOTE_BROWSER_GET_BUILTIN', [context, 'constructor']],
  ['REMOTE_BROWSER_GET_BUILTIN', [context, ['app']]],
  ['REMOTE_BROWSER_GET_BUILTIN', [context, 'app', 'a stack']],
  ['REMOTE_BROWSER_GET_GLOBAL', [context, 'require']],
  ['REMOTE_BROWSER_GET_CURRENT_WINDOW', [context]],
  ['REMOTE_BROWSER_GET_CURRENT_WEB_CONTENTS', [context]],
  ['REMOTE_BROWSER_CONSTRUCTOR', [context, 1, []]],
  ['REMOTE_BROWSER_FUNCTION_CALL', [context, 1, []]],
  ['REMOTE_BROWSER_MEMBER_CONSTRUCTOR', [context, 1, 'getVersion', []]],
  ['REMOTE_BROWSER_MEMBER_SET', [context, 1, 'getVersion', [text('x')]]],
  ['REMOTE_BROWSER_MEMBER_GET', [context, 1, 'constructor']],
  ['REMOTE_BROWSER_MEMBER_GET', [context, 1, '__proto__']],
  ['REMOTE_BROWSER_MEMBER_GET', [context, '__proto__', 'versions']],
  ['REMOTE_BROWSER_MEMBER_GET', [context, 1.5, 'versions']],
  ['REMOTE_BROWSER_MEMBER_CALL', [context, 1, 'constructor', []]],
  ['REMOTE_BROWSER_MEMBER_CALL', [context, 1, 'toString', []]],
  ['REMOTE_BROWSER_MEMBER_CALL', [context, 1, 'getVersion', [text('x')]]],
  ['REMOTE_BROWSER_MEMBER_CALL', [context, 1, 'writeText', [{ type: 'function', id: 1, length: 1 }]]],
  // biome-ignore lint/suspicious/noThenProperty: the shape that the package takes
  ['REMOTE_BROWSER_MEMBER_CALL', [context, 1, 'writeText', [{ type: 'promise', then: { type: 'function', id: 1 } }]]],
  ['REMOTE_BROWSER_MEMBER_CALL', [context, 1, 'writeText', [{ type: 'nativeimage', value: {} }]]],
  ['REMOTE_BROWSER_MEMBER_CALL', [context, 1, 'writeText', [{ type: 'remote-object', id: 1 }]]],
  ['REMOTE_BROWSER_MEMBER_CALL', [context, 1, 'writeText', [text({ toString: 1 })]]],
  ['REMOTE_BROWSER_MEMBER_CALL', [context, 1, 'writeText', [text('x'.repeat(longestText + 1))]]],
  ['REMOTE_BROWSER_MEMBER_CALL', [context, 1, 'writeText', { length: 1, 0: text('x') }]],
  ['REMOTE_BROWSER_WRONG_CONTEXT_ERROR', [context, context, 1]],
  ['REMOTE_BROWSER_DEREFERENCE', [context, 'constructor']],
  ['REMOTE_BROWSER_CONTEXT_RELEASE', [{}]],
])('security 47: %s %j is refused', (channel, args) => {
  expect(mayAsk(channel, args)).toBe(false);
});

test('security 47: only plain texts and sealed objects leave', () => {
  const object = { type: 'object', id: 1, name: '', proto: null, members: [{ name: 'versions', type: 'get' }] };
  expect([text('x'), text(undefined), null, object].map(mayLeave)).toEqual([true, true, true, true]);
  const resolve = { type: 'function', id: 2, name: 'Function', members: [], proto: null };
  const refused = [
    resolve,
    // biome-ignore lint/suspicious/noThenProperty: the shape that the package sends
    { type: 'promise', then: resolve },
    { type: 'array', members: [resolve] },
    { type: 'exception', value: {} },
    text({}),
    { ...object, name: 'Object' },
    { ...object, proto: { members: [], proto: null } },
    { ...object, members: [{ name: 'constructor', type: 'method' }] },
    undefined,
  ];
  expect(refused.map(mayLeave)).toEqual(refused.map(() => false));
});

test('security 47: the facade has nothing to climb: no prototype, no constructor, nothing to set', () => {
  const facade = makeFacade(
    {
      name: 'Sallyport',
      version: '1',
      electron: '',
      chrome: '',
      node: '',
      platform: '',
      arch: '',
      device: '',
      server: '',
      organisation: '',
    },
    () => undefined,
  );
  const seen: unknown[] = [];
  const walk = (value: unknown) => {
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return;
    seen.push(value);
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(Object.isFrozen(value)).toBe(true);
    expect('constructor' in value).toBe(false);
    expect(() => Reflect.construct(value as () => void, [])).toThrow();
    for (const name of Object.getOwnPropertyNames(value)) walk((value as Record<string, unknown>)[name]);
  };
  for (const part of [...Object.values(facade.builtins), ...Object.values(facade.globals)]) walk(part);
  // Two modules, two globals, the versions, three functions.
  expect(seen).toHaveLength(8);
  expect(new Set(remoteChannels).size).toBe(14);
});
