//! What a run can be told: settings, the choices that they have, and their checks. Uses `error`.

pub(crate) mod choices;
pub(crate) mod image_fit;
pub(crate) mod image_score;
pub(crate) mod precision;
pub(crate) mod settings;
