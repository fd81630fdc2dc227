#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(broken) = claviger_fuzz::saml::redirect(bytes) {
        panic!("{}", broken.0);
    }
});
