// Prints what breaks the layer rules (scripts/lib/layer-rules.mjs); fails when anything does.
import { checkLayers } from './lib/layers.mjs';
import { root } from './lib/paths.mjs';

const violations = checkLayers(root);
for (const { file, message } of violations) console.log(`${file}: ${message}`);
process.exitCode = violations.length === 0 ? 0 : 1;
