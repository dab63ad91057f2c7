//! Short constructors for common errors.

use std::path::Path;

use super::kinds::Error;

impl Error {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn setting(
        setting: &'static str,
        found: impl ToString,
        expected: impl Into<String>,
    ) -> Self {
        Self::Setting {
            setting,
            found: found.to_string(),
            expected: expected.into(),
        }
    }

    pub(crate) fn input(
        what: &'static str,
        found: impl ToString,
        expected: impl Into<String>,
    ) -> Self {
        Self::Input {
            what,
            found: found.to_string(),
            expected: expected.into(),
        }
    }

    pub(crate) fn state(
        part: impl Into<String>,
        found: impl ToString,
        expected: impl Into<String>,
    ) -> Self {
        Self::State {
            part: part.into(),
            found: found.to_string(),
            expected: expected.into(),
        }
    }
}
