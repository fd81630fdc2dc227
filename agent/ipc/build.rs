//! Tells which system the crate is built for: `mac` is macOS, or Linux playing it for tests.

#[expect(clippy::disallowed_methods, reason = "so cargo and build scripts talk")]
fn main() {
    println!("cargo::rustc-check-cfg=cfg(mac)");
    let is_mac = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "macos");
    if is_mac || std::env::var_os("CARGO_FEATURE_MACOS_HERE").is_some() {
        println!("cargo::rustc-cfg=mac");
    }
}
