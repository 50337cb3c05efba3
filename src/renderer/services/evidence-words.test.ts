import { describe, expect, it } from 'vitest';
import { evidenceLevelSchema } from '../../shared/model/session.ts';
import { recordingEvidence, replayEvidence, runningEvidence, wireWords } from './evidence-words.ts';

const wire = { bytesToTarget: 1000, bytesFromTarget: 2_000_000, open: false, releasedAt: null };

describe('what stands behind a record, in words', () => {
  it('has a word and a sentence for every level, each another', () => {
    const all = evidenceLevelSchema.options.map((evidence) => recordingEvidence({ evidence, wire: null }));
    expect(new Set(all.map((each) => each.word)).size).toBe(4);
    expect(new Set(all.map((each) => each.means)).size).toBe(4);
  });

  it('are those of the list only until the check has said what holds', () => {
    const listed = { evidence: 'anchored-with-wire', wire } as const;
    expect(replayEvidence(listed, null).word).toBe('Anchored with wire, as it says');
    expect(replayEvidence(listed, 'recorder-only').word).toBe('Recorder only');
    expect(replayEvidence(null, null).word).toBe('Recorder only');
    expect(replayEvidence(null, 'anchored').word).toBe('Anchored');
  });

  it('counts the anchors of a running session', () => {
    expect(runningEvidence('anchored-with-wire', 3).word).toBe('Anchored with wire: 3 anchors');
    expect(runningEvidence('anchored', 1).word).toBe('Anchored: 1 anchor');
    expect(runningEvidence('wire-only', 0).word).toBe('Wire only');
  });

  it('says that a wire was deleted, and claims nothing of one', () => {
    const releasedAt = '2026-11-21T12:00:00.000Z';
    const { means } = recordingEvidence({ evidence: 'anchored', wire: { ...wire, releasedAt } });
    expect(means).toContain('was deleted Saturday 21 November 2026');
    expect(means).not.toMatch(/compared|not kept/);
    expect(wireWords({ ...wire, releasedAt })).toBe('Deleted Saturday 21 November 2026');
    expect(wireWords({ ...wire, open: true })).toMatch(/^Being kept: .* so far$/);
    expect(wireWords(null)).toBeNull();
  });
});
