import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { samlPython } from './environment.mjs';
import { keyPair } from './key_pair.mjs';
import { Program } from './programs.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));

/** A service provider that is a script of ours around a library. */
class Script {
  metadataPath = '/metadata';
  signOutPath = '/sign-out';
  startPage = '/private/reports/';
  names = 'email';
  #program = null;

  constructor(folder, port, environment) {
    Object.assign(this, { folder, port, environment, url: `http://127.0.0.1:${port}` });
    keyPair(folder, 'sp');
  }

  /** Starts it as one that knows this identity provider. */
  async start(metadata) {
    writeFileSync(join(this.folder, 'idp.xml'), metadata);
    const [file, ...words] = this.command;
    this.#program = new Program(file, [...words, this.folder, String(this.port)], this.environment);
    await this.#program.until(`the start of ${this.name}`, async () => (await fetch(`${this.url}/`)).ok);
  }

  get said() {
    return this.#program?.said ?? '';
  }

  async stop() {
    await this.#program?.stop();
  }
}

export class Pysaml2 extends Script {
  name = 'pysaml2';
  names = 'persistent';
  command = [samlPython, '-B', join(HERE, 'pysaml2_sp.py')];
}

export class Python3Saml extends Script {
  name = 'python3-saml';
  command = [samlPython, '-B', join(HERE, 'python3_saml_sp.py')];
}

export class NodeSaml extends Script {
  name = 'node-saml';
  command = [process.execPath, join(HERE, 'node_saml_sp.mjs')];
}
