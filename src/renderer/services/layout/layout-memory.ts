import { z } from 'zod';
import type { SessionView } from '../../../shared/protocol/ipc.ts';
import {
  changeWindow,
  emptyLayout,
  type Group,
  groupsIn,
  type Layout,
  type LayoutNode,
  mainWindow,
  mapGroups,
  tabOrder,
  type WindowLayout,
} from './layout.ts';

/** What is known of a session that is not there any more: enough to say which it was and to connect again. */
export const waitingSchema = z.object({
  targetId: z.string().max(200),
  targetName: z.string().max(200),
  login: z.string().max(64),
  production: z.boolean(),
});
export type Waiting = z.infer<typeof waitingSchema>;

const idSchema = z.string().min(1).max(100);
const groupSchema = z.object({
  kind: z.literal('group'),
  id: idSchema,
  tabs: z.array(idSchema).min(1).max(200),
  active: idSchema,
});
type StoredNode =
  | z.infer<typeof groupSchema>
  | { kind: 'split'; id: string; along: 'row' | 'column'; parts: { node: StoredNode; share: number }[] };
const nodeSchema: z.ZodType<StoredNode> = z.lazy(() =>
  z.union([
    groupSchema,
    z.object({
      kind: z.literal('split'),
      id: idSchema,
      along: z.enum(['row', 'column']),
      parts: z
        .array(z.object({ node: nodeSchema, share: z.number().min(0.001).max(1) }))
        .min(1)
        .max(40),
    }),
  ]),
);
const boxSchema = z.object({
  left: z.number().min(-100_000).max(100_000),
  top: z.number().min(-100_000).max(100_000),
  width: z.number().min(200).max(20_000),
  height: z.number().min(120).max(20_000),
});
const storedSchema = z.object({
  version: z.literal(1),
  tabs: z.array(waitingSchema.extend({ key: idSchema, sessionId: idSchema })).max(200),
  windows: z
    .array(
      z.object({
        id: idSchema,
        box: boxSchema.nullable(),
        root: nodeSchema.nullable(),
        focused: idSchema.nullable(),
      }),
    )
    .max(20),
});

export interface RememberedTab extends Waiting {
  key: string;
  /** The launcher's id of the session that was in it. */
  sessionId: string;
}

export interface Remembered {
  tabs: RememberedTab[];
  layout: Layout;
}

/** The layout as text for `memory.layout`. */
export function layoutText(remembered: Remembered): string {
  const windows = remembered.layout.windows.map(({ id, box, root, focused }) => ({ id, box, root, focused }));
  return JSON.stringify({ version: 1, tabs: remembered.tabs, windows });
}

/** Null for what is no JSON, has another shape, or lies so deep in itself that it cannot be read. */
function readStored(text: string): z.infer<typeof storedSchema> | null {
  try {
    return storedSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** Reads what `layoutText` wrote; null for anything else. Nothing in it is believed: each tab stands in one place, each id once. */
export function parseLayout(text: string | null): Remembered | null {
  if (text === null) return null;
  const stored = readStored(text);
  if (stored === null) return null;
  const known = new Map(stored.tabs.map((tab) => [tab.key, tab]));
  const seen = new Set<string>();
  const ids = new Set<string>([mainWindow]);
  const once = (id: string, letter: string): string => {
    let free = id;
    for (let number = 1; ids.has(free); number += 1) free = `${letter}${number}`;
    ids.add(free);
    return free;
  };
  const clean = (node: StoredNode): LayoutNode => {
    const id = once(node.id, node.kind === 'group' ? 'g' : 's');
    if (node.kind === 'split')
      return { ...node, id, parts: node.parts.map((part) => ({ node: clean(part.node), share: part.share })) };
    const tabs = node.tabs.filter((key) => known.has(key) && !seen.has(key));
    for (const key of tabs) seen.add(key);
    return { ...node, id, tabs, active: tabs.includes(node.active) ? node.active : (tabs[0] ?? '') };
  };
  const main = stored.windows.find((window) => window.id === mainWindow);
  const others = stored.windows.filter((window) => window.id !== mainWindow && window.box !== null);
  let layout = emptyLayout;
  for (const window of [...(main === undefined ? [] : [main]), ...others]) {
    const root =
      window.root === null
        ? null
        : mapGroups(clean(window.root), (group: Group) => (group.tabs.length === 0 ? null : group));
    if (window.id === mainWindow) {
      layout = changeWindow(layout, mainWindow, (now) => ({ ...now, root, focused: window.focused }));
    } else if (root !== null) {
      const made: WindowLayout = { id: once(window.id, 'w'), box: window.box, root, focused: null, largest: null };
      const focused = groupsIn(root).find((group) => group.id === window.focused)?.id ?? groupsIn(root)[0]?.id ?? null;
      layout = { ...layout, windows: [...layout.windows, { ...made, focused }] };
    }
  }
  const order = tabOrder(layout);
  return { tabs: order.flatMap((key) => known.get(key) ?? []), layout };
}

/** What is remembered of a session. */
export function waitingOf(view: SessionView): Waiting {
  const { targetId, targetName, login, production } = view;
  return { targetId, targetName, login, production };
}
