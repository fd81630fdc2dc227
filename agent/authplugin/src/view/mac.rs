//! The screen on a Mac: a view that the login window puts between the picture above and its own buttons below.

use super::{Field, Page, Typed, View};
use crate::{
    abi::{self, Held},
    layout::{Layout, Rect},
    words,
};
use objc2::{
    AllocAnyThread, DefinedClass, MainThreadMarker, MainThreadOnly, define_class, msg_send, rc::Retained,
    runtime::AnyObject, sel,
};
use objc2_app_kit::{
    NSAccessibility, NSAutoresizingMaskOptions as Sizing, NSFont, NSResponder, NSScreen, NSSecureTextField,
    NSTextAlignment, NSTextField, NSView,
};
use objc2_foundation::{NSDictionary, NSPoint, NSRect, NSSize, NSString};
use objc2_security_interface::{SFAuthorizationPluginView, SFButtonType, SFViewType};
use std::{
    cell::{Cell, OnceCell},
    mem, ptr,
    sync::{Mutex, PoisonError},
};
use zeroize::Zeroizing;

/// A display that AppKit does not know.
const SMALL: (f64, f64) = (1024.0, 640.0);
const TITLE: f64 = 15.0;
const TEXT: f64 = 13.0;

/// The screen of one mechanism.
pub(crate) struct Screen {
    owner: Cell<*const Held>,
    prompt: OnceCell<Retained<Prompt>>,
}

impl Default for Screen {
    fn default() -> Self {
        Self { owner: Cell::new(ptr::null()), prompt: OnceCell::new() }
    }
}

impl Screen {
    /// What is typed goes there.
    pub(crate) fn belong_to(&self, owner: *const Held) {
        self.owner.set(owner);
    }

    fn prompt(&self) -> Option<&Prompt> {
        if self.prompt.get().is_none() {
            let _ = self.prompt.set(Prompt::of(self.owner.get())?);
        }
        self.prompt.get().map(|prompt| &**prompt)
    }
}

impl View for Screen {
    fn show(&self, page: &Page) {
        match self.prompt() {
            Some(prompt) => prompt.turn(Some(page.clone())),
            // Without a view nobody could go on: it begins anew.
            // SAFETY: the owner has this screen, so it is not destroyed.
            None => unsafe { abi::typed(self.owner.get(), &Typed::Back) },
        }
    }

    fn hide(&self) {
        if let Some(prompt) = self.prompt.get() {
            prompt.turn(None);
        }
    }
}

/// The login window may keep the view for longer than the mechanism lasts, and must not reach it then.
impl Drop for Screen {
    fn drop(&mut self) {
        if let Some(prompt) = self.prompt.get() {
            prompt.ivars().owner.set(ptr::null());
        }
    }
}

/// What a view knows.
struct Known {
    owner: Cell<*const Held>,
    /// What is to be shown next, or nothing any more; any thread adds to it.
    turns: Mutex<Vec<Option<Page>>>,
    /// Whether the login window shows us; of the main thread alone, like the parts.
    stage: Cell<Stage>,
    parts: OnceCell<Parts>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Displayed,
    Away,
}

define_class!(
    // SAFETY: the class is made to have subclasses, and has no word on how they are dropped.
    #[unsafe(super(SFAuthorizationPluginView))]
    #[name = "ClavigerPrompt"]
    #[ivars = Known]
    struct Prompt;

    impl Prompt {
        #[unsafe(method(buttonPressed:))]
        fn button_pressed(&self, button: SFButtonType) {
            self.pressed(button);
        }

        #[unsafe(method_id(viewForType:))]
        fn view_for_type(&self, _: SFViewType) -> Option<Retained<NSView>> {
            self.parts().map(|parts| parts.whole.clone())
        }

        #[unsafe(method_id(firstKeyView))]
        fn first_key_view(&self) -> Option<Retained<NSView>> {
            self.field().map(as_view)
        }

        #[unsafe(method_id(lastKeyView))]
        fn last_key_view(&self) -> Option<Retained<NSView>> {
            self.field().map(as_view)
        }

        #[unsafe(method_id(firstResponder))]
        fn first_responder(&self) -> Option<Retained<NSResponder>> {
            self.field().map(|field| as_view(field).into_super())
        }

        #[unsafe(method(setEnabled:))]
        fn set_enabled(&self, is_enabled: bool) {
            if let Some(parts) = self.parts() {
                parts.fields().iter().for_each(|field| field.setEnabled(is_enabled));
            }
        }

        #[unsafe(method(willActivateWithUser:))]
        fn will_activate_with_user(&self, _: Option<&NSDictionary>) {
            self.clear();
        }

        #[unsafe(method(didActivate))]
        fn did_activate(&self) {
            self.focus();
        }

        #[unsafe(method(didDeactivate))]
        fn did_deactivate(&self) {
            self.clear();
        }

        #[unsafe(method(clavigerTakeTurns))]
        fn claviger_take_turns(&self) {
            self.take_turns();
        }
    }
);

