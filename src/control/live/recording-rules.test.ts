import { describe, expect, it } from 'vitest';
import { recordingRulesSchema, type TargetRecording } from '../../shared/protocol/control-api.ts';
import { recordingOf } from './recording-rules.ts';

const rules = (changes: object = {}) => recordingRulesSchema.parse(changes);
const target = (recording: TargetRecording = {}, changes: object = {}) => ({
  recording,
  route: 'relay' as const,
  reexchange_failed_at: null,
  ...changes,
});

describe('how a session is recorded', () => {
  it('is strict, with anchors and the whole wire, where nothing else is said', () => {
    expect(recordingOf(target(), rules())).toEqual({ recordMode: 'strict', evidence: { anchors: true, wire: true } });
  });

  it('follows the organisation, and the target before it', () => {
    const loose = rules({ mode: 'best-effort', anchors: false, wire: { keep: 'off' } });
    expect(recordingOf(target(), loose)).toEqual({
      recordMode: 'best-effort',
      evidence: { anchors: false, wire: false },
    });
    const own = target({ mode: 'strict', anchors: true, wire: 'full' });
    expect(recordingOf(own, loose)).toEqual({ recordMode: 'strict', evidence: { anchors: true, wire: true } });
    expect(recordingOf(target({ wire: 'off' }), rules()).evidence.wire).toBe(false);
  });

  it('keeps no wire of a session that does not go through the relay', () => {
    expect(recordingOf(target({ wire: 'full' }, { route: 'direct' }), rules()).evidence.wire).toBe(false);
  });

  it('makes no anchors at a target that could not exchange keys again', () => {
    const failed = target({ anchors: true }, { reexchange_failed_at: new Date() });
    expect(recordingOf(failed, rules()).evidence).toEqual({ anchors: false, wire: true });
  });

  it('samples wires by chance: one of as many as the rules say', () => {
    const sampled = rules({ wire: { keep: 'sampled', oneIn: 4 } });
    const asked: number[] = [];
    const kept = Array.from({ length: 8 }, (_, index) => {
      const chance = (oneIn: number) => {
        asked.push(oneIn);
        return index % oneIn;
      };
      return recordingOf(target(), sampled, chance).evidence.wire;
    });
    expect(kept).toEqual([true, false, false, false, true, false, false, false]);
    expect(new Set(asked)).toEqual(new Set([4]));
    // The real chance: never always, never never.
    const many = Array.from({ length: 400 }, () => recordingOf(target(), sampled).evidence.wire);
    expect(many.filter(Boolean).length).toBeGreaterThan(40);
    expect(many.filter(Boolean).length).toBeLessThan(200);
  });
});
