//! What is on the screen while the code is asked for.

#[cfg(not(target_os = "macos"))]
#[expect(unsafe_code, reason = "tests look and type through the C ABI")]
mod here;
#[cfg(target_os = "macos")]
#[expect(unsafe_code, reason = "AppKit calls, and is called")]
mod mac;

#[cfg(not(target_os = "macos"))]
pub(crate) use here::Screen;
#[cfg(target_os = "macos")]
pub(crate) use mac::Screen;

use zeroize::Zeroizing;

/// What is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// What there is to say; may be empty.
    pub(crate) message: String,
    /// What can be typed.
    pub(crate) field: Field,
}

/// What can be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// The code, and it is seen.
    Shown,
    /// The code, and it isn't.
    Hidden,
    /// Nothing: there is only something to read, before it begins anew.
    None,
}

/// What somebody did.
pub(crate) enum Typed {
    /// They typed this, and went on.
    Code(Zeroizing<String>),
    /// They want to begin anew.
    Back,
}

/// A screen.
pub(crate) trait View {
    /// Shows this in the place of what was there.
    fn show(&self, page: &Page);
    /// Shows nothing any more.
    fn hide(&self);
}
