import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Program } from './programs.mjs';

const MODULES = '/usr/lib/apache2/modules';
const USUAL = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'env', 'include', 'mime', 'dir', 'alias'];

/** What a page says of who looks at it, out of the variables of the request. */
const page = (variables) => `<!doctype html><title>Signed in</title>
<h1>Signed in</h1>
<p id="path"><!--#echo var="DOCUMENT_URI" --></p>
${Object.entries(variables).map(([id, name]) => `<p id="${id}"><!--#echo var="${name}" --></p>`).join('\n')}
`;

function configuration(folder, port, { modules, directives }) {
  return `ServerRoot ${folder}
PidFile ${folder}/apache.pid
DefaultRuntimeDir ${folder}
Listen 127.0.0.1:${port}
ServerName http://127.0.0.1:${port}
UseCanonicalName On
User www-data
Group www-data
${[...USUAL, ...modules].map((name) => `LoadModule ${name === 'shib' ? 'mod_shib' : `${name}_module`} ${MODULES}/mod_${name}.so`).join('\n')}
StartServers 1
ServerLimit 1
ThreadsPerChild 16
MaxRequestWorkers 16
MinSpareThreads 1
MaxSpareThreads 16
ErrorLog ${folder}/error.log
LogLevel warn
DocumentRoot ${folder}/site
TypesConfig /dev/null
AddType text/html .shtml
AddOutputFilter INCLUDES .shtml
DirectoryIndex index.shtml
RedirectMatch 204 ^/favicon\.ico$
<Directory ${folder}/site>
  Options +Includes
  Require all granted
</Directory>
${directives}
`;
}

/** An Apache of its own in a folder of its own, with pages that only who is signed in sees. */
export class Apache {
  #program = null;

  constructor(folder, port, environment) {
    Object.assign(this, { folder, port, environment, url: `http://127.0.0.1:${port}` });
    // Its workers are another user.
    chmodSync(folder, 0o755);
  }

  /** `variables`: which words of the page stand in which variables of the request. */
  write({ modules, directives, variables }) {
    for (const at of ['private', 'private/reports']) {
      mkdirSync(join(this.folder, 'site', at), { recursive: true });
      writeFileSync(join(this.folder, 'site', at, 'index.shtml'), page(variables));
    }
    writeFileSync(join(this.folder, 'site', 'index.shtml'), '<!doctype html><title>Outside</title><h1>Outside</h1>');
    writeFileSync(join(this.folder, 'apache.conf'), configuration(this.folder, this.port, { modules, directives }));
  }

  async start() {
    this.#program = new Program('/usr/sbin/apache2', ['-D', 'FOREGROUND', '-f', join(this.folder, 'apache.conf')], this.environment);
    await this.#program.until('the start of Apache', async () => (await fetch(`${this.url}/`)).ok);
  }

  get said() {
    const log = join(this.folder, 'error.log');
    return `${this.#program?.said ?? ''}${existsSync(log) ? readFileSync(log, 'utf8') : ''}`;
  }

  async stop() {
    await this.#program?.stop();
  }
}
