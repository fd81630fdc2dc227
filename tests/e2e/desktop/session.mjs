import { until } from '../lib/wait.mjs';

// What a session runs: a terminal that says whose it is.
const SHOW = `#!/bin/sh
convert -size 1024x640 'xc:#264653' /tmp/ground.png && display -window root /tmp/ground.png
exec xterm -fa 'DejaVu Sans Mono' -fs 13 -geometry 76x14+120+120 -e sh -c '
  echo "\\$ id -un"; id -un
  echo "\\$ claviger-agent status"; /usr/sbin/claviger-agent status
  exec sleep 3600'
`;
const ENTRY = '[Desktop Entry]\nName=Plain\nExec=/usr/local/bin/plain-session\nType=Application\n';

/** The one kind of session that greeters offer here, and who is in one. */
export class Sessions {
  #machine;

  constructor(machine) {
    this.#machine = machine;
  }

  async prepare() {
    await this.#machine.sh('rm -f /usr/share/xsessions/* /usr/share/wayland-sessions/*; mkdir -p -m 1777 /tmp/.X11-unix');
    await this.#machine.sh('cat > /usr/local/bin/plain-session; chmod 755 /usr/local/bin/plain-session', { input: SHOW });
    await this.#machine.sh('cat > /usr/share/xsessions/plain.desktop', { input: ENTRY });
  }

  /** How often PAM opened a session of somebody for a service in this boot, as the journal has it. */
  async opened(user, service) {
    const text = await this.#machine.do('journalctl', ['--no-pager', '--boot', '--output', 'cat']);
    return text.split('\n').filter((line) => line.includes(`pam_unix(${service}:session): session opened for user ${user}(`)).length;
  }

  /** Whether their terminal is there. */
  async isIn(user) {
    return (await this.#machine.run('pgrep', ['-u', user, '-x', 'xterm'])).code === 0;
  }

  /** What logind knows of somebody's sessions: `{ Service, Type, Class, State }`. */
  async ofLogind(user) {
    const listed = await this.#machine.do('loginctl', ['list-sessions', '--no-legend']);
    const ids = listed.split('\n').map((line) => line.trim().split(/\s+/)).filter(([, , name]) => name === user).map(([id]) => id);
    return Promise.all(ids.map((id) => this.#about(id)));
  }

  async #about(id) {
    const wanted = ['Service', 'Type', 'Class', 'State'].flatMap((name) => ['--property', name]);
    const text = await this.#machine.do('loginctl', ['show-session', id, ...wanted]);
    return Object.fromEntries(text.trim().split('\n').map((line) => line.split('=')));
  }

  begins(user) {
    return until(`a session of ${user}`, () => this.isIn(user), 60);
  }

  async end(user) {
    await this.#machine.run('pkill', ['-KILL', '-u', user]);
    await until(`the end of ${user}'s session`, async () => !(await this.isIn(user)), 30);
  }
}
