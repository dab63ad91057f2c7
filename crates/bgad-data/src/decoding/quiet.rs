//! Decoders that panic.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use super::fault::{Fault, damaged};

thread_local! {
    /// Whether this thread is inside a decoder.
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// What `decode` gives; an error where it panics, as decoders do on some damaged files (image-webp
/// 0.2.4 adds up code lengths beyond 16 bits, which builds with overflow checks end on). The panic's
/// text is not printed: the error tells what there is to tell. The program's own panic hook stays for
/// all other panics.
pub(crate) fn guarded<T>(decode: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    static HOOK: Once = Once::new();
    // A thread that panics already must not change the hook.
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
    // Nothing of a decoder that has panicked is used again.
    let decoded = panic::catch_unwind(AssertUnwindSafe(decode));
    DECODING.set(outer);
    decoded.unwrap_or_else(|_| {
        Err(damaged(
            "the decoder could not cope with what the file holds",
        ))
    })
}
