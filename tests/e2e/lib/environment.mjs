import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';

function variable(name, meaning) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is missing: set it to ${meaning}.`);
  return value;
}

function tool(name, debianPackage) {
  try {
    return execFileSync('which', [name], { encoding: 'utf8' }).trim();
  } catch {
    throw new Error(`${name} is missing: install Debian's package ${debianPackage}.`);
  }
}

function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    throw new Error(`CLAVIGER_BINARY names ${path}, which can't be run: build claviger first.`);
  }
}

function faketimeLibrary() {
  const found = readdirSync('/usr/lib')
    .map((folder) => `/usr/lib/${folder}/faketime/libfaketime.so.1`)
    .find((path) => existsSync(path));
  if (!found) throw new Error("libfaketime is missing: install Debian's package faketime.");
  return found;
}

export const binary = executable(variable('CLAVIGER_BINARY', 'the path of the built claviger'));
export const postgres = variable('CLAVIGER_TEST_POSTGRES', 'the URL of a PostgreSQL superuser');
export const images = process.env.CLAVIGER_IMAGES;
export const chromium = tool('chromium-headless-shell', 'chromium-headless-shell');
export const oathtool = tool('oathtool', 'oathtool');
export const zbarimg = tool('zbarimg', 'zbar-tools');
export const openssl = tool('openssl', 'openssl');
export const psql = tool('psql', 'postgresql-client');
export const pgDump = tool('pg_dump', 'postgresql-client');
export const faketime = faketimeLibrary();
