import { z } from 'zod';

export const windowStateSchema = z.object({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int().min(720).max(20_000),
  height: z.number().int().min(500).max(20_000),
  maximised: z.boolean(),
});
export type WindowState = z.infer<typeof windowStateSchema>;

export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

export const defaultSize = { width: 1440, height: 900 } as const;
export const smallest = { width: 720, height: 500 } as const;

/**
 * Where the window opens: as it was left, if its title bar would still be on one of the screens' work areas; else in the default size, at most as
 * large as the first screen, in a place of the system's choice.
 */
export function placeWindow(
  stored: WindowState | null,
  areas: Area[],
): { width: number; height: number; x?: number; y?: number } {
  if (stored !== null && isReachable(stored, areas))
    return { x: stored.x, y: stored.y, width: stored.width, height: stored.height };
  const first = areas[0];
  const bounded = (wanted: number, room: number | undefined, least: number) =>
    Math.max(least, Math.min(wanted, room ?? wanted));
  return {
    width: bounded(stored?.width ?? defaultSize.width, first?.width, smallest.width),
    height: bounded(stored?.height ?? defaultSize.height, first?.height, smallest.height),
  };
}

/** Whether the title bar of a window is on one of the screens' work areas, so that it can be seen and moved. */
export function isReachable(window: Area, areas: readonly Area[]): boolean {
  return areas.some(
    (area) =>
      overlap(window.x, window.width, area.x, area.width) >= 100 &&
      window.y >= area.y - 1 &&
      window.y <= area.y + area.height - 40,
  );
}

function overlap(start: number, length: number, otherStart: number, otherLength: number): number {
  return Math.min(start + length, otherStart + otherLength) - Math.max(start, otherStart);
}
