import type { LoginKind } from '../../shared/model/target.ts';

interface LoginWords {
  /** For a list: "Password, never on this device". */
  kind: string;
  /** For a step of connecting. */
  step: string;
  /** In the details of a recording, after the login's name. */
  by: string;
}

/** How a login is made, as it is said. */
export const loginWords: Record<LoginKind, LoginWords> = {
  certificate: {
    kind: 'Certificate, for one session',
    step: 'signed by the server',
    by: 'by certificate',
  },
  password: {
    kind: 'Password, never on this device',
    step: 'by the server, with the stored password',
    by: 'by password, never on the device',
  },
  'sealed-password': {
    kind: 'Password, reaches the endpoint',
    step: 'with the stored password, which reaches this device',
    by: 'by password, which reached the endpoint',
  },
};

/** The risk mark, and what it means. */
export const reachesEndpoint = {
  short: 'Reaches endpoint',
  mark: 'Password reaches the endpoint',
  why: 'This target takes neither a certificate nor a handover, so its password comes to this device for the login. It is sealed to the session alone and wiped after use.',
} as const;
