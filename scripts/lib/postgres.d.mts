// For the tests, which are TypeScript without JavaScript in it.
export const oldestPostgres: number;
export function findPostgres(): string | null;
export function wantNoCluster(): void;
