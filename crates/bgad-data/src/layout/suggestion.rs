//! Suggests options if no layout fits.

use std::path::Path;

use super::files::{self, Listing, name};
use super::usual_names::{is_of_labels, may_be_normal};
use crate::Result;

/// The largest number of folders to name.
const SHOWN: usize = 8;
const TABLE: &str = "otherwise list the images with their labels in a table (--layout manifest)";

/// A sentence about the options that may fit a folder.
pub(super) fn of(set: &Path, listing: &Listing) -> Result<String> {
    if let ([only], []) = (listing.folders.as_slice(), listing.images.as_slice()) {
        let category = format!("--category {} ", typed(&name(only)));
        return within(only, &files::list(only)?, &category);
    }
    within(set, listing, "")
}

/// The same for the folder that the options `before` select.
fn within(set: &Path, listing: &Listing, before: &str) -> Result<String> {
    let train = files::inner(set, "train");
    if !train.is_dir() {
        return Ok(match listing.folders.is_empty() {
            true => format!("if all of them are normal, add {before}--normal .; {TABLE}"),
            false => of_folders(listing, "", before),
        });
    }
    let mut inner = files::list(&train)?;
    inner.folders.retain(|path| !is_of_labels(&name(path)));
    let own = name(&train);
    Ok(match inner.folders.is_empty() {
        true => format!("if all images in '{own}' are normal, add {before}--normal {own}; {TABLE}"),
        false => of_folders(&inner, &format!("{own}/"), before),
    })
}

/// Names the folders that may hold normal images.
fn of_folders(listing: &Listing, around: &str, before: &str) -> String {
    let all = listing.folders.iter().map(|path| name(path));
    let all: Vec<String> = all.filter(|name| !is_of_labels(name)).collect();
    let likely: Vec<&String> = all.iter().filter(|name| may_be_normal(name)).collect();
    let shown = |names: &[&String]| {
        let named = names.iter().take(SHOWN);
        let named: Vec<String> = named.map(|name| format!("{around}{name}")).collect();
        named.join(", ")
    };
    if likely.is_empty() {
        let all: Vec<&String> = all.iter().collect();
        let all = shown(&all);
        return format!(
            "if normal images have a folder of their own ({all}), add {before}--normal with its name; {TABLE}"
        );
    }
    let options: Vec<String> = likely.iter().map(|name| typed(name)).collect();
    let (likely, options) = (shown(&likely), options.join(" "));
    format!("if the normal images are in {likely}, add {before}--normal {options}; {TABLE}")
}

/// A name as it is typed in a shell.
pub(super) fn typed(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "._-/+".contains(c);
    match name.chars().all(is_plain) && !name.starts_with('-') {
        true => name.to_owned(),
        false => format!("'{}'", name.replace('\'', r"'\''")),
    }
}
