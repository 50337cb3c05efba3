/** What the control server takes of anybody. Bytes, unless a name says otherwise; docs/operations.md has the same list in words. */
export interface Limits {
  readonly jsonBody: number;
  readonly applyBody: number;
  readonly manifestBody: number;
  readonly segmentBody: number;
  readonly journalBody: number;
  /** Request line and headers together. */
  readonly headerBytes: number;
  /** Milliseconds in which a TLS handshake, and then the headers of a request, must be complete. */
  readonly handshakeMs: number;
  readonly headersMs: number;
  /** Milliseconds in which a body must have come; a journal instead may take longer but not fall silent. */
  readonly bodyMs: number;
  readonly bodySilenceMs: number;
  /** Milliseconds after the end of a session in which its recording should have come. */
  readonly arrivalMs: number;
  /**
   * Requests per minute of one network (an IPv4 address, an IPv6 /64). Devices that are known here do not count: each has `requestsPerPerson` there for itself.
   */
  readonly requestsPerMinute: number;
  readonly enrolmentsPerMinute: number;
  /** Requests per minute of one person, whatever devices and addresses they come from, and requests that may be under way for them at once. */
  readonly requestsPerPerson: number;
  readonly atOncePerPerson: number;
  /** Open connections that no device has proved itself on: of one network, and altogether. */
  readonly strangersPerNetwork: number;
  readonly strangers: number;
  /** Open connections, and open WebSockets, of one device. */
  readonly connectionsPerDevice: number;
  readonly socketsPerDevice: number;
  /** Open connections altogether; beyond it new ones are not taken. */
  readonly connections: number;
  /** Milliseconds that a new control channel may take to say hello. */
  readonly helloMs: number;
  /** Messages a second that a launcher may send on its control channel for long. */
  readonly messagesPerSecond: number;
}

export const defaultLimits: Limits = {
  jsonBody: 262_144,
  applyBody: 33_554_432,
  manifestBody: 9_437_184,
  segmentBody: 8_388_608,
  journalBody: 2_147_483_648,
  headerBytes: 16_384,
  handshakeMs: 10_000,
  headersMs: 15_000,
  bodyMs: 300_000,
  bodySilenceMs: 60_000,
  arrivalMs: 600_000,
  requestsPerMinute: 600,
  enrolmentsPerMinute: 20,
  requestsPerPerson: 3000,
  atOncePerPerson: 100,
  strangersPerNetwork: 256,
  strangers: 2048,
  connectionsPerDevice: 256,
  socketsPerDevice: 128,
  connections: 16_384,
  helloMs: 10_000,
  messagesPerSecond: 1000,
};
