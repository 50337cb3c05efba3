// Copies the built launcher to a fresh folder and prints how to start it, as JSON (see lib/stage.mjs). Delete the folder afterwards.
import { fail } from './lib/say.mjs';
import { stageApp } from './lib/stage.mjs';

try {
  console.log(JSON.stringify(stageApp(), null, 2));
} catch (error) {
  fail(error);
}
