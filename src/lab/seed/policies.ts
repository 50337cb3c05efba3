import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type NamedPolicy, parsePolicySet } from '../../shared/model/policy-set.ts';
import { LabError } from '../lab-error.ts';

/** The access rules that Sallyport brings (assets/policies), looked for upwards of here: this runs from source and as a built file. */
export function shippedPolicies(): NamedPolicy[] {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, 'assets', 'policies'))) {
    const above = path.dirname(folder);
    if (above === folder)
      throw new LabError('The access rules (assets/policies) are missing.', 'Take a whole checkout.');
    folder = above;
  }
  const policies = path.join(folder, 'assets', 'policies');
  return readdirSync(policies)
    .filter((name) => name.endsWith('.cedar'))
    .sort()
    .flatMap((name) => parsePolicySet(readFileSync(path.join(policies, name), 'utf8')));
}
