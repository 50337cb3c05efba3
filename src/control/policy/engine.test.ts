import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PolicyEngine } from './engine.ts';
import type { PolicyActor, PolicyRequest, TargetResource } from './policy.ts';

const operator: PolicyActor = { userId: 'jonas', name: 'Jonas Lindqvist', roles: ['operator'], groups: ['night'] };
const analyst: PolicyActor = { userId: 'mira', name: 'Mira Okafor', roles: ['analyst'], groups: [] };

function makeTarget(change: Partial<TargetResource> = {}): TargetResource {
  return {
    id: 't1',
    name: 'web-01',
    address: 'web-01:22',
    production: false,
    route: 'relay',
    owner: null,
    labels: { env: 'lab' },
    ...change,
  };
}

const policies = [
  {
    id: 'operators reach the lab',
    cedar:
      'permit(principal in Role::"operator", action in [Action::"SeeTarget", Action::"Connect"], resource) when { resource.hasTag("env") && resource.getTag("env") == "lab" };',
  },
  {
    id: 'never root',
    cedar: 'forbid(principal, action == Action::"Connect", resource) when { context.login == "root" };',
  },
  {
    id: 'own recordings',
    cedar:
      'permit(principal, action in [Action::"ListRecordings", Action::"ReadRecording"], resource) when { resource.owner == principal };',
  },
  {
    id: 'analysts',
    cedar:
      'permit(principal in Role::"analyst", action in [Action::"SeeSessions", Action::"KillSession", Action::"UnlockRecording", Action::"LiftLock"], resource) when { !resource.target.production };',
  },
];
const owned = { id: 's1', ownerId: 'jonas', target: makeTarget(), login: 'deploy' };

describe('policy engine', () => {
  const crashes: string[] = [];
  let engine: PolicyEngine;
  beforeAll(() => {
    engine = new PolicyEngine({ onCrash: (problem) => crashes.push(problem) });
    engine.setPolicies(policies);
  });
  afterAll(() => engine.close());

  const cases: [string, PolicyActor, PolicyRequest, boolean, string[]][] = [
    [
      'a permit names its policy',
      operator,
      { action: 'Connect', resource: makeTarget(), context: { login: 'deploy', granted: false } },
      true,
      ['operators reach the lab'],
    ],
    [
      'a forbid wins and is named',
      operator,
      { action: 'Connect', resource: makeTarget(), context: { login: 'root', granted: false } },
      false,
      ['never root'],
    ],
    [
      'another label is denied',
      operator,
      { action: 'SeeTarget', resource: makeTarget({ labels: { env: 'prod' } }) },
      false,
      [],
    ],
    ['no label is denied', operator, { action: 'SeeTarget', resource: makeTarget({ labels: {} }) }, false, []],
    ['another role is denied', analyst, { action: 'SeeTarget', resource: makeTarget() }, false, []],
    ['own recordings', operator, { action: 'ReadRecording', resource: owned }, true, ['own recordings']],
    ["others' recordings", analyst, { action: 'ReadRecording', resource: owned }, false, []],
    ['a kill by role', analyst, { action: 'KillSession', resource: owned }, true, ['analysts']],
    ['a kill by the owner', operator, { action: 'KillSession', resource: owned }, false, []],
    [
      'the target of a session decides',
      analyst,
      { action: 'KillSession', resource: { ...owned, target: makeTarget({ production: true }) } },
      false,
      [],
    ],
    [
      'a lock',
      analyst,
      { action: 'LiftLock', resource: { id: 'l1', userId: 'jonas', target: makeTarget() } },
      true,
      ['analysts'],
    ],
    [
      'an unlock',
      analyst,
      { action: 'UnlockRecording', resource: owned, context: { stream: 'input' } },
      true,
      ['analysts'],
    ],
    ['nothing permits', analyst, { action: 'ReadAudit' }, false, []],
  ];
  test.each(cases)('%s', async (_name, actor, request, allowed, by) => {
    expect(await engine.decide(actor, request)).toEqual({ allowed, policies: by });
  });

  test('a policy outside the schema is refused in the words of Cedar', async () => {
    const wrong = [{ id: 'typo', cedar: 'permit(principal, action == Action::"Conect", resource);' }];
    await expect(engine.validate(wrong)).rejects.toMatchObject({
      code: 'SP-5008',
      message: expect.stringContaining('Action::"Connect"'),
    });
    await expect(engine.validate([{ id: 'cut', cedar: 'permit(principal,' }])).rejects.toMatchObject({
      code: 'SP-5008',
    });
    await expect(
      engine.validate([
        {
          id: 'attribute',
          cedar: 'permit(principal, action == Action::"SeeTarget", resource) when { resource.colour == "red" };',
        },
      ]),
    ).rejects.toMatchObject({ code: 'SP-5008' });
    await expect(engine.validate(policies)).resolves.toBeUndefined();
  });

  test('new policies replace cached decisions', async () => {
    const request: PolicyRequest = { action: 'SeeTarget', resource: makeTarget() };
    expect((await engine.decide(operator, request)).allowed).toBe(true);
    engine.setPolicies([]);
    expect((await engine.decide(operator, request)).allowed).toBe(false);
    engine.setPolicies(policies);
    expect((await engine.decide(operator, request)).allowed).toBe(true);
  });

  test('a changed role is not served from the cache', async () => {
    const request: PolicyRequest = { action: 'SeeTarget', resource: makeTarget() };
    expect((await engine.decide({ ...operator, roles: ['auditor'] }, request)).allowed).toBe(false);
  });
});

describe('a worker that dies', () => {
  test('denies what was pending and serves again', async () => {
    const crashes: string[] = [];
    // Dies at the first question, answers when its flag is up: the flag lives outside, in a shared buffer.
    const source = `
      import { parentPort } from 'node:worker_threads';
      parentPort.on('message', (message) => {
        if (message.type !== 'decide') return;
        if (message.questions[0].principal.id === 'crash') throw new Error('planted');
        parentPort.postMessage({ type: 'decided', id: message.id, decisions: message.questions.map(() => ({ allowed: true, policies: ['p'] })) });
      });`;
    const engine = new PolicyEngine({
      onCrash: (problem) => crashes.push(problem),
      workerFile: new URL(`data:text/javascript,${encodeURIComponent(source)}`),
    });
    const request: PolicyRequest = { action: 'SeeTarget', resource: makeTarget() };
    const [lost, behind] = await Promise.all([
      engine.decide({ ...operator, userId: 'crash' }, request),
      engine.decide(operator, request),
    ]);
    expect(lost).toEqual({ allowed: false, policies: [] });
    expect(behind).toEqual({ allowed: false, policies: [] });
    expect(crashes).toHaveLength(1);
    expect(await engine.decide(operator, request)).toEqual({ allowed: true, policies: ['p'] });
    await engine.close();
    expect(await engine.decide(analyst, request)).toEqual({ allowed: false, policies: [] });
  });
});
