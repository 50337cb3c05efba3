import pino, { type Logger } from 'pino';
import type { Config } from './config.ts';

/**
 * JSON lines on stderr (stdout is for what the command prints). Fields that may hold a secret are dropped by name, wherever they are nested one
 * level deep; nobody should log them in the first place.
 */
export function createLog(level: Config['logLevel']): Logger {
  const secret = ['dpop', 'authorization', 'cookie', 'password', 'privateKey', 'identity', 'secret'];
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: secret.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), remove: true },
      serializers: {
        // The message of a foreign error may quote what it was given: its kind and place are enough.
        err: (error: unknown) =>
          error instanceof Error
            ? { type: error.name, code: 'code' in error ? error.code : undefined, stack: placesOf(error) }
            : { type: typeof error },
        req: () => undefined,
        res: () => undefined,
      },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

function placesOf(error: Error): string {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .join('\n');
}
