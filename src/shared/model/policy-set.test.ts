import { expect, test } from 'vitest';
import { parsePolicySet } from './policy-set.ts';

test('each policy has its name, its words and its text', () => {
  const text = `// A head that belongs to nothing.

// First,
// in two lines.
@id("One")
permit (principal, action, resource)
when { context.granted };
@id("Two")
forbid (principal, action, resource);
`;
  expect(parsePolicySet(text)).toEqual([
    {
      id: 'One',
      words: 'First, in two lines.',
      cedar: 'permit (principal, action, resource)\nwhen { context.granted };',
    },
    { id: 'Two', words: '', cedar: 'forbid (principal, action, resource);' },
  ]);
});

test('a policy without a name is not taken, nor hidden in the one before', () => {
  const text = '@id("One")\npermit (principal, action, resource);\npermit (principal, action, resource);\n';
  expect(() => parsePolicySet(text)).toThrow('line 3');
});
