//! The machine that the program runs on.

use std::sync::LazyLock;

use bgad::{DeviceKind, Machine};

/// This machine, with the allocator of `main.rs`.
pub fn machine() -> Machine {
    Machine::current().with_allocator("mimalloc")
}

/// The text of `--version`, with what a report about speed needs.
pub fn long_version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let devices: Vec<&str> = DeviceKind::ALL
            .into_iter()
            .filter(|kind| kind.is_compiled())
            .map(DeviceKind::name)
            .collect();
        let machine = machine();
        format!(
            "{}\nprocessor     {}\ninstructions  {} (this machine has {})\nthreads       {}\n\
             allocator     {}\ndevices       {}",
            env!("CARGO_PKG_VERSION"),
            machine.processor,
            machine.instructions,
            machine.available_instructions.join(", "),
            machine.threads,
            machine.allocator.unwrap_or_default(),
            devices.join(", ")
        )
    });
    &VERSION
}
