//! The library's choices by name.

use bgad::{Orientation, Preset};
use clap::ValueEnum;

/// Declares a command-line choice and the library's value for each name.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident for $target:ty { $($variant:ident => $value:expr),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, ValueEnum)]
        pub enum $name { $($variant),+ }

        impl From<$name> for $target {
            fn from(choice: $name) -> Self {
                match choice { $($name::$variant => $value),+ }
            }
        }
    };
}

choice!(OrientationArgument for Orientation { Stored => Self::Stored, Exif => Self::Exif });
choice!(PresetArgument for Preset { Default => Self::Default, Paper => Self::Paper, Thorough => Self::Thorough });
