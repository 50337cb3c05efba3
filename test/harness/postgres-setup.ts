import type { TestProject } from 'vitest/node';
import { openDatabase } from '../../src/control/store/open-database.ts';
import { administer, type Cluster, startCluster, templateName } from './postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    postgres: { port: number; passwordFile: string };
  }
}

let cluster: Cluster | null = null;

/** One cluster for the whole run, with a database of today's shape that the others are copied from. */
export async function setup(project: TestProject): Promise<void> {
  cluster = await startCluster();
  process.env.PGPASSFILE = cluster.passwordFile;
  try {
    await administer(cluster, `create database ${templateName}`);
    const database = await openDatabase({
      database: { kind: 'postgres', url: cluster.url(templateName) },
      dataFolder: '/nonexistent',
    });
    await database.destroy();
  } catch (error) {
    await teardown();
    throw error;
  }
  project.provide('postgres', { port: cluster.port, passwordFile: cluster.passwordFile });
}

export async function teardown(): Promise<void> {
  await cluster?.remove();
}
