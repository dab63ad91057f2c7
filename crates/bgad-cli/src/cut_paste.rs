//! The options of CutPaste on the command line.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use bgad::{CutPaste, Foreground};
use clap::Args;

/// How abnormal samples are made from few.
#[derive(Debug, Args)]
pub struct CutPasteArguments {
    /// Transformations, of nine, of an abnormal image before its defect is cut out [default: 3].
    #[arg(long, value_name = "N")]
    pub transformations: Option<usize>,
    /// Where defects are pasted: off (anywhere), estimated (on the object, where there is a clear
    /// one), or a folder of masks that are named as the normal images [default: estimated].
    #[arg(long, value_name = "off|estimated|DIR")]
    pub foreground: Option<ForegroundArgument>,
    /// Place the connected regions of a mask each on their own.
    #[arg(long)]
    pub separate_regions: bool,
    /// How often a defect is pasted on one image [default: 1].
    #[arg(long, value_name = "N")]
    pub pastes: Option<usize>,
    /// Blend the edges of pasted regions over so many pixels [default: 0].
    #[arg(long, value_name = "PIXELS")]
    pub blend: Option<u32>,
}

/// `off`, `estimated`, or else a folder.
#[derive(Debug, Clone)]
pub struct ForegroundArgument(Foreground);

impl FromStr for ForegroundArgument {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(match text {
            "off" => Foreground::Off,
            "estimated" => Foreground::Estimated,
            folder => Foreground::Masks(PathBuf::from(folder)),
        }))
    }
}

impl CutPasteArguments {
    /// Puts what was given in place of what `cut_paste` says.
    pub fn apply(&self, cut_paste: &mut CutPaste) {
        if let Some(transformations) = self.transformations {
            cut_paste.transformations = transformations;
        }
        if let Some(ForegroundArgument(foreground)) = &self.foreground {
            cut_paste.foreground = foreground.clone();
        }
        if self.separate_regions {
            cut_paste.separate_regions = true;
        }
        if let Some(pastes) = self.pastes {
            cut_paste.pastes = pastes;
        }
        if let Some(blend) = self.blend {
            cut_paste.blend = blend;
        }
    }
}
