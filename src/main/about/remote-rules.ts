/**
 * What the window with the versions may ask through @electron/remote 2.1.3, message by message. The package's own allow list is no boundary: whoever can
 * send its raw messages walks from any object to a constructor, and from there to code in main; a promise as an argument alone makes main hand out two
 * functions. So every message is judged here before the package sees it, every answer before it leaves, and no object behind an answer has a prototype.
 * Pure; channel names: dist/src/common/ipc-messages.
 */
export const remoteChannels = [
  'REMOTE_BROWSER_REQUIRE',
  'REMOTE_BROWSER_GET_BUILTIN',
  'REMOTE_BROWSER_GET_GLOBAL',
  'REMOTE_BROWSER_GET_CURRENT_WINDOW',
  'REMOTE_BROWSER_GET_CURRENT_WEB_CONTENTS',
  'REMOTE_BROWSER_CONSTRUCTOR',
  'REMOTE_BROWSER_FUNCTION_CALL',
  'REMOTE_BROWSER_MEMBER_CONSTRUCTOR',
  'REMOTE_BROWSER_MEMBER_CALL',
  'REMOTE_BROWSER_MEMBER_SET',
  'REMOTE_BROWSER_MEMBER_GET',
  'REMOTE_BROWSER_DEREFERENCE',
  'REMOTE_BROWSER_CONTEXT_RELEASE',
  'REMOTE_BROWSER_WRONG_CONTEXT_ERROR',
] as const;
export type RemoteChannel = (typeof remoteChannels)[number];

/** What each name stands for is in remote-facade.ts. */
export const builtins = ['app', 'clipboard'] as const;
export const globals = ['process', 'sallyport'] as const;
export const methods = { getName: 0, getVersion: 0, writeText: 1 } as const;
export const members = [
  'versions',
  'electron',
  'chrome',
  'node',
  'platform',
  'arch',
  'device',
  'server',
  'organisation',
] as const;

/** Longest text that may go to the clipboard, in UTF-16 units. */
export const longestText = 200_000;

/** Whether a message in its arguments, after Electron's event, is one of the named few. */
export function mayAsk(channel: RemoteChannel, args: readonly unknown[]): boolean {
  const [context, first, second, third] = args;
  if (typeof context !== 'string' || !/^[\w-]{1,64}$/.test(context)) return false;
  switch (channel) {
    case 'REMOTE_BROWSER_GET_BUILTIN':
      return isOneOf(builtins, first) && second === undefined;
    case 'REMOTE_BROWSER_GET_GLOBAL':
      return isOneOf(globals, first) && second === undefined;
    case 'REMOTE_BROWSER_MEMBER_GET':
      return isId(first) && isOneOf(members, second);
    case 'REMOTE_BROWSER_MEMBER_CALL':
      return isId(first) && isMethod(second) && areTexts(third, methods[second]);
    case 'REMOTE_BROWSER_DEREFERENCE':
      return isId(first);
    case 'REMOTE_BROWSER_CONTEXT_RELEASE':
      return true;
    default:
      return false;
  }
}

/** Whether an answer holds nothing but plain values and the sealed objects of the facade. */
export function mayLeave(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null) return answer === null;
  const { type, value, proto, name, members: listed } = answer as Record<string, unknown>;
  if (type === 'value') return value === undefined || value === null || typeof value === 'string';
  if (type !== 'object') return false;
  return proto === null && name === '' && Array.isArray(listed) && listed.every(isFacadeMember);
}

function isFacadeMember(member: unknown): boolean {
  const name = (member as { name?: unknown } | null)?.name;
  return isOneOf(members, name) || isMethod(name);
}

function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

function isMethod(value: unknown): value is keyof typeof methods {
  return typeof value === 'string' && Object.hasOwn(methods, value);
}

function isOneOf(names: readonly string[], value: unknown): boolean {
  return typeof value === 'string' && names.includes(value);
}

/** Exactly `count` arguments, each a text: no objects, no functions, no promises, no pictures. */
function areTexts(args: unknown, count: number): boolean {
  return Array.isArray(args) && args.length === count && args.every(isText);
}

function isText(arg: unknown): boolean {
  if (typeof arg !== 'object' || arg === null) return false;
  const { type, value, ...rest } = arg as Record<string, unknown>;
  return type === 'value' && typeof value === 'string' && value.length <= longestText && Object.keys(rest).length === 0;
}