impl Prompt {
    fn of(owner: *const Held) -> Option<Retained<Self>> {
        // SAFETY: a mechanism has its screen, so it is there when the screen is told to show something.
        let (callbacks, engine) = unsafe { owner.as_ref() }?.engine().handed();
        let known = Known {
            owner: Cell::new(owner),
            turns: Mutex::default(),
            stage: Cell::new(Stage::Away),
            parts: OnceCell::new(),
        };
        let this = Self::alloc().set_ivars(known);
        // SAFETY: macOS keeps both for as long as the mechanism lasts, and after it the view is asked for nothing.
        unsafe { msg_send![super(this), initWithCallbacks: callbacks, andEngineRef: engine] }
    }

    /// Shows this, or nothing any more. macOS does not say on which thread mechanisms are called; AppKit has only one.
    fn turn(&self, page: Option<Page>) {
        self.ivars().turns.lock().unwrap_or_else(PoisonError::into_inner).push(page);
        if MainThreadMarker::new().is_some() {
            self.take_turns();
            return;
        }
        // SAFETY: the method is ours, takes nothing, and is called with nothing.
        let () = unsafe {
            msg_send![self, performSelectorOnMainThread: sel!(clavigerTakeTurns),
                withObject: None::<&AnyObject>, waitUntilDone: false]
        };
    }

    fn take_turns(&self) {
        let turns = mem::take(&mut *self.ivars().turns.lock().unwrap_or_else(PoisonError::into_inner));
        for page in turns {
            match page {
                Some(page) => self.put(&page),
                None => {
                    self.ivars().stage.set(Stage::Away);
                    self.clear();
                }
            }
        }
    }

    fn put(&self, page: &Page) {
        let Some(parts) = self.parts() else { return };
        let size = parts.put(page);
        match (self.ivars().stage.replace(Stage::Displayed), size) {
            // SAFETY: this is the main thread, and the engine waits for the mechanism.
            (Stage::Away, _) => unsafe { self.displayView() },
            // SAFETY: as above.
            (Stage::Displayed, Size::Another) => unsafe { self.updateView() },
            (Stage::Displayed, Size::Same) => {}
        }
        self.focus();
    }

    /// The parts; none where AppKit can't be called.
    fn parts(&self) -> Option<&Parts> {
        let main = MainThreadMarker::new()?;
        Some(self.ivars().parts.get_or_init(|| Parts::new(main)))
    }

    fn field(&self) -> Option<Retained<NSTextField>> {
        let parts = self.parts()?;
        parts.field.get().of(parts).cloned()
    }

    fn focus(&self) {
        if let Some(field) = self.field() {
            // SAFETY: nobody sends it.
            unsafe { field.selectText(None) };
        }
    }

    fn clear(&self) {
        if let Some(parts) = self.parts() {
            parts.fields().iter().for_each(|field| field.setStringValue(&NSString::new()));
        }
    }

    fn pressed(&self, button: SFButtonType) {
        let typed = match button {
            SFButtonType::OK => Typed::Code(
                self.field()
                    .map_or_else(Zeroizing::default, |field| Zeroizing::new(field.stringValue().to_string())),
            ),
            _ => Typed::Back,
        };
        // SAFETY: it is there, or nobody: who destroys a mechanism drops its screen, which says so here.
        unsafe { abi::typed(self.ivars().owner.get(), &typed) };
    }
}

