//! How the module is linked.

fn main() {
    // Needed at run time by whoever loads libpam for itself alone, and at hand without its development package.
    println!("cargo:rustc-link-arg=-l:libpam.so.0");
    // Everything is resolved when it is loaded, so that nothing is missing in the middle of a login; and it stays loaded
    // after libpam closes it.
    for argument in ["-Wl,-z,nodelete", "-Wl,-z,now", "-Wl,-z,relro"] {
        println!("cargo:rustc-cdylib-link-arg={argument}");
    }
}
