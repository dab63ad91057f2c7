//! Suggests options if no layout fits.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::files::{self, Listing, name};
use super::readings::readings;
use super::usual_names::{is_no_type, is_of_labels, may_be_normal, negates};
use crate::Result;
use crate::text::typed;

/// The largest number of folders to name.
const SHOWN: usize = 8;
const TABLE: &str = "otherwise list the images with their labels in a table (--layout manifest)";

/// How deep data sets are looked for.
const DEPTH: usize = 3;

/// A sentence about the options that may fit a folder.
pub(super) fn of(set: &Path, listing: &Listing) -> Result<String> {
    let mut tables = listing.skipped.iter().map(|file| &file.path);
    let table = tables.find(|path| {
        let is_table = ["csv", "json"].contains(&files::extension(path).as_str());
        // Competitions have a table to fill in.
        is_table && !name(path).to_lowercase().contains("submission")
    });
    let table = table.map(|path| {
        format!(
            "if {} lists the images with their labels, name it instead: {}; ",
            name(path),
            path.display()
        )
    });
    let table = table.unwrap_or_default();
    if let ([only], []) = (listing.folders.as_slice(), listing.images.as_slice()) {
        let inner = files::list(only)?;
        let category = format!("--category {} ", typed(&name(only)));
        return Ok(match has_likely(only, &inner)? {
            true => table + &within(only, &inner, &category)?,
            false => table + &below(set)?.map_or_else(|| within(only, &inner, &category), Ok)?,
        });
    }
    Ok(match has_likely(set, listing)? {
        true => table + &within(set, listing, "")?,
        false => table + &below(set)?.map_or_else(|| within(set, listing, ""), Ok)?,
    })
}

/// A sentence about the data sets in deeper folders, if there are any.
fn below(set: &Path) -> Result<Option<String>> {
    let mut found: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    let mut level = files::list(set)?.folders;
    for _ in 0..DEPTH {
        let mut next = Vec::new();
        level.retain(|path| !is_no_type(&name(path)) && !is_of_labels(&name(path)));
        for path in level {
            let listing = files::list(&path)?;
            let is_set = !readings(&path, &listing)?.is_empty();
            if is_set || has_likely(&path, &listing)? {
                let parent = path.parent().unwrap_or(set).to_owned();
                found.entry(parent).or_default().push(path);
            } else {
                next.extend(listing.folders);
            }
        }
        level = next;
    }
    // The folder around several data sets is that of their categories.
    let named =
        found
            .into_iter()
            .flat_map(|(parent, sets)| match sets.len() > 1 && parent != set {
                true => vec![parent],
                false => sets,
            });
    let named: Vec<String> = named
        .take(SHOWN)
        .map(|path| path.display().to_string())
        .collect();
    Ok((!named.is_empty()).then(|| {
        format!(
            "if one of these folders is the data set, name it instead: {}; {TABLE}",
            named.join(", ")
        )
    }))
}

/// Whether some folder's name suggests normal images.
fn has_likely(set: &Path, listing: &Listing) -> Result<bool> {
    let train = files::inner(set, "train");
    let names: Vec<String> = match train.is_dir() {
        true => files::list(&train)?
            .folders
            .iter()
            .map(|path| name(path))
            .collect(),
        false => listing.folders.iter().map(|path| name(path)).collect(),
    };
    Ok(names.iter().any(|name| is_likely(name, &names)))
}

/// Whether a folder's name suggests normal images, given the names of all folders beside it.
fn is_likely(name: &str, all: &[String]) -> bool {
    may_be_normal(name) || all.iter().any(|other| negates(name, other))
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
    let likely: Vec<&String> = all.iter().filter(|name| is_likely(name, &all)).collect();
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
