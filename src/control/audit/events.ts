/**
 * The one list of audit events. A name never changes its meaning: whoever feeds them into a SIEM writes rules on them. The words are what
 * documentation and screens show.
 */
export const auditEvents = {
  'server.started': 'The control server started',
  'server.stopped': 'The control server stopped',
  'config.applied': 'People, targets and policies were changed',
  'person.removed': 'A person was removed',
  'invite.created': 'An invite was made for a person',
  'device.enrolled': 'A device was enrolled',
  'device.revoked': 'A device lost its access',
  'enrolment.refused': 'An enrolment was refused',
  'proof.refused': 'A request with an invalid proof was refused',
  'request.refused': 'A person was refused something',
  'origin.refused': 'A web page tried to open a socket',
  'policy.worker-crashed': 'The policy evaluation crashed; pending decisions were denied',
  'session.granted': 'A session was granted',
  'session.refused': 'A session was refused',
  'session.opened': 'A session opened',
  'session.ended': 'A session ended',
  'session.lease-expired': 'A session lost its lease',
  'login.signed': 'A login was signed',
  'login.refused': 'A login signature was refused',
  'order.requested': 'A kill was ordered',
  'order.confirmed': 'A kill was confirmed',
  'lock.created': 'A person was locked out of a target',
  'lock.lifted': 'A lock was lifted',
  'relay.opened': 'The relay connected a session to its target',
  'relay.closed': 'The relay closed a connection',
  'relay.refused': 'The relay refused a connection',
  'recording.segment-conflict': 'Other bytes came for a stored segment',
  'recording.manifest-refused': 'A manifest was refused',
  'recording.completed': 'A recording is complete',
  'recording.incomplete': 'A recording is incomplete',
  'recording.read': 'A recording was read',
  'recording.unlocked': 'A recording was unlocked',
  'recording.unlock-refused': 'An unlock was refused',
} as const;

export type AuditEventName = keyof typeof auditEvents;
