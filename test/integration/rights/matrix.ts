import type { SocketPath } from '../../../src/control/api/session-routes.ts';
import type { ErrorCode } from '../../../src/shared/errors/codes.ts';
import type { ApiName, Role } from '../../../src/shared/protocol/control-api.ts';

/**
 * Who gets what answer from every route of the server, with the access rules that Sallyport brings (assets/policies). The types make a route that is
 * missing here an error of `npm run check`; rights-matrix.test.ts asks the running server every cell.
 *
 * `own`: what belongs to the person who asks (for targets: `web-01`, which the rules speak of). `others`: what belongs to Nadia, an operator (for targets:
 * `hr-01`, which the rules of no role but those who see all speak of). `none`: what does not exist.
 */
export type Relation = 'own' | 'others' | 'none';
/** 200, or the status and code of the problem document; `listed` and `absent` of lists. */
export type Expected = 200 | `${401 | 403 | 404 | 409 | 422} ${ErrorCode}` | 'listed' | 'absent';
export type Cell = Expected | (Partial<Record<Role, Expected>> & { rest: Expected });

export type Row = {
  /** What is asked of the route, when it is asked in more than one way. */
  as?: string;
} & Partial<Record<Relation, Cell>>;

const reviewers = { 'help-desk': 200, analyst: 200, auditor: 200, rest: '404 SP-3001' } as const;
/** What a recording's stored parts answer. */
const recording = { own: 200, others: reviewers, none: '404 SP-3001' } as const;
/** Findings and reviews: nobody's of their own. */
const reviewing = {
  own: '403 SP-5003',
  others: { 'help-desk': 200, analyst: 200, auditor: '403 SP-5003', rest: '404 SP-3001' },
  none: '404 SP-3001',
} as const;
/** Only its own launcher stores. */
const upload = { own: 200, others: '404 SP-3001', none: '404 SP-3001' } as const;
/** Done on the server's own machine, whoever asks over the network. */
const overTls = { as: 'over TLS', own: '403 SP-5003' } as const;
const onTheSocket = { as: 'on the local socket', own: { engineer: 200, rest: '403 SP-5003' } } as const;
/** Roles that see every target, and neither connect nor ask for access. */
const seers = {
  approver: '403 SP-2002',
  analyst: '403 SP-2002',
  auditor: '403 SP-2002',
  engineer: '403 SP-2002',
  rest: '404 SP-2001',
} as const;

