// Imported before every schema: zod otherwise compiles object parsers with `new Function`, which the page's policy refuses.
import { z } from 'zod';

z.config({ jitless: true });
