import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logonUi, prefix } from './environment.mjs';

const CLASS = '{5C1A9E3B-7D42-4F0E-9B66-2E8D3C90A7F4}';
const AUTHENTICATION = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Authentication';
/** Where the provider and its filter are registered. */
export const KEYS = [
  `HKLM\\SOFTWARE\\Classes\\CLSID\\${CLASS}`,
  `${AUTHENTICATION}\\Credential Providers\\${CLASS}`,
  `${AUTHENTICATION}\\Credential Provider Filters\\${CLASS}`,
];
const PATIENCE = 120_000;
const SERVER = '/usr/lib/wine/wineserver64';
const environment = { ...process.env, WINEARCH: 'win64', WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree,mshtml=' };
delete environment.DISPLAY;

/** Runs something and gives what came of it. Nothing inherits this process's own input and output. */
function run(program, words, { input = '', timeout = PATIENCE } = {}) {
  return new Promise((resolve) => {
    const child = execFile(program, words, { env: environment, timeout, killSignal: 'SIGKILL', maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      resolve({ code: error ? (error.code ?? `killed: ${error.signal}`) : 0, stdout: stdout.replaceAll('\r', ''), stderr: stderr.replaceAll('\r', '') });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** A Windows made by wine, without a screen: its services run for as long as this one has a session. */
export class Windows {
  #session;
  /** Where files for it lie. */
  share = mkdtempSync(join(tmpdir(), 'windows-'));

  static async start() {
    const machine = new this();
    // A session that ends slowly would fight the next one over the services.
    await run(SERVER, ['-k']);
    await run(SERVER, ['-w']);
    rmSync(join(prefix, 'drive_c', 'ProgramData', 'Claviger'), { recursive: true, force: true });
    machine.#session = spawn('wine', ['cmd.exe'], { env: environment, stdio: ['pipe', 'ignore', 'ignore'] });
    // Whatever comes first starts the services, which keep what it had open: this has nothing, and is waited for.
    await once(spawn('wine', ['cmd.exe', '/c', 'exit'], { env: environment, stdio: 'ignore' }), 'exit');
    for (const key of ['HKLM\\SOFTWARE\\Claviger', ...KEYS]) await machine.reg('delete', key, '/f');
    copyFileSync(logonUi, machine.at('windows', 'system32', 'LogonUI.exe'));
    return machine;
  }

  async serve() {}

  /** The path on this host of something on drive C. */
  at(...parts) {
    return join(prefix, 'drive_c', ...parts);
  }

  /** The path there of something on this host. */
  static there(path) {
    return `Z:${path.replaceAll('/', '\\')}`;
  }

  exists(...parts) {
    return existsSync(this.at(...parts));
  }

  read(...parts) {
    return this.exists(...parts) ? readFileSync(this.at(...parts), 'utf8') : '';
  }

  /** Runs a program there. */
  run(program, words = [], options = {}) {
    return run('wine', [program, ...words], options);
  }

  /** The same where only success will do. */
  async do(program, words = [], options = {}) {
    const { code, stdout, stderr } = await this.run(program, words, options);
    if (code !== 0) throw new Error(`${program} ${words.join(' ')}: ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  async sh() {
    return '';
  }

  reg(...words) {
    return this.run('reg', words);
  }

  /** What a value of the registry holds, as `reg` shows it; nothing if it isn't there. */
  async value(key, name) {
    const { stdout } = await this.reg('query', key, ...(name ? ['/v', name] : ['/ve']));
    return stdout.match(/\sREG_(\w+)\s+(.*)$/m)?.[2].trim() ?? null;
  }

  async hasKey(key) {
    return (await this.reg('query', key)).code === 0;
  }

  /** Starts a program that stays. */
  start(program, words = []) {
    return spawn('wine', [program, ...words], { env: environment });
  }

  async stop() {
    this.#session.stdin.end();
    await run(SERVER, ['-k']);
    await run(SERVER, ['-w']);
    if (this.#session.exitCode === null && this.#session.signalCode === null) await once(this.#session, 'exit');
    rmSync(this.share, { recursive: true });
  }
}
