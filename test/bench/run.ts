import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { echo } from './echo.ts';
import { flood } from './flood.ts';
import { lag } from './lag.ts';
import { type Bench, type Measure, median } from './measure.ts';
import { recorder } from './recorder.ts';
import { seek } from './seek.ts';
import { sessionCost } from './session-cost.ts';
import { size } from './size.ts';
import { start } from './start.ts';

/**
 * `npm run bench -- [--only NAME] [--quick] [--json FILE]`: measures beside peers of the same run, prints a table, and writes JSON where asked. Asserts nothing: a
 * goal that is missed is said. docs/benchmarks.md has what the benches are and what came out.
 */
const benches: readonly Bench[] = [size, lag, seek, recorder, flood, start, echo, sessionCost];

function machine(): Record<string, string | number> {
  const [first] = cpus();
  return {
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryMb: Math.round(totalmem() / 1_000_000),
    kernel: release(),
    node: process.versions.node,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** A measure, and how busy the machine was, that of the bench included. */
interface Loaded extends Measure {
  load: { before: number; after: number };
}

/** Of the last minute. */
function load(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}

function number(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return value >= 10 ? value.toFixed(1) : value.toPrecision(2);
}

function print(measures: readonly Measure[]): void {
  for (const { name, unit, ours, peers, goal, met, note } of measures) {
    const mine = median(ours);
    console.log(`${name}: ${number(mine)} ${unit} (median of ${ours.length})`);
    for (const peer of peers) {
      const theirs = median(peer.values);
      console.log(`  ${peer.name}: ${number(theirs)} ${unit}, ours / theirs = ${number(mine / theirs)}`);
    }
    console.log(
      `  goal: ${goal}${met === null ? '' : met ? ' (met)' : ' (MISSED)'}${note === undefined ? '' : `; ${note}`}`,
    );
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, json: { type: 'string' }, quick: { type: 'boolean', default: false } },
  });
  const chosen = benches.filter((bench) => values.only === undefined || bench.name === values.only);
  if (chosen.length === 0) {
    console.error(`There is no bench "${values.only}". There are: ${benches.map((bench) => bench.name).join(', ')}.`);
    return 2;
  }
  const all: Loaded[] = [];
  for (const bench of chosen) {
    console.log(`\n${bench.name}: ${bench.what}`);
    const before = load();
    const measures = await bench.run((line) => console.log(`  ${line}`), { quick: values.quick });
    const after = load();
    print(measures);
    console.log(`  load average of the machine: ${before} before, ${after} after`);
    all.push(...measures.map((measure) => ({ ...measure, load: { before, after } })));
  }
  if (values.json !== undefined)
    writeFileSync(
      values.json,
      `${JSON.stringify({ machine: machine(), quick: values.quick, measures: all }, null, 2)}\n`,
    );
  return 0;
}

process.exitCode = await main();
