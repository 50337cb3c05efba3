/** The tables of sessions, locks, orders and recordings (migration 002). */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the migration that makes these tables
export interface SessionTables {}
