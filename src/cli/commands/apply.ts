import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { SallyportError } from '../../shared/errors/result.ts';
import { parsePolicySet } from '../../shared/model/policy-set.ts';
import { type ApplyDocumentInput, applyDocumentSchema } from '../../shared/protocol/control-api.ts';
import { examples, type Register, UsageError } from '../environment.ts';
import { table } from '../text.ts';

export const registerApply: Register = (program, open) => {
  const command = program
    .command('apply')
    .summary('make people, targets and policies what a document says')
    .description(
      'Reads a YAML or JSON document and makes people, targets and policies exactly that, in one step: what is not in it is removed. A removed person loses their devices at once. Applying the same document again changes nothing. Needs the role engineer; the first apply needs nobody.',
    )
    .argument('<file>', 'the document; - reads standard input')
    .option('--policies <folder>', 'add the access rules of its .cedar files to those of the document')
    .action(async (file: string, options: { policies?: string }, self) => {
      const session = open(self);
      const client = session.client();
      const document = readDocument(file, await readText(file));
      const more = options.policies === undefined ? [] : await readPolicies(options.policies);
      const body = { ...document, policies: [...document.policies, ...more] };
      const result = await client.call('apply', { body });
      session.print(result, () => {
        const kinds = ['people', 'targets', 'policies'] as const;
        const same =
          !result.organisation.changed &&
          kinds.every((kind) => Object.values(result[kind]).every((count) => count === 0));
        if (same) return 'Nothing changed: the server already is what the document says.\n';
        const rows = kinds.map((kind) => [
          kind,
          String(result[kind].added),
          String(result[kind].changed),
          String(result[kind].removed),
        ]);
        return `${table(['', 'added', 'changed', 'removed'], rows, '')}${result.organisation.changed ? 'organisation changed\n' : ''}`;
      });
    });
  examples(command, [
    'sallyport --socket data/control.sock --as sanna apply sallyport.yaml',
    'sallyport --socket data/control.sock --as sanna apply sallyport.yaml --policies assets/policies',
  ]);
};

async function readText(file: string): Promise<string> {
  try {
    if (file !== '-') return await readFile(file, 'utf8');
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
    return Buffer.concat(chunks).toString('utf8');
  } catch (cause) {
    throw new UsageError(
      `${file} cannot be read (${cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'}). Check the path.`,
    );
  }
}

/** Throws a UsageError when there is no such folder, SP-5008 with the file and line of a policy without a name. */
async function readPolicies(folder: string): Promise<ApplyDocumentInput['policies']> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new UsageError(
      `${folder} cannot be read (${cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'}). Check the path.`,
    );
  });
  const policies: ApplyDocumentInput['policies'] = [];
  for (const name of names.filter((each) => each.endsWith('.cedar')).sort()) {
    try {
      const found = parsePolicySet(await readText(path.join(folder, name)));
      policies.push(...found.map(({ id, cedar }) => ({ id, cedar })));
    } catch (cause) {
      if (cause instanceof SallyportError) throw cause;
      throw new SallyportError(
        'SP-5008',
        `${name}: ${cause instanceof Error ? cause.message : ''}. Nothing was changed.`,
      );
    }
  }
  return policies;
}

/** JSON is YAML. Throws SP-5007 with the line that is wrong. */
function readDocument(file: string, text: string): ApplyDocumentInput {
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true });
  const error = document.errors[0];
  if (error !== undefined) {
    const line = error.linePos?.[0].line ?? '?';
    throw new SallyportError(
      'SP-5007',
      `${file} is not readable YAML: line ${line}: ${yamlWords(error.message)}. Nothing was changed. Correct the line and apply again.`,
    );
  }
  const value = jsonOf(file, document);
  const parsed = applyDocumentSchema.safeParse(value);
  if (parsed.success) return value as ApplyDocumentInput;
  const places = parsed.error.issues
    .slice(0, 10)
    .map((issue) => `  ${issue.path.join('.') || 'the document'}: ${issue.message}`);
  throw new SallyportError(
    'SP-5007',
    `${file} does not have the expected shape. Nothing was changed. Correct these places:\n${places.join('\n')}`,
  );
}

/** What a parser says, without the place that it adds at the end. */
function yamlWords(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '').replace(/[.:]$/, '');
}

/** Throws SP-5007 for aliases that name nothing, or too much: aliases of aliases can grow without bound. */
function jsonOf(file: string, document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 1000 });
  } catch (cause) {
    throw new SallyportError(
      'SP-5007',
      `${file} has aliases that cannot be resolved, or more of them than a document needs. Nothing was changed. Write out what they stand for.`,
      { cause },
    );
  }
}
