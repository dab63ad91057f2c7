//! Declares settings: name, help, default, the paper's value and the allowed values, each in one place.

use serde_json::Value;

use super::value::Given;
use crate::error::{Error, Result};

/// The declared properties of a setting.
pub(crate) struct Declared {
    /// Section and field, such as `scoring.image_score`.
    pub name: &'static str,
    /// Its doc comment, as in the source.
    pub help: &'static str,
    pub allowed: fn() -> String,
}

/// A section of the settings, whose values can be read and set by name.
pub(crate) trait Section {
    fn declared(&self) -> &'static [Declared];

    /// The error for a value that is not among the allowed ones.
    fn refused(&self, name: &'static str, found: impl ToString) -> Error
    where
        Self: Sized,
    {
        let declared = self
            .declared()
            .iter()
            .find(|declared| declared.name == name);
        let allowed = declared.map(|declared| (declared.allowed)());
        Error::setting(name, found, allowed.unwrap_or_default())
    }

    /// The value of a setting; `None` if it belongs to another section.
    fn value(&self, name: &str) -> Option<Value>;

    /// Sets a setting to `given`.
    ///
    /// # Errors
    /// If the value is not allowed. `None` if the setting belongs to another section.
    fn set(&mut self, name: &str, given: &Given<'_>) -> Option<Result<()>>;
}

/// Declares a section: `settings! { /// Doc. pub struct Name in "section." { … } }` with a line `pub field:
/// Type = default, paper value, allowed "text";` per setting. Without `paper`, the published method uses the
/// default; without `allowed`, the text comes from the type.
///
/// `settings! { for Name in "section." { … } }` does the same for a struct of another crate, which has its
/// own defaults, with a line `field, allowed "text";` per setting.
macro_rules! settings {
    (
        $(#[$meta:meta])*
        pub struct $name:ident in $section:literal {
            $(
                $(#[doc = $help:literal])+
                $(#[serde($serde:ident)])?
                pub $field:ident: $kind:ty = $default:expr
                    $(, paper $paper:expr)? $(, allowed $allowed:literal)?;
            )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $($(#[doc = $help])+ $(#[serde($serde)])? pub $field: $kind,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl $name {
            /// The settings of the published method.
            pub fn paper() -> Self {
                Self { $($field: $crate::config::declaration::settings!(@paper $default $(, $paper)?),)+ }
            }
        }

        $crate::config::declaration::settings! {
            for $name in $section {
                $($(#[doc = $help])+ $field $(, allowed $allowed)?;)+
            }
        }
    };
    (
        for $name:ident in $section:literal {
            $($(#[doc = $help:literal])+ $field:ident $(, allowed $allowed:literal)?;)+
        }
    ) => {
        impl $crate::config::declaration::Section for $name {
            fn declared(&self) -> &'static [$crate::config::declaration::Declared] {
                &[$($crate::config::declaration::Declared {
                    name: concat!($section, stringify!($field)),
                    help: concat!($($help),+),
                    allowed: || $crate::config::declaration::settings!(@allowed $name $field $(, $allowed)?),
                },)+]
            }

            fn value(&self, name: &str) -> Option<serde_json::Value> {
                $(if name == concat!($section, stringify!($field)) {
                    return serde_json::to_value(&self.$field).ok();
                })+
                None
            }

            fn set(
                &mut self,
                name: &str,
                given: &$crate::config::value::Given<'_>,
            ) -> Option<$crate::error::Result<()>> {
                $(if name == concat!($section, stringify!($field)) {
                    let allowed = || $crate::config::declaration::settings!(@allowed $name $field $(, $allowed)?);
                    let name = concat!($section, stringify!($field));
                    return Some(given.put(&mut self.$field, name, allowed));
                })+
                None
            }
        }
    };
    (@paper $default:expr) => { $default };
    (@paper $default:expr, $paper:expr) => { $paper };
    (@allowed $name:ident $field:ident) => {
        $crate::config::value::allowed_of(|section: &$name| &section.$field)
    };
    (@allowed $name:ident $field:ident, $allowed:literal) => { $allowed.to_owned() };
}

pub(crate) use settings;
