import type { DrivenLauncher } from '../../src/lab/launcher/drive-launcher.ts';
import { waitUntil } from '../../src/lab/observers/wait.ts';
import type { EndReason } from '../../src/shared/model/session.ts';
import type { SallyportBridge } from '../../src/shared/protocol/ipc.ts';

declare global {
  /** The preload's bridge, as the page has it. */
  var sallyport: SallyportBridge;
}

interface Answer<T> {
  ok: boolean;
  value: T;
}

/** Connects from the page past what the interface allows (a locked target cannot be chosen there). Resolves with how it ended. */
export async function connectAnyway(launcher: DrivenLauncher, targetName: string): Promise<EndReason> {
  const id = await launcher.page.evaluate(async (name) => {
    const ask = async <T>(request: Parameters<SallyportBridge['request']>[0], body: unknown) =>
      (await globalThis.sallyport.request(request, body)) as Answer<T>;
    const { value } = await ask<{ targets: { id: string; name: string; logins: { name: string }[] }[] }>(
      'targets.list',
      { refresh: true },
    );
    const target = value.targets.find((each) => each.name === name);
    const opened = await ask<{ id: string }>('sessions.connect', {
      targetId: target?.id,
      login: target?.logins[0]?.name,
      reason: null,
      ticket: null,
      cols: 80,
      rows: 24,
    });
    return opened.value.id;
  }, targetName);
  const reason = await waitUntil(async () => {
    const listed = await launcher.page.evaluate(
      async () =>
        (await globalThis.sallyport.request('sessions.list', {})) as Answer<{
          sessions: { id: string; state: { state: string; reason?: EndReason } }[];
        }>,
    );
    return listed.value.sessions.find((each) => each.id === id)?.state.reason ?? null;
  }, 10_000);
  if (reason === null) throw new Error(`the session with ${targetName} did not end`);
  return reason;
}
