//! Reads settings.
#![no_main]

use bgad::TrainerConfig;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(config) = toml::from_str::<TrainerConfig>(text) {
        let _ = config.check();
    }
    if let Ok(settings) = toml::from_str(text) {
        let mut config = TrainerConfig::default();
        if config.merge(&settings).is_ok() {
            let _ = config.check();
        }
    }
    if let Some((name, value)) = text.split_once('=') {
        let _ = TrainerConfig::default().set(name, value);
    }
    if let Ok(config) = serde_json::from_str::<TrainerConfig>(text) {
        let _ = config.check();
    }
});
