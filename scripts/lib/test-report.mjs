// Sums up what vitest reports about a run.
import { readFileSync } from 'node:fs';

/**
 * The parts of vitest's JSON report that are counted.
 * @typedef {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number,
 *   testResults: { status: string, assertionResults: unknown[] }[] }} Report
 * @typedef {{ passed: number, failed: number, skipped: number, clean: boolean }} Count
 */

/** @param {string} file @param {number} code vitest's exit code @returns {Count} */
export function countReport(file, code) {
  /** @type {Report} */
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Vitest itself failed before it could write one.
    return { passed: 0, failed: code === 0 ? 0 : 1, skipped: 0, clean: code === 0 };
  }
  // A file that could not even be loaded has no tests to count, and must not vanish from the sum.
  const unloaded = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const failed = report.numFailedTests + unloaded.length;
  const skipped = report.numPendingTests + report.numTodoTests;
  return { passed: report.numPassedTests, failed, skipped, clean: code === 0 && failed === 0 };
}
