import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { agentPackage, agentRpm } from './devices/environment.mjs';

const run = promisify(execFile);
const query = async (...words) => (await run('rpm', ['--query', '--package', ...words, agentRpm])).stdout;
const makeProfile = fileURLToPath(new URL('../../packaging/authselect/make-profile', import.meta.url));

// Of each distribution's own: where modules and shared files lie, and what switches PAM.
const DEBIANS = /^\/usr\/share\/(pam-configs\/|doc\/claviger-agent\/copyright)/;
const FEDORAS = /^\/usr\/libexec\//;
const alike = (path) => path.replace(/\/(lib64|lib\/[a-z0-9_]+-linux-gnu)\/security\//, '/security/');

test('the .rpm holds what the .deb holds, with the same rights, all of it root\'s', async () => {
  const rpm = (await query('--queryformat', '[%{FILENAMES} %{FILEMODES:perms} %{FILEUSERNAME}:%{FILEGROUPNAME}\n]')).trim().split('\n').map((line) => line.split(' '));
  assert.deepEqual([...new Set(rpm.map(([, , owner]) => owner))], ['root:root']);
  const files = rpm.filter(([, mode]) => mode.startsWith('-'));
  const deb = (await run('dpkg-deb', ['--contents', agentPackage()])).stdout.trim().split('\n').map((line) => line.split(/\s+/)).filter(([mode]) => mode.startsWith('-'));
  const inDeb = deb.map(([mode, , , , , path]) => [path.slice(1), mode]).filter(([path]) => !DEBIANS.test(path));
  const inRpm = files.map(([path, mode]) => [path, mode]).filter(([path]) => !FEDORAS.test(path));
  // Fedora's modules are executable, Debian's are not.
  const named = (list) => list.map(([path, mode]) => `${alike(path)} ${path.endsWith('.so') ? '' : mode}`).sort();
  assert.deepEqual(named(inRpm), named(inDeb));
  assert.deepEqual(files.filter(([path]) => FEDORAS.test(path)).map(([path, mode]) => `${path} ${mode}`), ['/usr/libexec/claviger-agent/make-profile -rwxr-xr-x']);
  assert.equal(files.find(([path]) => path.endsWith('.so'))[0], '/usr/lib64/security/pam_claviger.so');
});

test('the .rpm asks its system for PAM and authselect, and its scripts are whole', async () => {
  const needs = await query('--requires');
  for (const need of ['authselect', 'pam', 'shadow-utils', 'systemd', 'libpam.so.0()(64bit)']) assert.ok(needs.split('\n').includes(need), `${need} in\n${needs}`);
  const scripts = Object.fromEntries(await Promise.all(['PREIN', 'POSTIN', 'PREUN', 'POSTUN'].map(async (name) => [name, await query('--queryformat', `%{${name}}`)])));
  for (const [name, script] of Object.entries(scripts)) {
    // A macro that this system doesn't know would stand there as it was written.
    assert.doesNotMatch(script, /%\{|^%/m, name);
    await run('sh', ['-n', '-c', script]);
  }
  assert.match(scripts.PREUN, /uninstall --logins-only \|\| exit 1/);
});

/** A profile as authselect's own are laid out. */
function profile(folder, stack) {
  mkdirSync(folder);
  for (const name of ['system-auth', 'password-auth']) writeFileSync(join(folder, name), stack);
  writeFileSync(join(folder, 'postlogin'), 'session optional pam_umask.so silent\n');
  writeFileSync(join(folder, 'README'), 'A profile\n');
}

const STACK = `auth        required                 pam_env.so
auth        sufficient               pam_fprintd.so {include if "with-fingerprint"}
auth        [default=1 ignore=ignore success=ok] pam_localuser.so
auth        sufficient               pam_unix.so {if not "without-nullok":nullok}
auth        sufficient               pam_sss.so forward_pass
auth        required                 pam_faillock.so authfail {include if "with-faillock"}
auth        required                 pam_deny.so

account     required                 pam_unix.so
`;

test('the authselect profile asks for the code after whatever let somebody in, and moves no jump', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'profile-'));
  const [base, made] = ['base', 'made'].map((name) => join(folder, name));
  try {
    profile(base, STACK);
    await run(makeProfile, [base, made]);
    const modules = (name, type) => readFileSync(join(made, name), 'utf8').split('\n').filter((line) => line.startsWith(type))
      .map((line) => line.match(/(pam_\w+)\.so\s*(password|first_factor_done|fail_open|require_mfa fail_open|require_mfa)?/).slice(1).filter(Boolean).join(' '));
    for (const name of ['system-auth', 'password-auth']) {
      assert.deepEqual(modules(name, 'auth'), ['pam_env', 'pam_fprintd', 'pam_claviger first_factor_done', 'pam_claviger password', 'pam_localuser', 'pam_unix', 'pam_sss', 'pam_faillock', 'pam_deny']);
      assert.deepEqual(modules(name, 'account'), ['pam_claviger require_mfa', 'pam_claviger require_mfa fail_open', 'pam_unix']);
    }
    assert.deepEqual(modules('postlogin', 'auth'), ['pam_claviger', 'pam_claviger fail_open']);
    // Whatever is not ours stays as it was, in its order.
    const others = readFileSync(join(made, 'system-auth'), 'utf8').split('\n').filter((line) => !line.includes('pam_claviger'));
    assert.equal(others.join('\n'), STACK);
    // Each of ours is there only with its feature.
    for (const name of ['system-auth', 'postlogin']) {
      for (const line of readFileSync(join(made, name), 'utf8').split('\n').filter((each) => each.includes('pam_claviger'))) assert.match(line, /\{include if "with-claviger[a-z-]*"\}$/);
    }
    rmSync(base, { recursive: true });
    profile(base, STACK.replaceAll('pam_unix', 'pam_other'));
    await assert.rejects(run(makeProfile, [base, join(folder, 'none')]), /not laid out as known/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
