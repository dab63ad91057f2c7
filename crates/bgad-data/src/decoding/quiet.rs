//! Turns a decoder's panic into an error.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use super::fault::{Fault, damaged};

thread_local! {
    /// Whether this thread is inside a decoder.
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Calls `decode`; a panic becomes an error. Decoders panic on some damaged files (image-webp 0.2.4 adds up
/// code lengths beyond 16 bits, which fails in builds with overflow checks). The panic's text is not printed,
/// because the error already says what is known. For all other panics the program's own hook stays in place.
pub(crate) fn guarded<T>(decode: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    static HOOK: Once = Once::new();
    // A thread that is already panicking must not change the hook.
    let install = || {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !DECODING.get() {
                others(info);
            }
        }));
    };
    if !std::thread::panicking() {
        HOOK.call_once(install);
    }
    let outer = DECODING.replace(true);
    // No state of a panicked decoder is used again.
    let decoded = panic::catch_unwind(AssertUnwindSafe(decode));
    DECODING.set(outer);
    decoded.unwrap_or_else(|_| Err(damaged("the decoder failed on its contents")))
}
