import { existsSync } from 'node:fs';

function path(name, meaning) {
  const value = process.env[name];
  if (!value || !existsSync(value)) throw new Error(`${name} is ${value ? `${value}, which is not there` : 'missing'}: set it to ${meaning}.`);
  return value;
}

export const prefix = path('WINEPREFIX', 'the Windows that `cargo xtask windows` makes under target/wine');
export const msi = path('CLAVIGER_AGENT_MSI', "the agent's MSI, which packaging/msi/build makes");
export const logonUi = path('CLAVIGER_LOGONUI', 'the program of agent/logonui, built for Windows');
