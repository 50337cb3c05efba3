// Sums up what vitest reports about a run.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './paths.mjs';

/**
 * The parts of vitest's JSON report that are counted.
 * @typedef {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number,
 *   testResults: { name?: string, status: string, assertionResults: { status?: string, fullName?: string, failureMessages?: string[] }[] }[] }} Report
 * @typedef {{ passed: number, failed: number, skipped: number, clean: boolean, failures: string[] }} Count
 */

/** @param {string} file @param {number} code vitest's exit code @returns {Count} */
export function countReport(file, code) {
  /** @type {Report} */
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Vitest itself failed before it could write one.
    return { passed: 0, failed: code === 0 ? 0 : 1, skipped: 0, clean: code === 0, failures: [] };
  }
  // A file that could not even be loaded has no tests to count, and must not vanish from the sum.
  const unloaded = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const failed = report.numFailedTests + unloaded.length;
  const skipped = report.numPendingTests + report.numTodoTests;
  return {
    passed: report.numPassedTests,
    failed,
    skipped,
    clean: code === 0 && failed === 0,
    failures: failures(report),
  };
}

/** A line for each that failed, with the first line of why: what stands at the end of a long output is what people find. @param {Report} report */
function failures({ testResults }) {
  return testResults.flatMap(({ name = '', status, assertionResults }) => {
    const file = path.relative(root, name);
    if (status === 'failed' && assertionResults.length === 0) return [`${file} (could not be loaded)`];
    return assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => `${file} > ${test.fullName ?? ''}: ${(test.failureMessages?.[0] ?? '').split('\n')[0] ?? ''}`);
  });
}
