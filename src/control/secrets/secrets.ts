import { SallyportError } from '../../shared/errors/result.ts';
import type { SecretView } from '../../shared/protocol/control-api.ts';
import type { Actor, CoreContext } from '../context.ts';
import { checkPassword } from './password-bytes.ts';
import { type PasswordPlace, passwordPrefix, passwordSecretName, placeOfSecret } from './secret-name.ts';

/**
 * Puts a login's password into the vault. Audited before it is done, and again when it failed. `password` is wiped whatever happens.
 * Throws SP-5001 (not a password; or the login is not by password), SP-2001 (no such target), SP-5006.
 */
export async function setSecret(
  core: CoreContext,
  actor: Actor,
  place: PasswordPlace,
  password: Uint8Array,
): Promise<void> {
  try {
    checkPassword(password);
    await checkPlace(core, place);
    const facts = { set_at: core.clock.now(), set_by: actor.userId };
    await changed(core, actor, place, 'secret.set', {
      inVault: () => core.vault.put(passwordSecretName(place), password),
      row: () =>
        core.writer
          .insertInto('secrets')
          .values({ target_name: place.target, login: place.login, ...facts })
          .onConflict((conflict) => conflict.columns(['target_name', 'login']).doUpdateSet(facts))
          .execute(),
    });
  } finally {
    password.fill(0);
  }
}

/** Removes a login's password, also of a target that is gone. Throws SP-2043 when there is none, SP-5006. */
export async function removeSecret(core: CoreContext, actor: Actor, place: PasswordPlace): Promise<void> {
  const name = passwordSecretName(place);
  // Among those of this target: a list of all may be long, and each folder of it costs a request.
  const siblings = await core.vault.list(name.slice(0, name.lastIndexOf('/') + 1));
  if (!siblings.includes(name)) {
    throw new SallyportError(
      'SP-2043',
      `No password is stored for ${place.login} on ${place.target}, so nothing was removed. See: sallyport secrets list`,
    );
  }
  await changed(core, actor, place, 'secret.removed', {
    inVault: () => core.vault.remove(name),
    row: () =>
      core.writer
        .deleteFrom('secrets')
        .where('target_name', '=', place.target)
        .where('login', '=', place.login)
        .execute(),
  });
}

/** Which passwords the vault holds, by target and login. Throws SP-5006. */
export async function listSecrets(core: CoreContext): Promise<SecretView[]> {
  const [names, rows, targets] = [
    await core.vault.list(passwordPrefix),
    await core.reader.selectFrom('secrets').selectAll().execute(),
    await core.reader.selectFrom('targets').select(['name', 'logins']).where('removed_at', 'is', null).execute(),
  ];
  return names.flatMap((name) => {
    const place = placeOfSecret(name);
    if (place === null) return [];
    const { target, login } = place;
    const row = rows.find((each) => each.target_name === target && each.login === login);
    const entry = targets.find((each) => each.name === target)?.logins.find((each) => each.name === login);
    return {
      target,
      login,
      setAt: row?.set_at.toISOString() ?? null,
      setBy: row?.set_by ?? null,
      used: entry !== undefined && entry.credential !== 'certificate',
    };
  });
}

/** Whether the vault holds the password of a login, which stays there. Throws SP-5006. */
export function hasPassword(core: Pick<CoreContext, 'vault'>, place: PasswordPlace): Promise<boolean> {
  return core.vault.has(passwordSecretName(place));
}

/** A mistyped name would otherwise be noticed only by whoever connects. */
async function checkPlace(core: CoreContext, { target, login }: PasswordPlace): Promise<void> {
  const row = await core.reader
    .selectFrom('targets')
    .select('logins')
    .where('name', '=', target)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) {
    throw new SallyportError(
      'SP-2001',
      'There is no target of this name, so nothing was stored. Apply a document that has it, then set the password.',
    );
  }
  const byPassword = row.logins.filter((each) => each.credential !== 'certificate').map((each) => each.name);
  if (byPassword.includes(login)) return;
  const has =
    byPassword.length === 0 ? 'It has no login by password' : `Its logins by password: ${byPassword.join(', ')}`;
  throw new SallyportError(
    'SP-5001',
    `${target} has no login of this name by password, so nothing was stored. ${has}. Say "credential: password" for the login in the document and apply it first.`,
  );
}

/** Both steps, audited before the first; a failure is audited with whether the vault had taken the change by then. */
async function changed(
  core: CoreContext,
  actor: Actor,
  { target, login }: PasswordPlace,
  event: 'secret.set' | 'secret.removed',
  steps: { inVault(): Promise<unknown>; row(): Promise<unknown> },
): Promise<void> {
  await core.audit.record({ event, actor: actor.userId, subject: target, detail: { login, vault: core.vault.kind } });
  let vaultTook = false;
  try {
    await steps.inVault();
    vaultTook = true;
    await steps.row();
  } catch (error) {
    const detail = { login, change: event, vaultTook };
    await core.audit
      .record({ event: 'secret.failed', actor: actor.userId, subject: target, detail })
      .catch((failure: unknown) => core.log.error({ err: failure }, 'audit failed'));
    throw error;
  }
}
