import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { openssl } from '../lib/environment.mjs';

/** An RSA key with a certificate of its own, in two files of the folder. */
export function keyPair(folder, name) {
  const [key, certificate] = ['key', 'crt'].map((end) => join(folder, `${name}.${end}`));
  execFileSync(openssl, [
    'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3650', '-subj', `/CN=${name}`, '-keyout', key, '-out', certificate,
  ], { stdio: 'ignore' });
  return { key, certificate };
}
