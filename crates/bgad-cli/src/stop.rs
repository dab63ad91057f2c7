//! Stopping from outside: Ctrl-C, or a termination signal.

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::progress::{note, warning};

/// A flag that becomes true at the first signal; the second signal ends the program at once.
pub fn on_signal() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stop);
    let handler = move || match seen.swap(true, Ordering::Relaxed) {
        false => note("stopping; press Ctrl-C again to stop at once"),
        true => std::process::exit(130),
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        warning(&format!(
            "Ctrl-C will end the program without a checkpoint: {error}"
        ));
    }
    stop
}

/// Ends this program when standard input ends, because the program that started it is gone then.
pub fn with_stdin() {
    std::thread::spawn(|| {
        let mut rest = [0; 64];
        let mut input = std::io::stdin().lock();
        while input.read(&mut rest).is_ok_and(|length| length > 0) {}
        std::process::exit(1);
    });
}
