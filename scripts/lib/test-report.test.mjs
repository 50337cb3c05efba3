import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { root } from './paths.mjs';
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
  expect(count(good, 0)).toEqual({ passed: 3, failed: 0, skipped: 2, clean: true, failures: [] });
});

test('a file that could not be loaded counts as a failure', () => {
  const testResults = [
    { name: path.join(root, 'test/a.test.ts'), status: 'failed', assertionResults: [] },
    { status: 'passed', assertionResults: [] },
  ];
  expect(count({ ...good, testResults }, 1)).toMatchObject({ passed: 3, failed: 1, clean: false });
});

test('an error outside of the tests is not clean although nothing failed', () => {
  expect(count(good, 1)).toMatchObject({ failed: 0, clean: false });
});

test('no report from a failed run is a failure', () => {
  expect(countReport(path.join(folder, 'none.json'), 1)).toEqual({
    passed: 0,
    failed: 1,
    skipped: 0,
    clean: false,
    failures: [],
  });
});

test('each failure is named with its file and the first line of why', () => {
  const assertionResults = [
    { status: 'passed', fullName: 'a holds' },
    { status: 'failed', fullName: 'a breaks', failureMessages: ['Error: no\n    at here'] },
  ];
  const testResults = [
    { name: path.join(root, 'test/a.test.ts'), status: 'failed', assertionResults },
    { name: path.join(root, 'test/b.test.ts'), status: 'failed', assertionResults: [] },
  ];
  expect(count({ ...good, numFailedTests: 1, testResults }, 1).failures).toEqual([
    'test/a.test.ts > a breaks: Error: no',
    'test/b.test.ts (could not be loaded)',
  ]);
});
