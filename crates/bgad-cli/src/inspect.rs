//! `bgad data`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bgad::{AvailableMasks, Inspection, Sample};
use clap::Args;
use serde_json::json;

use crate::arguments::choices::OrientationArgument;
use crate::data::{DataArguments, write_split};
use crate::failure::Failure;
use crate::output;

/// How many examples of a list are printed; JSON has all.
const EXAMPLES: usize = 5;

#[derive(Debug, Args)]
pub struct InspectArguments {
    #[command(flatten)]
    pub data: DataArguments,
    /// Compare images and masks as stored, or turned as their EXIF orientation says.
    #[arg(long, value_enum, default_value = "stored")]
    pub orientation: OrientationArgument,
    /// Write the split to this file.
    #[arg(long, value_name = "FILE")]
    pub write_split: Option<PathBuf>,
    /// Write only JSON to standard output.
    #[arg(long)]
    pub json: bool,
}

/// Prints what a data set contains; masks that training would reject are an error at the end.
pub fn run(arguments: &InspectArguments) -> Result<(), Failure> {
    let (mut dataset, unclear) = arguments.data.open_to_inspect()?;
    dataset.orient(arguments.orientation.into());
    write_split(&dataset, arguments.write_split.as_ref())?;
    let inspection = dataset.inspect();
    if arguments.json {
        output::json(&json!(inspection))?;
    } else {
        for text in table(&inspection) {
            output::line(&text)?;
        }
    }
    unclear.map_or(Ok(()), Err)
}

/// The inspection as text.
fn table(found: &Inspection) -> Vec<String> {
    let mut lines = vec![
        format!("data set      {}", found.name),
        format!("folder        {}", found.folder.display()),
        String::new(),
    ];
    let types: BTreeSet<&String> = found.train.keys().chain(found.test.keys()).collect();
    let (good, defects): (Vec<&String>, Vec<&String>) =
        types.into_iter().partition(|name| *name == Sample::GOOD);
    let widest = defects.iter().map(|name| name.chars().count()).max();
    let width = widest.unwrap_or(0).max(12) + 1;
    let row =
        |name: &str, train: usize, test: usize| format!("{name:<width$} {train:>7} {test:>7}");
    lines.push(format!(
        "{:<width$} {:>7} {:>7}",
        "defect type", "train", "test"
    ));
    for name in good.into_iter().chain(defects) {
        let count = |split: &BTreeMap<String, usize>| split.get(name).copied();
        let (train, test) = (count(&found.train), count(&found.test));
        lines.push(row(name, train.unwrap_or(0), test.unwrap_or(0)));
    }
    lines.push(row(
        "all",
        found.train.values().sum(),
        found.test.values().sum(),
    ));
    lines.push(String::new());

    let sizes = found.sizes.iter();
    let sizes = sizes.map(|size| format!("{}x{} ({})", size.width, size.height, size.images));
    lines.push(format!("sizes         {}", listed(sizes)));
    let modes = found.modes.iter().map(|mode| {
        format!(
            "{} {} of {} bits ({})",
            mode.format, mode.mode, mode.bits, mode.images
        )
    });
    lines.push(format!("modes         {}", listed(modes)));
    if let Some(depth) = &found.bit_depth {
        lines.push(format!(
            "bit depth     {} in {} 16-bit images, values up to {}",
            depth.depth, depth.files, depth.largest
        ));
    }
    let masks = &found.masks;
    lines.push(match masks.available {
        AvailableMasks::None => "masks         none: there are no pixel metrics".to_owned(),
        AvailableMasks::Some => format!(
            "masks         {}; some abnormal images have none",
            masks.present
        ),
        AvailableMasks::All => format!(
            "masks         {}; every abnormal image has one",
            masks.present
        ),
    });
    if let Some(rule) = &masks.values {
        lines.push(format!(
            "  read by the rule {}: {}",
            rule.values, rule.reason
        ));
    }
    if let Some(reason) = &masks.unclear {
        lines.push(format!("  unclear: {reason}"));
    }
    let short = |path: &PathBuf| shortened(path, &found.folder);
    for (what, paths) in [
        ("abnormal without a mask", &masks.missing),
        ("mask without an image", &masks.orphans),
        ("mask that marks nothing", &masks.empty),
    ] {
        if !paths.is_empty() {
            lines.push(format!(
                "  {}, {what}: {}",
                paths.len(),
                listed(paths.iter().map(short))
            ));
        }
    }
    for (what, files) in [
        ("unusable masks", &masks.unusable),
        ("images that cannot be read", &found.unreadable),
    ] {
        if !files.is_empty() {
            lines.push(format!("{} {what}:", files.len()));
            let reasons = files.iter().map(|file| format!("  {}", file.reason));
            lines.extend(reasons.take(EXAMPLES));
        }
    }
    if !found.absent.is_empty() {
        let names = listed(found.absent.iter().map(short));
        lines.push(format!(
            "absent        {}, named without a file: {names}",
            found.absent.len()
        ));
    }
    let reasons: BTreeSet<&String> = found.skipped.iter().map(|file| &file.reason).collect();
    for reason in reasons {
        let files = found.skipped.iter().filter(|file| file.reason == *reason);
        let names = files.clone().map(|file| short(&file.path));
        lines.push(format!(
            "skipped       {}, {reason}: {}",
            files.count(),
            listed(names)
        ));
    }
    lines.extend(
        found
            .warnings
            .iter()
            .map(|text| format!("warning       {text}")),
    );
    lines
}

/// The first few items, and how many more there are.
fn listed(mut items: impl Iterator<Item = String>) -> String {
    let mut shown: Vec<String> = items.by_ref().take(EXAMPLES).collect();
    let more = items.count();
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    if shown.is_empty() {
        "-".to_owned()
    } else {
        shown.join(", ")
    }
}

fn shortened(path: &Path, folder: &Path) -> String {
    path.strip_prefix(folder)
        .map_or_else(|_| bgad::path_to_text(path), bgad::path_to_text)
}
