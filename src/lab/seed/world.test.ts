import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkDocument } from '../../control/apply/check.ts';
import { PolicyEngine } from '../../control/policy/engine.ts';
import type { PolicyRequest } from '../../control/policy/policy.ts';
import { applyDocumentSchema, type Role, roleSchema } from '../../shared/protocol/control-api.ts';
import { worldText } from './world.ts';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTR8USnqh7ijXwHLnHtrUtPF599DgEHTaz2JRJXLqEb';

function makeWorldText(): string {
  const target = {
    description: 'It says "no": and # that is all',
    production: true,
    owner: 'Web team',
    login: 'deploy',
    credential: 'certificate',
    hostKey: key,
  } as const;
  return worldText({
    organisation: 'Lakeside Hotels',
    breakGlassRecipient: 'age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg',
    relayPorts: [2201, 2203],
    targets: [
      { ...target, name: 'web-01', port: 2201, route: 'relay', labels: { team: 'web', site: 'north' } },
      { ...target, name: 'edge-gw-01', port: 2202, route: 'direct', labels: { team: 'web' } },
      {
        ...target,
        name: 'legacy-01',
        port: 2203,
        route: 'relay',
        labels: { team: 'doors' },
        credential: 'sealed-password',
      },
    ],
  });
}

test('the world is a document that apply takes', () => {
  const document = applyDocumentSchema.parse(parse(makeWorldText()));
  expect(document.organisation.relayExceptions).toEqual(['127.0.0.1:2201', '127.0.0.1:2203']);
  expect(document.people.map((person) => person.id)).toEqual([
    'jonas',
    'mira',
    'anke',
    'henrik',
    'nils',
    'pavel',
    'sanna',
  ]);
  expect(document.targets.map((target) => [target.name, target.route, target.labels])).toEqual([
    ['web-01', 'relay', { team: 'web', site: 'north' }],
    ['edge-gw-01', 'direct', { team: 'web' }],
    ['legacy-01', 'relay', { team: 'doors' }],
  ]);
  expect(document.targets.map((target) => target.logins[0]?.credential).at(-1)).toBe('sealed-password');
  expect(() => checkDocument(document)).not.toThrow();
  expect(document.targets[0]?.description).toBe('It says "no": and # that is all');
});

test('its access rules are valid, and give each person what the lab promises', async () => {
  const { policies } = applyDocumentSchema.parse(parse(makeWorldText()));
  const engine = new PolicyEngine({ onCrash: (problem) => expect.fail(String(problem)) });
  try {
    await expect(engine.validate(policies)).resolves.toBeUndefined();
    engine.setPolicies(policies);
    const target = {
      id: 't1',
      name: 'web-01',
      address: '127.0.0.1:2201',
      production: true,
      route: 'relay' as const,
      owner: null,
      labels: { team: 'web' },
    };
    const recording = { id: 's1', ownerId: 'jonas', target, login: 'deploy' };
    const jonas = { userId: 'jonas', name: 'Jonas', roles: ['operator' as const], groups: [] };
    const mira = { userId: 'mira', name: 'Mira', roles: ['analyst' as const], groups: [] };
    const sanna = { userId: 'sanna', name: 'Sanna', roles: ['engineer' as const], groups: [] };
    const allowed = async (...question: Parameters<PolicyEngine['decide']>) =>
      (await engine.decide(...question)).allowed;
    const connect = { action: 'Connect' as const, resource: target, context: { login: 'deploy', granted: false } };
    expect(await allowed(jonas, connect)).toBe(true);
    expect(await allowed(jonas, { ...connect, resource: { ...target, labels: { team: 'data' } } })).toBe(false);
    expect(await allowed(mira, connect)).toBe(false);
    const unlock = (stream: 'output' | 'input' | 'text') => ({
      action: 'UnlockRecording' as const,
      resource: recording,
      context: { stream },
    });
    expect(await allowed(jonas, unlock('output'))).toBe(true);
    expect(await allowed(jonas, unlock('text'))).toBe(true);
    expect(await allowed(jonas, unlock('input'))).toBe(false);
    expect(await allowed(jonas, { action: 'ReviewRecording', resource: recording })).toBe(false);
    expect(await allowed(mira, unlock('input'))).toBe(true);
    expect(await allowed(sanna, unlock('output'))).toBe(false);
    expect(await allowed(jonas, { action: 'KillSession', resource: recording })).toBe(false);
    expect(await allowed(mira, { action: 'KillSession', resource: recording })).toBe(true);
    expect(await allowed(mira, { action: 'ReadAudit' })).toBe(true);
  } finally {
    await engine.close();
  }
});

