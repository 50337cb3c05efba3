import 'reflect-metadata';
import { createHash, createPrivateKey, type KeyObject, X509Certificate as NodeCertificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import * as x509 from '@peculiar/x509';
import { z } from 'zod';
import { SallyportError } from '../../shared/errors/result.ts';
import type { Vault } from '../vault.ts';
import type { Config } from './config.ts';

export interface ServerTls {
  /** PEM: the server's certificate first, its authority's last. The root is sent too: a launcher compares it with its invite. */
  readonly chain: string;
  /** PEM */
  readonly key: string;
  /** Lower-case hex SHA-256 of the root's DER. */
  readonly trustRoot: string;
  /** The file that clients may name as their authority. */
  readonly caFile: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const day = 86_400_000;
const authorityDays = 3650;
const certificateDays = 397;
/** A certificate with less left is replaced at the next start. */
const renewBelowDays = 60;

/**
 * The operator's certificate, or one by Sallyport's own authority: kept in `DIR/tls`, or, for servers that share a vault, in there. Throws SP-5010
 * or SP-5001 when files do not fit, and what the vault throws.
 */
export async function openTls(config: Config, now: Date, shared: Vault | null = null): Promise<ServerTls> {
  return config.tls === null ? ownAuthority(config, now, shared) : givenCertificate(config.tls);
}

function givenCertificate(files: NonNullable<Config['tls']>): ServerTls {
  let chain: string;
  let key: string;
  try {
    chain = readFileSync(files.certificateFile, 'utf8');
    key = readFileSync(files.keyFile, 'utf8');
  } catch (cause) {
    throw new SallyportError(
      'SP-5001',
      'The certificate or its key cannot be read. Check the paths after --tls-cert and --tls-key, and their permissions.',
      { cause },
    );
  }
  const certificates = splitPem(chain);
  const leaf = certificates[0];
  const root = certificates.at(-1);
  if (leaf === undefined || root === undefined || !root.checkIssued(root)) {
    throw new SallyportError(
      'SP-5001',
      'The file after --tls-cert must hold the whole chain: the server certificate first, the root of its authority last. Append the root and start again.',
    );
  }
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(key);
  } catch {
    throw new SallyportError(
      'SP-5001',
      'The file after --tls-key does not hold a private key in PEM without a passphrase.',
    );
  }
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new SallyportError(
      'SP-5001',
      'The key after --tls-key is not the key of the certificate. Give the pair that belongs together.',
    );
  }
  return { chain, key, trustRoot: sha256(root.raw), caFile: files.certificateFile };
}

function splitPem(text: string): NodeCertificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new NodeCertificate(block));
  } catch {
    return [];
  }
}

async function ownAuthority(config: Config, now: Date, shared: Vault | null): Promise<ServerTls> {
  const folder = path.join(config.dataFolder, 'tls');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = {
    caFile: path.join(folder, 'authority.crt'),
    caKey: path.join(folder, 'authority.key'),
    certificate: path.join(folder, 'server.crt'),
    key: path.join(folder, 'server.key'),
  };
  const pems = shared === null ? await authorityInFolder(files, now) : await authorityInVault(shared, files, now);
  const authority = new NodeCertificate(pems.certificate);
  const names = [...new Set([config.name, config.listen.host])].filter((name) => name !== '0.0.0.0' && name !== '::');
  if (!isUsable(files, authority, names, now)) await makeCertificate(files, pems, names, now);
  return {
    chain: `${readFileSync(files.certificate, 'utf8').trim()}\n${authority.toString().trim()}\n`,
    key: readFileSync(files.key, 'utf8'),
    trustRoot: sha256(authority.raw),
    caFile: files.caFile,
  };
}

interface Files {
  caFile: string;
  caKey: string;
  certificate: string;
  key: string;
}

const authoritySchema = z.object({ certificate: z.string(), key: z.string() });
/** PEM, both. */
type MadeAuthority = z.infer<typeof authoritySchema>;

interface Authority {
  certificate: string;
  /** Asked for only when there is something to sign: an operator may keep the file elsewhere in between. */
  key(): string;
}

async function authorityInFolder(files: Files, now: Date): Promise<Authority> {
  if (!existsSync(files.caFile)) {
    const made = await makeAuthority(now);
    // The key first: a certificate without its key would look finished.
    writeWhole(files.caKey, made.key);
    writeWhole(files.caFile, made.certificate);
  }
  return { certificate: readFileSync(files.caFile, 'utf8'), key: () => readFileSync(files.caKey, 'utf8') };
}

/** Servers that start together agree on one; its certificate is written out for who names it as their authority. */
async function authorityInVault(vault: Vault, files: Files, now: Date): Promise<Authority> {
  const name = 'tls-authority';
  const bytes =
    (await vault.get(name)) ?? (await vault.add(name, Buffer.from(JSON.stringify(await makeAuthority(now)))));
  const authority = authoritySchema.parse(JSON.parse(bytes.toString('utf8')));
  bytes.fill(0);
  writeWhole(files.caFile, authority.certificate);
  return { certificate: authority.certificate, key: () => authority.key };
}

async function makeAuthority(now: Date): Promise<MadeAuthority> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Sallyport authority',
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(now.getTime() - day),
    notAfter: new Date(now.getTime() + authorityDays * day),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await pemOfKey(keys.privateKey) };
}

async function makeCertificate(files: Files, pems: Authority, names: string[], now: Date): Promise<void> {
  const authority = new x509.X509Certificate(pems.certificate);
  const pkcs8 = createPrivateKey(pems.key()).export({ format: 'der', type: 'pkcs8' });
  const signingKey = await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=Sallyport control server',
    issuer: authority.subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    notBefore: new Date(now.getTime() - day),
    notAfter: new Date(now.getTime() + certificateDays * day),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((name) => ({ type: isIP(name) === 0 ? 'dns' : 'ip', value: name })),
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  writeWhole(files.key, await pemOfKey(keys.privateKey));
  writeWhole(files.certificate, certificate.toString('pem'));
}

function isUsable(files: Files, authority: NodeCertificate, names: string[], now: Date): boolean {
  try {
    const certificate = new NodeCertificate(readFileSync(files.certificate));
    const left = new Date(certificate.validTo).getTime() - now.getTime();
    return (
      left > renewBelowDays * day &&
      certificate.checkIssued(authority) &&
      certificate.checkPrivateKey(createPrivateKey(readFileSync(files.key))) &&
      names.every((name) => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined)
    );
  } catch {
    return false;
  }
}

async function pemOfKey(key: InstanceType<typeof CryptoKey>): Promise<string> {
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString();
}

/** Whole or not at all, and for this account alone. */
function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
