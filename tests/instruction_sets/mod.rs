//! Runs a computation under each set of instructions, for the tests of several crates.

use std::io::Write;
use std::sync::{Mutex, Once, PoisonError};

use bgad_cpu::Instructions;

/// The choice affects the whole process, and tests share one process.
static CHOICE: Mutex<()> = Mutex::new(());
/// Once per process is enough.
static SAID: Once = Once::new();

/// The results of `work` under each instruction set of this machine, narrowest first. Sets that were skipped
/// are named on standard error, bypassing the test harness, which hides the output of passing tests.
pub fn under_each<T>(work: impl Fn() -> T) -> Vec<(Instructions, T)> {
    let _alone = CHOICE.lock().unwrap_or_else(PoisonError::into_inner);
    let before = Instructions::active();
    let mut results = Vec::new();
    let mut lacking = Vec::new();
    for set in Instructions::ALL {
        match set.activate() {
            Ok(()) => results.push((set, work())),
            Err(_) => lacking.push(set.name()),
        }
    }
    before.activate().expect("the machine had it before");
    SAID.call_once(|| {
        let lacking = lacking.join(", ");
        let note = format!("not tested, since this machine lacks them: {lacking}\n");
        let _ = std::io::stderr().write_all(note.as_bytes());
    });
    results
}

/// Compares the values under each set with those under every other one.
#[allow(dead_code)]
pub fn assert_agreement(what: &str, tolerance: f32, work: impl Fn() -> Vec<f32>) {
    let results = under_each(work);
    for (first, a) in &results {
        for (second, b) in &results {
            assert_eq!(a.len(), b.len(), "{what}: {first} and {second}");
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                assert!(
                    (a - b).abs() <= tolerance * a.abs().max(1.0),
                    "{what}, value {i}: {a} under {first}, {b} under {second}"
                );
            }
        }
    }
}