fn as_view(field: Retained<NSTextField>) -> Retained<NSView> {
    field.into_super().into_super()
}

impl Field {
    fn of(self, parts: &Parts) -> Option<&Retained<NSTextField>> {
        match self {
            Self::Shown => Some(&parts.shown),
            Self::Hidden => Some(&parts.hidden),
            Self::None => None,
        }
    }
}

/// Whether the login window must make other room for the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    Same,
    Another,
}

/// What is in the view. Both fields are in the same place, and one of them is seen.
struct Parts {
    whole: Retained<NSView>,
    title: Retained<NSTextField>,
    message: Retained<NSTextField>,
    shown: Retained<NSTextField>,
    hidden: Retained<NSTextField>,
    field: Cell<Field>,
}

impl Parts {
    fn new(main: MainThreadMarker) -> Self {
        let title = NSTextField::labelWithString(&NSString::from_str(words::CODE), main);
        title.setFont(Some(&NSFont::boldSystemFontOfSize(TITLE)));
        let message = NSTextField::wrappingLabelWithString(&NSString::new(), main);
        message.setFont(Some(&NSFont::systemFontOfSize(TEXT)));
        message.setSelectable(false);
        let nowhere = NSRect::ZERO;
        let parts = Self {
            whole: NSView::initWithFrame(NSView::alloc(main), nowhere),
            title,
            message,
            shown: NSTextField::initWithFrame(NSTextField::alloc(main), nowhere),
            hidden: NSSecureTextField::initWithFrame(NSSecureTextField::alloc(main), nowhere).into_super(),
            field: Cell::new(Field::None),
        };
        for label in [&parts.title, &parts.message] {
            label.setAlignment(NSTextAlignment::Center);
        }
        for field in parts.fields() {
            field.setAccessibilityLabel(Some(&NSString::from_str(words::CODE)));
        }
        // The login window may make the view wider: the title stays at its top, the field at its bottom.
        let stays = [Sizing::ViewMinYMargin, Sizing::ViewHeightSizable, Sizing::ViewMaxYMargin];
        let [top, between, bottom] = stays.map(|side| side | Sizing::ViewWidthSizable);
        for (part, sizing) in
            [(&parts.title, top), (&parts.message, between), (&parts.shown, bottom), (&parts.hidden, bottom)]
        {
            part.setAutoresizingMask(sizing);
            parts.whole.addSubview(part);
        }
        parts.whole.setAutoresizingMask(Sizing::ViewWidthSizable);
        parts
    }

    fn fields(&self) -> [&NSTextField; 2] {
        [&self.shown, &self.hidden]
    }

    /// Says and asks this, and says whether that takes other room than before.
    fn put(&self, page: &Page) -> Size {
        let message = NSString::from_str(&page.message);
        self.message.setStringValue(&message);
        self.field.set(page.field);
        self.title.setHidden(page.field == Field::None);
        self.shown.setHidden(page.field != Field::Shown);
        self.hidden.setHidden(page.field != Field::Hidden);
        for field in self.fields() {
            field.setStringValue(&NSString::new());
            // Whoever can't see the message hears it with the field.
            field.setAccessibilityHelp(Some(&message));
        }
        self.lay_out(page.message.chars().count())
    }

    fn lay_out(&self, letters: usize) -> Size {
        let layout = Layout::of(display(), letters);
        let before = self.whole.frame().size;
        let size = NSSize::new(layout.width, layout.height);
        if before == size {
            return Size::Same;
        }
        // In this order: what is in a view that is made larger is made larger, too.
        self.whole.setFrameSize(size);
        self.title.setFrame(frame(layout.title));
        self.message.setFrame(frame(layout.message));
        for field in self.fields() {
            field.setFrame(frame(layout.field));
        }
        Size::Another
    }
}

fn display() -> (f64, f64) {
    let screen = MainThreadMarker::new().and_then(NSScreen::mainScreen);
    screen.map_or(SMALL, |screen| {
        let size = screen.frame().size;
        (size.width, size.height)
    })
}

fn frame(rect: Rect) -> NSRect {
    NSRect::new(NSPoint::new(rect.x, rect.y), NSSize::new(rect.width, rect.height))
}
