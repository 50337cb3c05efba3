// The window with versions and licences. Static: it asks main for a few texts, and its own folder for the list of licences.
import '../renderer/styles/fonts.css';
import '../renderer/styles/tokens.css';
import './about.css';
import type { AboutBridge, LicenceEntry } from '../shared/protocol/about.ts';
import { factLines, factsText, matching } from './about-words.ts';

declare global {
  interface Window {
    sallyportAbout: AboutBridge;
  }
}

function part<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no ${id}`);
  return found;
}

function followTheme(): void {
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    document.documentElement.dataset.mantineColorScheme = dark.matches ? 'dark' : 'light';
  };
  dark.addEventListener('change', apply);
  apply();
}

function showFacts(): void {
  const facts = window.sallyportAbout.facts();
  part('name', HTMLHeadingElement).textContent = facts.name;
  part('version', HTMLParagraphElement).textContent = `Version ${facts.version}`;
  part('facts', HTMLDListElement).replaceChildren(
    ...factLines(facts).flatMap(({ what, value }) => {
      const term = document.createElement('dt');
      const text = document.createElement('dd');
      term.textContent = what;
      text.textContent = value;
      return [term, text];
    }),
  );
  const copy = part('copy', HTMLButtonElement);
  copy.addEventListener('click', () => {
    window.sallyportAbout.copy(factsText(facts));
    copy.textContent = 'Copied';
  });
}

/** One entry; its text is put in when it is opened, so that the list is there at once. */
function entryOf({ name, version, licence, text }: LicenceEntry): HTMLElement {
  const entry = document.createElement('details');
  const summary = document.createElement('summary');
  for (const [kind, words] of [
    ['name', name],
    ['version', version],
    ['licence', licence],
  ] as const) {
    const span = document.createElement('span');
    span.className = kind;
    span.textContent = words;
    summary.append(span);
  }
  entry.append(summary);
  entry.addEventListener(
    'toggle',
    () => {
      const body = document.createElement('pre');
      body.tabIndex = 0;
      body.setAttribute('aria-label', `Licence of ${name}`);
      body.textContent = text;
      entry.append(body);
    },
    { once: true },
  );
  return entry;
}

async function showLicences(): Promise<void> {
  const count = part('count', HTMLParagraphElement);
  const list = part('licences', HTMLDivElement);
  const search = part('search', HTMLInputElement);
  const answer = await fetch('./licences.json');
  if (!answer.ok) {
    count.textContent = 'The list of licences is not here. Install Sallyport again.';
    return;
  }
  const entries: LicenceEntry[] = await answer.json();
  const rows = entries.map((entry) => ({ entry, row: entryOf(entry) }));
  list.replaceChildren(...rows.map(({ row }) => row));
  const filter = () => {
    const found = new Set(matching(entries, search.value));
    for (const { entry, row } of rows) row.hidden = !found.has(entry);
    count.textContent = found.size === entries.length ? `${entries.length}` : `${found.size} of ${entries.length}`;
  };
  search.addEventListener('input', filter);
  filter();
}

followTheme();
showFacts();
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') window.close();
  if ((event.ctrlKey || event.metaKey) && event.key === 'f') {
    event.preventDefault();
    part('search', HTMLInputElement).select();
  }
});
part('search', HTMLInputElement).focus();
void showLicences();
