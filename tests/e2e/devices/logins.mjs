import { createInterface } from 'node:readline';

const HOST = '127.0.0.1';
const CLIENT = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR', '-o', 'ConnectTimeout=20'];

/** The ways into a machine, as programs take them: each gives what was asked and whether it let somebody in. */
export class Logins {
  #machine;
  #count = 0;
  #pam = null;

  constructor(machine) {
    this.#machine = machine;
  }

  /** SSH round by round: `{ offered, rounds, in, printed, error }`. */
  async rounds({ user, key, password, codes = [], method, command, host = HOST, source }) {
    const told = { host, source, user, key, password, codes, method, command };
    return JSON.parse(await this.#machine.do('python3', ['/share/rounds.py'], { input: JSON.stringify(told) }));
  }

  /** A program of OpenSSH, or one that uses it, with somebody who answers: `{ code, stdout, stderr, asked }`. */
  async openssh(program, { key, password = '', codes = [], input }, words) {
    this.#count += 1;
    const [asked, left] = ['asked', 'codes'].map((name) => `/run/${name}.${this.#count}`);
    await this.#machine.sh(`: > ${asked}; cat > ${left}`, { input: codes.map((code) => `${code}\n`).join('') });
    const environment = {
      SSH_ASKPASS: '/share/askpass', SSH_ASKPASS_REQUIRE: 'force', PASSWORD: password, CODES: left, ASKED: asked,
    };
    const done = await this.#machine.run(program, [...CLIENT, ...identity(key), ...words], { environment, input });
    const questions = (await this.#machine.sh(`cat ${asked}`)).split('\n').filter(Boolean);
    return { ...done, asked: questions };
  }

  ssh(person, user, command = 'id -un') {
    return this.openssh('ssh', person, [`${user}@${HOST}`, command]);
  }

  /** As ansible and scripts call it: nobody is there to answer. */
  batch(key, user, program = 'ssh', words = [`${user}@${HOST}`, 'id -un']) {
    return this.#machine.run(program, ['-o', 'BatchMode=yes', ...CLIENT, ...identity(key), ...words]);
  }

  /** A program on a terminal: what is waited for and typed, turn by turn. */
  terminal(words, turns, seconds = 20) {
    const input = turns.map(([words_, typed]) => `${words_}\t${typed}\n`).join('');
    return this.#machine.run('expect', ['-f', '/share/converse.exp', String(seconds), ...words], { input });
  }

  /** A person at a terminal, who looks around and leaves; what they saw. */
  async shell(user, password) {
    const { stdout } = await this.terminal(['ssh', ...CLIENT, '-o', 'PubkeyAuthentication=no', `${user}@${HOST}`], [['assword:', password], ['$ ', 'exit']]);
    return stdout.replaceAll('\r', '');
  }

  login(user, password, codes = []) {
    const asked = codes.map((code) => ['erification code:', code]);
    return this.terminal(['login'], [['login:', user], ['assword:', password], ...asked, ['$ ', 'id -un; exit']]);
  }

  /** greetd with a greeter that has no screen: `{ rounds, in, error }`. */
  async greetd({ user, password, codes = [] }) {
    const config = '[terminal]\nvt = "none"\n[default_session]\ncommand = "python3 /share/greeter.py"\nuser = "_greetd"\n';
    await this.#machine.sh('mkdir -p -m 1777 /run/greeter; rm -f /run/greeter/seen; cat > /run/greeter/greetd.toml', { input: config });
    await this.#machine.sh('cat > /run/greeter/told', { input: JSON.stringify({ user, password, codes }) });
    const greetd = this.#machine.start('greetd', ['--config', '/run/greeter/greetd.toml']);
    try {
      return JSON.parse(await this.#machine.sh('until [ -e /run/greeter/seen ]; do sleep 0.1; done; cat /run/greeter/seen'));
    } finally {
      await this.#machine.run('pkill', ['-x', 'greetd']);
      greetd.kill();
    }
  }

  /** Straight through libpam, without a program: `{ phase, result, prompts, seconds }`, many at a time. */
  pam(attempt) {
    this.#pam ??= new PamClient(this.#machine.start('python3', ['-u', '/share/pam.py']));
    return this.#pam.try(attempt);
  }

  stop() {
    this.#pam?.stop();
  }
}

const identity = (key) => (key ? ['-i', key] : ['-o', 'PubkeyAuthentication=no']);

class PamClient {
  #process;
  #waiting = new Map();
  #count = 0;

  constructor(process) {
    this.#process = process;
    createInterface(process.stdout).on('line', (line) => {
      const told = JSON.parse(line);
      this.#waiting.get(told.id)(told);
      this.#waiting.delete(told.id);
    });
  }

  try(attempt) {
    this.#count += 1;
    const id = this.#count;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#process.stdin.write(`${JSON.stringify({ id, ...attempt })}\n`);
    });
  }

  stop() {
    this.#process.stdin.end();
  }
}
