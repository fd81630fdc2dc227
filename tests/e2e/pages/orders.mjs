import { refused } from './visit.mjs';

const TEMPLATES = ['registry', 'disable_arso', 'block_safe_mode', 'sshd', 'file', 'banner'];
const LONG = 'What everybody reads who signs in at a machine of the warehouse in Rotterdam-Maasvlakte, twice over';
const VALUES = [
  { location: 'SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate\\AU', name: 'NoAutoRebootWithLoggedOnUsers', type: 'dword', data: '1' },
  { location: 'SOFTWARE\\Acme', name: 'Servers', type: 'multi_sz', data: 'one.acme.test\ntwo.acme.test' },
];

/** Policies and a command, laid down for the first and its group, and what devices say of them (S9). */
export async function order({ api, clock }, devices, group) {
  const device = devices['web-1'];
  const bodies = [
    { name: 'Message of the day', template: 'file', path: '/etc/motd', content: 'Everything here is logged.\n' },
    { name: 'Few tries', description: 'Three wrong passwords and out', template: 'sshd', settings: [{ keyword: 'MaxAuthTries', value: '3' }] },
    { name: LONG, template: 'banner', text: 'Alles wordt vastgelegd.\nEverything is logged.' },
    { name: 'No restart sign-on', template: 'disable_arso' },
    { name: 'Acme', template: 'registry', values: VALUES },
    { name: 'Nowhere', template: 'block_safe_mode' },
  ];
  const policies = [];
  for (const body of bodies) {
    const policy = await api.do('POST', '/policies', body);
    policies.push(policy);
    if (body.name === 'Nowhere') continue;
    await api.do('PUT', `/policies/${policy.id}/devices/${device.id}`);
    await api.do('PUT', `/policies/${policy.id}/device-groups/${group}`);
  }
  await api.do('PATCH', '/organization', { commands: true });
  const command = await api.do('POST', '/commands', { name: 'Uptime', description: 'How long it is up', shell: 'shell', script: 'uptime\n', schedule: 'daily 06:00' });
  await api.do('PUT', `/commands/${command.id}/device-groups/${group}`);
  await api.do('PUT', `/commands/${command.id}/devices/${device.id}`);
  const unused = await api.do('POST', '/commands', { name: LONG, shell: 'powershell', script: 'Get-Date\n' });
  const run = await api.do('POST', `/commands/${command.id}/run`, {});
  const at = clock.now * 1e6;
  const said = (policy, state, detail = '', count = 0) => ({ policy: policy.id, revision: 1, state, detail, corrected: { count, at: count ? at : null } });
  const ended = (outcome, exit_code, output, detail = '') => ({ run: run.id, stage: { ended: outcome }, exit_code, output, detail, started_at: at, ended_at: at + 1_200_000 });
  const line = `${'a line that does not end '.repeat(12)}\n`;
  await device.report({ mfa: 'in_force' }, {
    clock,
    policies: [
      said(policies[0], 'applied', '', 3),
      said(policies[1], 'failed', 'sshd: /etc/ssh/sshd_config line 12: MaxAuthTries is 6, laid down before the files of sshd_config.d are read'),
      said(policies[2], 'applied'),
    ],
    runs: [ended('exited', 0, ` 06:00:01 up 12 days\n${line.repeat(30)}`)],
  });
  await devices['web-2'].report({ mfa: 'in_force' }, { clock, runs: [ended('timed_out', null, 'begun\n', 'It took longer than 300 seconds.')] });
  return { policies, command, unused, run, device: device.id };
}

/** Every page of policies and commands. */
export const orderedPages = ({ policies, command, unused, run, device }) => [
  ['Policies', '/admin/policies', undefined, { '1440 light': 'policies.png' }],
  ...TEMPLATES.map((template) => [`a new policy (${template})`, `/admin/policies/new?template=${template}`]),
  ['a policy with mistakes', '/admin/policies/new?template=file', refused('Make policy', { Name: '', Path: '/etc/shadow' })],
  ['a policy with a value that is none', '/admin/policies/new?template=registry', async (page) => {
    await page.getByLabel('Name', { exact: true }).first().fill('Acme 2');
    await page.locator('[name="location.0"]').fill('SOFTWARE\\Acme');
    await page.locator('[name="data.0"]').fill('4294967296');
    await refused('Make policy', {})(page);
  }],
  ['a policy with a setting that is none', '/admin/policies/new?template=sshd', refused('Make policy', { Name: 'No tries', MaxAuthTries: '0' })],
  ...policies.map(({ id, name, template }) => [`a policy (${template})`, `/admin/policies/${id}`, undefined, name === 'Few tries' ? { '1440 light': 'policy.png' } : undefined]),
  ['a policy for a device that is none', `/admin/policies/${policies[0].id}`, refused('Bind to device', { 'Name of the device': 'nothing' })],
  ['the question before a policy is deleted', `/admin/policies/${policies[0].id}/delete`],
  ["a device's policies", `/admin/devices/${device}/policies`, undefined, { '1440 light': 'device-policies.png' }],
  ['Commands', '/admin/commands', undefined, { '1440 light': 'commands.png' }],
  ['a new command', '/admin/commands/new'],
  ['a command that is ready', '/admin/commands/new?template=disable_arso'],
  ['a command with mistakes', '/admin/commands/new', refused('Make command', { Name: '', Script: '' })],
  ['a command', `/admin/commands/${command.id}`],
  ['a command that no device has', `/admin/commands/${unused.id}`],
  ['the question before a command is run', `/admin/commands/${command.id}/run`],
  ['the question before a command is deleted', `/admin/commands/${command.id}/delete`],
  ['a run of a command', `/admin/command-runs/${run.id}`, undefined, { '1440 light': 'command-run.png' }],
  ['the question before it is run again', `/admin/command-runs/${run.id}/again`],
  ['what it printed', `/admin/command-runs/${run.id}/devices/${device}`],
  ["a device's commands", `/admin/devices/${device}/commands`],
];
