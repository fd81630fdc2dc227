import { until } from '../lib/wait.mjs';

// Greeters start X servers on virtual terminals; this machine has none, and its screens are in memory.
const SERVER = `#!/bin/bash
words=()
while [ $# -gt 0 ]; do
  case $1 in vt*|-novtswitch|-core|-keeptty) ;; -seat|-layout|-background) shift ;; *) words+=("$1") ;; esac
  shift
done
exec Xvfb "\${words[@]}" -ac -screen 0 1024x640x24
`;
// Somewhere else on the network, as those two take it (XDMCP): a session there needs no virtual terminal.
const TERMINAL = 'systemd-run --quiet --collect --unit=screen screen :60 -query 127.0.0.1 -listen tcp';
const GDM = `[daemon]
WaylandEnable=false
[security]
DisallowTCP=false
[xdmcp]
Enable=true
DisplaysPerHost=9
`;
const GDM_GREETER = '[org/gnome/login-screen]\ndisable-user-list=true\n';
// A machine of this kind may not lock memory, and LightDM breaks off where it can't.
const LIGHTDM = `[LightDM]
start-default-seat=false
lock-memory=false
[XDMCPServer]
enabled=true
[Seat:*]
greeter-session=lightdm-gtk-greeter
greeter-hide-users=true
greeter-show-manual-login=true
user-session=plain
`;
const sddm = (others) => `[General]
DisplayServer=x11
[X11]
ServerPath=/usr/local/bin/screen
[Users]
RememberLastUser=false
HideUsers=${others.join()}
`;

// Of each: the name of its PAM service, what it says before somebody signs in or again after a refusal, which pictures are
// for the docs, whether it can ask a second question, whether logind knows its sessions on a machine without virtual
// terminals, how it is started with a screen at which somebody signs in, how that one is chosen, and how it is stopped.

const gdm = {
  service: 'gdm-password',
  begins: /Username|Password/,
  inDocs: ['code', 'refused'],
  carriesQuestion: true,
  inLogind: true,
  async start({ machine, screen }) {
    await put(machine, '/etc/gdm3/daemon.conf', GDM);
    await put(machine, '/etc/gdm3/greeter.dconf-defaults', GDM_GREETER);
    await machine.sh(`systemctl start accounts-daemon gdm3; ${TERMINAL}`);
    screen.at(':60');
  },
  async choose(screen, user) {
    await screen.says(/Username/);
    await screen.type(user);
    await screen.says(/Password/);
  },
  stop: (machine) => machine.sh('systemctl stop screen gdm3'),
};

const lightdm = {
  service: 'lightdm',
  begins: /Incorrect|^(?!.*code).*LogIn/i,
  inDocs: ['refused'],
  carriesQuestion: true,
  inLogind: true,
  async start({ machine, screen }) {
    await put(machine, '/etc/lightdm/lightdm.conf', LIGHTDM);
    await machine.sh(`systemctl start accounts-daemon lightdm; ${TERMINAL}`);
    screen.at(':60');
  },
  async choose(screen, user) {
    await screen.says(/LogIn/);
    await prompts(screen.machine, 1);
    await screen.type(user);
    await prompts(screen.machine, 2);
  },
  stop: (machine) => machine.sh('systemctl stop screen lightdm'),
};

// The field for the password has no words beside it; the greeter's log says when it is asked for.
const prompts = (machine, count) => until(`question ${count} of LightDM`, async () => {
  const { stdout } = await machine.run('grep', ['-c', 'Prompt greeter', '/var/log/lightdm/lightdm.log']);
  return Number(stdout) >= count;
});

const sddmGreeter = {
  service: 'sddm',
  carriesQuestion: false,
  inLogind: false,
  async start({ machine, screen, people }, user) {
    const others = Object.values(people).map(({ username }) => username).filter((name) => name !== user);
    await put(machine, '/etc/sddm.conf', sddm(others));
    // It waits for a seat with a graphics card, unless it sees no logind when it starts.
    await machine.sh('systemctl stop systemd-logind; systemctl start sddm; until [ -e /tmp/.X11-unix/X0 ]; do sleep 0.1; done; systemctl start systemd-logind');
    screen.at(':0');
  },
  async choose(screen, user) {
    await screen.says(new RegExp(`${user}.*Selectyouruser`, 'i'));
  },
  stop: (machine) => machine.sh('systemctl stop sddm'),
};

export const greeters = { gdm, lightdm, sddm: sddmGreeter };

const put = (machine, path, text, mode = '644') => machine.sh(`mkdir -p "$(dirname ${path})"; cat > ${path}; chmod ${mode} ${path}`, { input: text });

/** What all of them need: no unit of Debian's that starts one by itself, and a screen in memory. */
export async function prepareGreeters(machine) {
  await put(machine, '/usr/local/bin/screen', SERVER, '755');
  await machine.sh('rm -f /etc/systemd/system/display-manager.service; systemctl daemon-reload');
}
