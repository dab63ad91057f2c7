//! A description of this machine for runs and `bgad --version`.

use std::fmt;

use bgad_cpu::Instructions;
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// The machine and how this process uses it. Speed depends on all of this, and the last digits of results on
/// the instructions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name, if the system reports it (Linux), and its architecture.
    pub processor: String,
    /// The instruction set that the CPU kernels use: `scalar`, `neon`, `avx2` or `avx512`.
    pub instructions: String,
    /// The instruction sets that the machine has.
    pub available_instructions: Vec<String>,
    /// Number of threads that the CPU kernels use.
    pub threads: usize,
    /// The program's memory allocator, if the program names it.
    pub allocator: Option<String>,
}

impl Machine {
    /// This machine, with the instructions and threads in use now.
    pub fn current() -> Self {
        Self {
            processor: processor(),
            instructions: Instructions::active().to_string(),
            available_instructions: Instructions::available()
                .map(|set| set.to_string())
                .collect(),
            threads: rayon::current_num_threads(),
            allocator: None,
        }
    }

    /// Checks that `BGAD_INSTRUCTIONS`, if set, names instructions that this machine has. Without this check,
    /// a program asked for others uses the widest ones.
    ///
    /// # Errors
    /// [`Error::Instructions`](crate::error::Error::Instructions) lists the available ones.
    pub fn check() -> Result<()> {
        Instructions::requested()?;
        Ok(())
    }

    /// Adds the name of the program's allocator, which a library can't find out.
    #[must_use]
    pub fn with_allocator(mut self, name: impl Into<String>) -> Self {
        self.allocator = Some(name.into());
        self
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let threads = match self.threads {
            1 => "1 thread".to_owned(),
            threads => format!("{threads} threads"),
        };
        write!(
            f,
            "{}, {} (of {}), {threads}",
            self.processor,
            self.instructions,
            self.available_instructions.join(", ")
        )?;
        match &self.allocator {
            Some(allocator) => write!(f, ", {allocator}"),
            None => Ok(()),
        }
    }
}

fn processor() -> String {
    let architecture = std::env::consts::ARCH;
    let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = information.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == "model name").then(|| value.trim().to_owned())
    });
    match name {
        Some(name) if !name.is_empty() => format!("{name} ({architecture})"),
        _ => architecture.to_owned(),
    }
}
