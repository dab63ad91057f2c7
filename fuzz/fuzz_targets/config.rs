//! Settings.
#![no_main]

use bgad::TrainerConfig;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(config) = toml::from_str::<TrainerConfig>(text) {
        let _ = config.check();
    }
    if let Ok(config) = serde_json::from_str::<TrainerConfig>(text) {
        let _ = config.check();
    }
});
