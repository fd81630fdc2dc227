import { accessSync, constants } from 'node:fs';

function python() {
  const path = process.env.CLAVIGER_SAML_PYTHON;
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    throw new Error('CLAVIGER_SAML_PYTHON is missing: set it to the python of an environment with requirements.txt.');
  }
}

/** The Python that has the libraries of service providers. */
export const samlPython = python();
