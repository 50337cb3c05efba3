import { describe, expect, it, vi } from 'vitest';
import { defaultSettings, type SallyportBridge } from '../../shared/protocol/ipc.ts';
import { makeBridge } from './bridge.ts';

function makeRaw(answer: () => Promise<unknown>) {
  const listeners: ((body: unknown) => void)[] = [];
  const raw: SallyportBridge = {
    request: answer,
    on: (_name, listener) => {
      listeners.push(listener);
      return () => {};
    },
  };
  return { raw, emit: (body: unknown) => listeners.forEach((listener) => void listener(body)) };
}

const settings = { ...defaultSettings, theme: 'dark' };

describe('the bridge', () => {
  it('gives a value of the right shape', async () => {
    const { raw } = makeRaw(async () => ({ ok: true, value: settings }));
    expect(await makeBridge(raw).request('settings.get', {})).toEqual({ ok: true, value: settings });
  });

  it.each([
    ['a value of another shape', { ok: true, value: { ...settings, fontSize: 1000 } }],
    ['an error of another shape', { ok: false, error: { code: 'SP-0000', message: 'x' } }],
    ['nothing', undefined],
  ])('turns %s into SP-9002', async (_name, answer) => {
    const { raw } = makeRaw(async () => answer);
    expect(await makeBridge(raw).request('settings.get', {})).toMatchObject({ ok: false, error: { code: 'SP-9002' } });
  });

  it('never rejects', async () => {
    const { raw } = makeRaw(() => Promise.reject(new Error('gone')));
    expect(await makeBridge(raw).request('settings.get', {})).toMatchObject({ ok: false, error: { code: 'SP-9002' } });
  });

  it('passes errors of main through', async () => {
    const error = { code: 'SP-2003', message: 'Locked.' };
    const { raw } = makeRaw(async () => ({ ok: false, error }));
    expect(await makeBridge(raw).request('settings.get', {})).toEqual({ ok: false, error });
  });

  it('drops malformed events', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { raw, emit } = makeRaw(async () => undefined);
    const seen: unknown[] = [];
    makeBridge(raw).on('settings.changed', (body) => seen.push(body));
    emit({ theme: 'purple' });
    emit(settings);
    expect(seen).toEqual([settings]);
    warn.mockRestore();
  });
});
