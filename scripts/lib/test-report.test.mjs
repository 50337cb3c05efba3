import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { countReport } from './test-report.mjs';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-report-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** @param {unknown} report @param {number} code */
function count(report, code) {
  const file = path.join(folder, 'report.json');
  writeFileSync(file, JSON.stringify(report));
  return countReport(file, code);
}

const good = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 1, numTodoTests: 1, testResults: [] };

test('passed, skipped and to-do tests are summed', () => {
  expect(count(good, 0)).toEqual({ passed: 3, failed: 0, skipped: 2, clean: true });
});

test('a file that could not be loaded counts as a failure', () => {
  const testResults = [
    { status: 'failed', assertionResults: [] },
    { status: 'passed', assertionResults: [] },
  ];
  expect(count({ ...good, testResults }, 1)).toEqual({ passed: 3, failed: 1, skipped: 2, clean: false });
});

test('an error outside of the tests is not clean although nothing failed', () => {
  expect(count(good, 1)).toMatchObject({ failed: 0, clean: false });
});

test('no report from a failed run is a failure', () => {
  expect(countReport(path.join(folder, 'none.json'), 1)).toEqual({ passed: 0, failed: 1, skipped: 0, clean: false });
});
