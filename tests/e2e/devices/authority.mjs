import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import { openssl } from '../lib/environment.mjs';

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30'];

/** An authority of a test, in a folder: `certificate` vouches for what it issues. */
export class Authority {
  constructor(folder, name) {
    this.folder = folder;
    this.name = name;
    this.certificate = join(folder, `${name}.pem`);
    this.#openssl('req', '-x509', ...CURVE, '-subj', `/CN=${name}`, '-addext', 'basicConstraints=critical,CA:TRUE', '-keyout', this.#file('key'), '-out', this.certificate);
  }

  /** A certificate and its key for a server with these names. */
  issue(...names) {
    const [request, key, chain, extra] = ['csr', 'server-key', 'server-pem', 'ext'].map((kind) => this.#file(kind));
    writeFileSync(extra, `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}\nbasicConstraints=CA:FALSE\n`);
    this.#openssl('req', ...CURVE.slice(0, -2), '-subj', `/CN=${names[0]}`, '-keyout', key, '-out', request);
    this.#openssl('x509', '-req', '-days', '30', '-in', request, '-CA', this.certificate, '-CAkey', this.#file('key'), '-CAcreateserial', '-extfile', extra, '-out', chain);
    return { key, chain };
  }

  /** From now on this process trusts it beside the others. */
  trust() {
    const certificate = readFileSync(this.certificate, 'utf8');
    const original = tls.createSecureContext;
    tls.createSecureContext = (options) => {
      const made = original(options);
      made.context.addCACert(certificate);
      return made;
    };
  }

  #file(kind) {
    return join(this.folder, `${this.name}.${kind}`);
  }

  #openssl(...words) {
    execFileSync(openssl, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}
