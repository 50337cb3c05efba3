import { Button, Checkbox } from '@mantine/core';
import { TriangleAlert } from 'lucide-react';
import { type ReactNode, useEffect, useEffectEvent, useMemo, useState } from 'react';
import type { Problem } from '../../../shared/errors/result.ts';
import type { SessionView } from '../../../shared/protocol/ipc.ts';
import { Dialog } from '../../components/dialog.tsx';
import { cx } from '../../components/primitives.tsx';
import { type Services, useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { alwaysAsks, type LinkFacts, readLink } from '../../terminal/link-address.ts';
import type { TerminalScreen } from '../../terminal/terminal-screen.ts';
import { testIds } from '../../test-ids.ts';
import css from './link-dialog.module.css';

type Web = Extract<LinkFacts, { kind: 'web' }>;
/** Hosts that are remembered per target; the oldest goes first. */
const hostsAtMost = 100;

function isRemembered(memory: Services['memory'], targetId: string, facts: Web): boolean {
  return memory.state.get().linkHosts[targetId]?.includes(facts.host) === true;
}

function remember(memory: Services['memory'], targetId: string, host: string): void {
  const { linkHosts } = memory.state.get();
  const hosts = [...(linkHosts[targetId] ?? []).filter((one) => one !== host), host].slice(-hostsAtMost);
  memory.change({ linkHosts: { ...linkHosts, [targetId]: hosts } });
}

/** The address with the part that counts, its host, set off. */
function Address(props: { facts: Web }) {
  const { url, host } = props.facts;
  // Behind "//" and what is no host of it; the path may hold the same text again.
  const at = url.indexOf(host, Math.max(url.indexOf('//') + 2, url.lastIndexOf('@', url.indexOf('/', 8)) + 1));
  return (
    <p className={css.address} data-testid={testIds.linkAddress}>
      {url.slice(0, at)}
      <b>{host}</b>
      {url.slice(at + host.length)}
    </p>
  );
}

function Note(props: { strict?: boolean; children: ReactNode }) {
  return (
    <li className={cx(css.note, props.strict === true && css.strict)}>
      {props.strict === true ? <TriangleAlert size={14} strokeWidth={1.8} aria-hidden="true" /> : null}
      <span>{props.children}</span>
    </li>
  );
}

/** What the address does not say at first sight. */
function Notes(props: { facts: Web; target: string }) {
  const { facts } = props;
  const [hostname = facts.host] = facts.host.split(':');
  return (
    <ul className={css.notes}>
      {facts.posesAs === null ? null : (
        <Note strict>
          The text on the screen names <b>{facts.posesAs}</b>. The link goes to <b>{hostname}</b>.
        </Note>
      )}
      {facts.userInfo === null ? null : (
        <Note strict>
          <b>{facts.userInfo}</b> before the @ is a name to sign in with, not where the link goes. That is{' '}
          <b>{hostname}</b>.
        </Note>
      )}
      {facts.readableHost === null ? null : (
        <Note strict>
          In its own letters the host reads <bdi className={css.host}>{facts.readableHost}</bdi>. Letters of other
          scripts can look like the ones you know.
        </Note>
      )}
      {facts.shown === null ? null : (
        <Note>
          On the screen it reads <bdi className={css.shown}>{facts.shown.slice(0, 200)}</bdi>
        </Note>
      )}
      {facts.scheme === 'http' ? <Note>It is not encrypted: others on the way can read and change it.</Note> : null}
      <Note>{props.target} put it on the screen.</Note>
    </ul>
  );
}

function WebLink(props: {
  facts: Web;
  target: string;
  problem: Problem | null;
  onOpen: (remembered: boolean) => void;
  onCopy: () => void;
  onCancel: () => void;
}) {
  const { facts, problem } = props;
  const [ticked, setTicked] = useState(false);
  // Main refuses it as well: a name before the host has no other use here than to mislead.
  const opens = facts.userInfo === null;
  const doubtful = alwaysAsks(facts) || facts.readableHost !== null;
  return (
    <div className={css.dialog} data-testid={testIds.linkDialog}>
      <h2 className={css.title}>{opens ? 'Open this page in the browser?' : 'This link is not opened'}</h2>
      <Address facts={facts} />
      <Notes facts={facts} target={props.target} />
      {problem === null ? null : (
        <p className={css.problem} role="alert">
          {problem.message} <span className={css.code}>{problem.code}</span>
        </p>
      )}
      {alwaysAsks(facts) ? null : (
        <Checkbox
          size="sm"
          className={css.tick ?? ''}
          checked={ticked}
          data-testid={testIds.linkRemember}
          label={`Open links from ${props.target} to ${facts.host} without asking`}
          onChange={(event) => setTicked(event.currentTarget.checked)}
        />
      )}
      <div className={css.actions}>
        {opens ? (
          <Button
            variant="filled"
            data-autofocus={doubtful ? undefined : true}
            data-testid={testIds.linkOpen}
            onClick={() => props.onOpen(ticked)}
          >
            Open in the browser
          </Button>
        ) : null}
        <Button onClick={props.onCopy}>Copy the address</Button>
        <Button variant="subtle" data-autofocus={doubtful ? true : undefined} onClick={props.onCancel}>
          {opens ? 'Cancel' : 'Close'}
        </Button>
      </div>
    </div>
  );
}

/** A link that is told and not opened. */
function OtherLink(props: { facts: Exclude<LinkFacts, Web>; onCopy: () => void; onClose: () => void }) {
  const { facts } = props;
  return (
    <div className={css.dialog} data-testid={testIds.linkDialog}>
      <h2 className={css.title}>This link is not opened</h2>
      <p className={css.text}>
        {facts.kind === 'other'
          ? `It is a ${facts.scheme} link. Sallyport opens pages, http and https, and nothing else.`
          : 'It is no address of a page, or too long to be read.'}
      </p>
      <p className={css.address} data-testid={testIds.linkAddress}>
        {facts.address}
      </p>
      {facts.shown === null ? null : (
        <ul className={css.notes}>
          <Note>
            On the screen it reads <bdi className={css.shown}>{facts.shown.slice(0, 200)}</bdi>
          </Note>
        </ul>
      )}
      <div className={css.actions}>
        <Button onClick={props.onCopy}>Copy the address</Button>
        <Button variant="subtle" data-autofocus onClick={props.onClose}>
          Close
        </Button>
      </div>
    </div>
  );
}

/** Asks about the link that the person wants to follow, and opens it. A remembered host is not asked about, unless the link poses as another. */
export function LinkDialog(props: { screen: TerminalScreen; view: SessionView }) {
  const { bridge, memory, sessionUi } = useServices();
  const { screen, view } = props;
  const asked = useStore(screen.linkAsked);
  const [problem, setProblem] = useState<Problem | null>(null);
  const facts = useMemo(() => (asked === null ? null : readLink(asked.address, asked.shown)), [asked]);
  // Decided when it is asked for: a host that is ticked in the dialog counts from the next time on.
  const known = useMemo(
    () => facts?.kind === 'web' && !alwaysAsks(facts) && isRemembered(memory, view.targetId, facts),
    [facts, memory, view.targetId],
  );
  const silent = known && problem === null;

  const close = () => {
    setProblem(null);
    screen.linkAsked.set(null);
    screen.focus();
  };
  const open = async (web: Web) => {
    const answer = await bridge.request('link.open', { url: web.url });
    if (answer.ok) close();
    else setProblem(answer.error);
  };
  const openKnown = useEffectEvent((link: LinkFacts) => {
    if (link.kind === 'web') void open(link);
  });
  useEffect(() => {
    if (known && facts !== null) openKnown(facts);
  }, [known, facts]);
  const copy = (text: string) => {
    sessionUi.copyText(text);
    close();
  };

  return (
    <Dialog
      opened={facts !== null && !silent}
      onClose={close}
      size={560}
      returnFocus={false}
      aria-label="Open a link"
      portalProps={{ target: screen.element.ownerDocument.body }}
    >
      {facts === null ? null : facts.kind === 'web' ? (
        <WebLink
          key={facts.url}
          facts={facts}
          target={view.targetName}
          problem={problem}
          onCancel={close}
          onCopy={() => copy(facts.url)}
          onOpen={(remembered) => {
            if (remembered) remember(memory, view.targetId, facts.host);
            void open(facts);
          }}
        />
      ) : (
        <OtherLink facts={facts} onClose={close} onCopy={() => copy(facts.address)} />
      )}
    </Dialog>
  );
}
