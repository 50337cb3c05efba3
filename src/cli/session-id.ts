import { UsageError } from './environment.ts';

const leastLength = 6;
const wholeLength = 36;

/**
 * The one id that begins with what was typed; at least 6 characters of it. Whole ids and what fits none are passed on: the server says what is wrong
 * with them. Throws a UsageError for one that fits several, since a kill must not choose.
 */
export async function wholeId(typed: string, known: () => Promise<readonly string[]>): Promise<string> {
  if (typed.length >= wholeLength || typed.length < leastLength) return typed;
  const fitting = (await known()).filter((id) => id.startsWith(typed));
  if (fitting.length > 1) {
    throw new UsageError(
      `"${typed}" begins ${fitting.length} ids: ${fitting.slice(0, 5).join(', ')}. Type more of it.`,
    );
  }
  return fitting[0] ?? typed;
}
