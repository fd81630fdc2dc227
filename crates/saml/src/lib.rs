//! SAML 2.0 as an identity provider speaks it (S10.1). There is no input, output, clock or randomness in here.

pub mod xml;
