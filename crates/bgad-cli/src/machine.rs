//! The machine that this program runs on.

use bgad::Machine;

/// This machine, with the allocator of `main.rs`.
pub fn machine() -> Machine {
    Machine::current().with_allocator("mimalloc")
}