export const httpRights = {
  serverInfo: [{ own: 200 }],
  enrol: [{ as: 'a code that was not given', own: '403 SP-1002' }],
  me: [{ own: 200 }],
  listTargets: [
    {
      own: { 'help-desk': 'absent', rest: 'listed' },
      others: { approver: 'listed', analyst: 'listed', auditor: 'listed', engineer: 'listed', rest: 'absent' },
    },
  ],
  openSession: [{ own: { ...seers, operator: 200, vendor: '403 SP-2006' }, others: seers, none: '404 SP-2001' }],
  loginSignature: [{ own: '403 SP-2041', others: '403 SP-2041', none: '403 SP-2041' }],
  sealedPassword: [{ own: '403 SP-2041', others: '403 SP-2041', none: '403 SP-2041' }],
  listSessions: [{ own: 'listed', others: { analyst: 'listed', engineer: 'listed', rest: 'absent' } }],
  killSession: [
    {
      own: { analyst: 200, rest: '403 SP-5003' },
      others: { analyst: 200, engineer: '403 SP-5003', rest: '404 SP-5002' },
      none: '404 SP-5002',
    },
  ],
  getOrder: [{ own: 200, others: { analyst: 200, engineer: 200, rest: '404 SP-4010' }, none: '404 SP-4010' }],
  listLocks: [{ own: 'listed', others: { analyst: 'listed', rest: 'absent' } }],
  liftLock: [{ own: '403 SP-5003', others: { analyst: 200, rest: '404 SP-5002' }, none: '404 SP-5002' }],
  putSegment: [upload],
  putJournal: [upload],
  putManifest: [{ ...upload, own: '422 SP-3023' }],
  listRecordings: [
    { own: 'listed', others: { 'help-desk': 'listed', analyst: 'listed', auditor: 'listed', rest: 'absent' } },
  ],
  getRecording: [recording],
  getManifest: [recording],
  getSegment: [recording],
  getJournal: [recording],
  getTail: [recording],
  getWire: [recording],
  search: [{ own: 'listed', others: { 'help-desk': 'listed', analyst: 'listed', auditor: 'listed', rest: 'absent' } }],
  getNotes: [recording],
  addBookmark: [recording],
  removeBookmark: [
    { as: "one's own", ...recording },
    {
      as: "somebody else's",
      own: '403 SP-5003',
      others: { 'help-desk': '403 SP-5003', analyst: '403 SP-5003', auditor: '403 SP-5003', rest: '404 SP-3001' },
      none: '404 SP-3001',
    },
  ],
  addFinding: [reviewing],
  changeFinding: [reviewing],
  setReviewed: [reviewing],
  setHold: [
    {
      own: '403 SP-5003',
      others: { analyst: 200, auditor: 200, 'help-desk': '403 SP-5003', rest: '404 SP-3001' },
      none: '404 SP-3001',
    },
  ],
  noteExport: [recording],
  unlock: [
    { as: 'text', ...recording },
    { as: 'output', ...recording },
    {
      as: 'input',
      own: { analyst: 200, rest: '403 SP-3031' },
      others: { analyst: 200, 'help-desk': '403 SP-3031', auditor: '403 SP-3031', rest: '404 SP-3001' },
      none: '404 SP-3001',
    },
  ],
  listAudit: [{ own: { analyst: 200, auditor: 200, engineer: 200, rest: '403 SP-5003' } }],
  apply: [overTls, onTheSocket],
  invite: [overTls, onTheSocket],
  setSecret: [overTls, onTheSocket],
  listSecrets: [overTls, onTheSocket],
  removeSecret: [overTls, onTheSocket],
  requestAccess: [{ own: { ...seers, operator: '409 SP-2005', vendor: 200 }, others: seers, none: '404 SP-2001' }],
  listAccessRequests: [{ own: 'listed', others: { approver: 'listed', rest: 'absent' } }],
  decideAccessRequest: [
    { as: 'approve', own: '403 SP-5003', others: { approver: 200, rest: '404 SP-2004' }, none: '404 SP-2004' },
    { as: 'deny', own: '403 SP-5003', others: { approver: 200, rest: '404 SP-2004' }, none: '404 SP-2004' },
  ],
  revokeAccessRequest: [{ own: 200, others: { approver: 200, rest: '404 SP-2004' }, none: '404 SP-2004' }],
  listDevices: [{ own: 'listed', others: { engineer: 'listed', rest: 'absent' } }],
  revokeDevice: [{ own: 200, others: { engineer: 200, rest: '404 SP-5002' }, none: '404 SP-5002' }],
} satisfies Record<ApiName, readonly Row[]>;

/** `open`, or the close code and the code in its reason. */
export type SocketExpected = 'open' | `${number} ${ErrorCode}`;
type SocketCell = SocketExpected | (Partial<Record<Role, SocketExpected>> & { rest: SocketExpected });

export const socketRights = {
  '/v1/control': { own: 'open' },
  '/v1/relay/:sessionId': {
    own: { operator: 'open', rest: '4003 SP-2002' },
    others: '4003 SP-2105',
    none: '4003 SP-2105',
  },
} satisfies Record<SocketPath, Partial<Record<Relation, SocketCell>>>;

export function expectedOf<E extends string | number>(
  cell: E | (Partial<Record<Role, E>> & { rest: E }),
  role: Role,
): E {
  return typeof cell === 'object' ? (cell[role] ?? cell.rest) : cell;
}