test('each role may do what it is for, and nothing beside', async () => {
  const { policies } = applyDocumentSchema.parse(parse(makeWorldText()));
  const engine = new PolicyEngine({ onCrash: (problem) => expect.fail(String(problem)) });
  engine.setPolicies(policies);
  try {
    const target = (team: string) => ({
      id: team,
      name: team,
      address: '127.0.0.1:22',
      production: false,
      route: 'relay' as const,
      owner: null,
      labels: { team },
    });
    const [web, data] = [target('web'), target('data')];
    const others = { id: 's1', ownerId: 'someone', target: web, login: 'deploy' };
    const connect = (resource: typeof web, granted: boolean, login = 'deploy') =>
      ({ action: 'Connect', resource, context: { login, granted } }) as const;
    const questions = {
      'see web': { action: 'SeeTarget', resource: web },
      'see data': { action: 'SeeTarget', resource: data },
      'connect web': connect(web, false),
      'connect web, granted': connect(web, true),
      'connect web as root, granted': connect(web, true, 'root'),
      'connect data': connect(data, false),
      'connect data, granted': connect(data, true),
      'request web': { action: 'RequestAccess', resource: web, context: { login: 'deploy' } },
      'request data': { action: 'RequestAccess', resource: data, context: { login: 'deploy' } },
      decide: { action: 'DecideRequest', resource: { ...others, seconds: 60 } },
      'list recordings': { action: 'ListRecordings', resource: others },
      'read recordings': { action: 'ReadRecording', resource: others },
      'open output': { action: 'UnlockRecording', resource: others, context: { stream: 'output' } },
      'open input': { action: 'UnlockRecording', resource: others, context: { stream: 'input' } },
      'open text': { action: 'UnlockRecording', resource: others, context: { stream: 'text' } },
      review: { action: 'ReviewRecording', resource: others },
      hold: { action: 'HoldRecording', resource: others },
      'see sessions': { action: 'SeeSessions', resource: others },
      kill: { action: 'KillSession', resource: others },
      'lift locks': { action: 'LiftLock', resource: { id: 'l1', userId: 'someone', target: web } },
      'read the audit': { action: 'ReadAudit' },
      administer: { action: 'Administer' },
    } as const satisfies Record<string, PolicyRequest>;
    const may: Record<Role, (keyof typeof questions)[]> = {
      operator: [
        'see web',
        'see data',
        'connect web',
        'connect web, granted',
        'connect web as root, granted',
        'connect data, granted',
        'request data',
      ],
      vendor: ['connect web, granted', 'request web'],
      approver: ['see web', 'see data', 'decide'],
      'help-desk': ['list recordings', 'read recordings', 'open output', 'open text', 'review'],
      analyst: [
        'see web',
        'see data',
        'list recordings',
        'read recordings',
        'open output',
        'open input',
        'open text',
        'review',
        'hold',
        'see sessions',
        'kill',
        'lift locks',
        'read the audit',
      ],
      auditor: [
        'see web',
        'see data',
        'list recordings',
        'read recordings',
        'open output',
        'open text',
        'hold',
        'read the audit',
      ],
      engineer: ['see web', 'see data', 'see sessions', 'read the audit', 'administer'],
    };
    for (const role of roleSchema.options) {
      const decisions = await engine.decideMany(
        { userId: role, name: role, roles: [role], groups: [] },
        Object.values(questions),
      );
      const allowed = Object.keys(questions).filter((_, index) => decisions[index]?.allowed === true);
      expect({ role, allowed }).toEqual({ role, allowed: may[role] });
    }
  } finally {
    await engine.close();
  }
});
