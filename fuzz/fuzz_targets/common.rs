//! Passes bytes to readers as a file, in memory if the system has such a folder.

use std::path::{Path, PathBuf};
use std::sync::Once;

/// A folder of this process.
pub fn folder() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let parent = match memory.is_dir() {
        true => memory.to_owned(),
        false => std::env::temp_dir(),
    };
    let folder = parent.join(format!("bgad-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for one file");
    folder
}

/// A file with this name and these bytes.
#[allow(dead_code)]
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder().join(name);
    std::fs::write(&path, bytes).expect("a file in memory");
    path
}

/// Lets readers catch panics of decoders, at which libfuzzer-sys would end the process. It still ends at
/// panics that nobody catches.
#[allow(dead_code)]
pub fn panics_may_be_caught() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| std::panic::set_hook(Box::new(|_| {})));
}
