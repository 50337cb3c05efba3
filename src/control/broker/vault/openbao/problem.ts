import { SallyportError } from '../../../../shared/errors/result.ts';

/** Why OpenBao could not be used. A closed set: code decides on it, and the words say it. */
export type VaultProblem =
  | 'unreachable'
  | 'slow'
  | 'untrusted'
  | 'sealed'
  | 'not-ready'
  | 'login-refused'
  | 'denied'
  | 'missing'
  | 'refused'
  | 'unexpected';

const later = 'Sessions that run go on; what needs the vault can be tried again once that is put right.';

const words: Record<VaultProblem, string> = {
  unreachable: `The vault (OpenBao) cannot be reached. Check its address and that it runs. ${later}`,
  slow: `The vault (OpenBao) did not answer in time. Check its load and the network to it. ${later}`,
  untrusted:
    'The vault (OpenBao) has a certificate that this server does not trust, so nothing was sent to it. Give --vault-ca the file of its authority, and the address by a name in its certificate.',
  sealed: `The vault (OpenBao) is sealed and gives nothing out. Someone who holds its unseal keys has to unseal it. ${later}`,
  'not-ready': `The vault (OpenBao) is not ready: not initialised, starting, or a standby that does not forward. Give --vault-address the active one. ${later}`,
  'login-refused':
    "The vault (OpenBao) refused this server's AppRole: the role id or the secret id is wrong, used up or expired. Make a new secret id and put it where the server reads it.",
  denied:
    "The vault (OpenBao) does not permit this server what it needs. Give the server's AppRole the policy that comes with Sallyport (docs/operations.md, OpenBao).",
  missing:
    'The vault (OpenBao) does not have a mount or a role that this server was told to use. Compare the --vault- options with what is enabled there (docs/operations.md, OpenBao).',
  refused:
    "The vault (OpenBao) refused what this server asked of it. Its own audit log says why; for a certificate, compare the role's allowed users, extensions and times with docs/operations.md, OpenBao.",
  unexpected:
    'The vault (OpenBao) answered with something that this server cannot use. Check that the address is that of OpenBao, the KV mount of version 2, and the SSH mount one with an authority.',
};

/** SP-5006 with the reason as data. Nothing that the vault said is passed on: it could quote a secret. */
export class VaultError extends SallyportError {
  readonly problem: VaultProblem;

  /** The same, with the address: for whoever starts the server. */
  at(address: string): SallyportError {
    return new SallyportError('SP-5006', this.message, { facts: { vault: address, ...this.facts } });
  }

  constructor(problem: VaultProblem, facts: { path?: string; status?: number; cause?: string } = {}) {
    const shown = Object.entries(facts).map(([name, value]) => [name, String(value)] as const);
    super('SP-5006', words[problem], { facts: { problem, ...Object.fromEntries(shown) } });
    this.name = 'VaultError';
    this.problem = problem;
  }
}
