import { isIP } from 'node:net';
import { Encrypter } from 'age-encryption';
import { blobOfLine, keyOfBlob, lineOfBlob } from '../../recording/signatures/keys.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import type { ApplyDocument } from '../../shared/protocol/control-api.ts';
import { promptPatternFault } from '../../shared/ssh/prompt-pattern.ts';
import { passwordSecretName } from '../secrets/secret-name.ts';

/** A vault's names end there (vault.ts). */
const longestSecretName = 500;

/**
 * What the schema cannot say about a document. Returns it in its one form: host keys without comments, exactly one default login. Throws SP-5007
 * with every place that is wrong.
 */
export function checkDocument(document: ApplyDocument): ApplyDocument {
  const problems: string[] = [];
  for (const id of repeated(document.people.map((person) => person.id)))
    problems.push(`people: the id "${id}" is there twice`);
  for (const name of repeated(document.targets.map((target) => target.name)))
    problems.push(`targets: the name "${name}" is there twice`);
  for (const id of repeated(document.policies.map((policy) => policy.id)))
    problems.push(`policies: the id "${id}" is there twice`);
  // Whoever applies a document without one could not take it back: only an engineer may apply.
  if (!document.people.some((person) => person.roles.includes('engineer')) && !someRuleAdministers(document))
    problems.push('people: nobody has the role engineer, so nobody could apply anything after this');
  if (!isRecipient(document.organisation.breakGlassRecipient)) {
    problems.push(
      'organisation.breakGlassRecipient: not an age recipient (age1...); make a pair with age-keygen and keep its secret offline',
    );
  }
  for (const exception of document.organisation.relayExceptions) {
    if (!/^(\[[0-9a-fA-F:]+\]|[^\s:[\]]+):\d{1,5}$/.test(exception)) {
      problems.push(`organisation.relayExceptions: "${exception}" is not host:port`);
    }
  }
  const sealed = document.organisation.sealedPasswords === 'allowed';
  const targets = document.targets.map((target) => checkTarget(target, sealed, problems));
  if (problems.length > 0) {
    const more = problems.length > 10 ? [`and ${problems.length - 10} more`] : [];
    const shown = [...problems.slice(0, 10), ...more].join('\n  ');
    throw new SallyportError(
      'SP-5007',
      `The document cannot be applied. Nothing was changed. Correct these places:\n  ${shown}`.slice(0, 1900),
    );
  }
  return { ...document, targets };
}

/** A rule may let others administer: whom it means, Cedar knows; that one speaks of it has to do here. */
function someRuleAdministers(document: ApplyDocument): boolean {
  return document.policies.some((policy) => /"Administer"/.test(policy.cedar));
}

type Target = ApplyDocument['targets'][number];

function checkTarget(target: Target, sealed: boolean, problems: string[]): Target {
  const where = `targets.${target.name}`;
  if (!isHost(target.host)) problems.push(`${where}.host: "${target.host}" is neither a host name nor an address`);
  for (const name of repeated(target.logins.map((login) => login.name)))
    problems.push(`${where}.logins: "${name}" is there twice`);
  const defaults = target.logins.filter((login) => login.default).length;
  if (defaults > 1) problems.push(`${where}.logins: ${defaults} logins are the default; one may be`);
  const logins = target.logins.map((login, index) => ({
    ...login,
    default: defaults === 0 ? index === 0 : login.default,
  }));
  for (const login of target.logins)
    for (const fault of loginFaults(target, login, sealed)) problems.push(`${where}.logins.${login.name}: ${fault}`);
  const hostKeys = target.hostKeys.map((line) => {
    const plain = plainKey(line);
    if (plain === null)
      problems.push(
        `${where}.hostKeys: "${line.slice(0, 40)}" is not an OpenSSH public key; see: sallyport targets scan-host-key`,
      );
    return plain ?? line;
  });
  return { ...target, logins, hostKeys: [...new Set(hostKeys)] };
}

function loginFaults(target: Target, login: Target['logins'][number], sealed: boolean): string[] {
  const { credential, prompt } = login;
  const faults: string[] = [];
  if (credential === 'password' && target.route === 'direct')
    faults.push('a password is handed over through the relay only; say "route: relay"');
  if (credential === 'sealed-password' && !sealed)
    faults.push('its password would reach the endpoint; that needs "sealedPasswords: allowed" in organisation');
  if (credential === 'certificate') {
    if (prompt !== undefined) faults.push('"prompt" belongs to logins by password; this one is by certificate');
    return faults;
  }
  const fault = prompt === undefined ? null : promptPatternFault(prompt);
  if (fault !== null) faults.push(`its prompt ${fault}`);
  if (passwordSecretName({ target: target.name, login: login.name }).length > longestSecretName)
    faults.push('its name is too long for the vault');
  return faults;
}

/** `algorithm base64`, from a line that may carry a comment; null when it is no key we know. */
function plainKey(line: string): string | null {
  try {
    const blob = blobOfLine(line);
    keyOfBlob(blob);
    return lineOfBlob(blob);
  } catch {
    return null;
  }
}

function isHost(host: string): boolean {
  return isIP(host) !== 0 || /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(host);
}

function isRecipient(text: string): boolean {
  try {
    new Encrypter().addRecipient(text);
    return true;
  } catch {
    return false;
  }
}

function repeated(names: string[]): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const name of names) (seen.has(name) ? twice : seen).add(name);
  return [...twice];
}
