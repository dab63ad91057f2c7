//! `bgad weights`, and the search for the weights of a backbone given by name.

use std::path::PathBuf;

use bgad::FILTER_BANK;
use bgad::weights::{PublishedWeights, WeightsCache, verify};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
pub struct WeightsArguments {
    #[command(subcommand)]
    pub command: WeightsCommand,
    /// Write only JSON to standard output.
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum WeightsCommand {
    /// List the published weights, and which of them are on this machine.
    List,
    /// Fetch published weights into the Hugging Face hub's cache.
    Fetch {
        /// timm's name; without a tag, the plain ImageNet-1k weights.
        name: PublishedWeights,
        /// Only check the cache; fetch nothing.
        #[arg(long)]
        offline: bool,
        /// Don't show progress (it is only shown if stderr is a terminal).
        #[arg(long)]
        quiet: bool,
    },
    /// Print the path of cached weights.
    Path {
        /// timm's name.
        name: PublishedWeights,
    },
    /// Check a weights file: its SHA-256, and which backbones it fits.
    Verify {
        /// The file.
        file: PathBuf,
        /// The expected SHA-256, in hexadecimal; the names of cached files contain theirs.
        #[arg(long, value_name = "HEX")]
        sha256: Option<String>,
    },
}

/// Runs `bgad weights`.
pub fn run(arguments: &WeightsArguments) -> Result<(), Failure> {
    let json = arguments.json;
    match &arguments.command {
        WeightsCommand::List => list(json),
        WeightsCommand::Fetch {
            name,
            offline,
            quiet,
        } => {
            let cache = WeightsCache::from_environment()?;
            // A damaged file is fetched again.
            let here = cache.find(*name).filter(|path| verify(path, None).is_ok());
            let path = match here {
                Some(path) => path,
                None => fetch(*name, &cache, *offline, *quiet)?,
            };
            tell(*name, &path, json)
        }
        WeightsCommand::Path { name } => {
            let path = WeightsCache::from_environment()?.get(*name)?;
            tell(*name, &path, json)
        }
        WeightsCommand::Verify { file, sha256 } => {
            file.metadata().map_err(Failure::file(file))?;
            let found = verify(file, sha256.as_deref())?;
            if json {
                return output::json(&json!({
                    "path": bgad::path_to_text(file),
                    "sha256": found.sha256,
                    "expected": found.expected,
                    "backbones": found.backbones,
                }));
            }
            let expected = match found.expected {
                true => "as expected",
                false => "not compared; give the expected value with --sha256",
            };
            output::line(&format!("sha256        {} ({expected})", found.sha256))?;
            output::line(&format!("fits          {}", found.backbones.join(", ")))
        }
    }
}

fn tell(name: PublishedWeights, path: &std::path::Path, json: bool) -> Result<(), Failure> {
    match json {
        true => output::json(&json!({ "name": name.name(), "path": bgad::path_to_text(path) })),
        false => output::line(&path.display().to_string()),
    }
}

fn list(json: bool) -> Result<(), Failure> {
    let cache = WeightsCache::from_environment()?;
    for weights in PublishedWeights::all() {
        let path = cache.find(weights);
        if json {
            output::json(&json!({
                "name": weights.name(),
                "default": weights.is_default(),
                "repository": weights.repository(),
                "path": path.map(|path| bgad::path_to_text(&path)),
            }))?;
            continue;
        }
        let mark = match weights.is_default() {
            true => "*",
            false => " ",
        };
        let path = path.map_or("-".to_owned(), |path| path.display().to_string());
        output::line(&format!("{mark} {:<36} {path}", weights.name()))?;
    }
    if !json {
        output::line("* used for the backbone's name without a tag")?;
    }
    Ok(())
}

/// The weights of `backbone` if none were given: from the cache, else from the hub if allowed. `None` for the
/// backbone that needs none.
pub fn resolve(backbone: &str, offline: bool, quiet: bool) -> Result<Option<PathBuf>, Failure> {
    if backbone == FILTER_BANK {
        return Ok(None);
    }
    let weights: PublishedWeights = backbone.parse().map_err(bgad::Error::from)?;
    let cache = WeightsCache::from_environment()?;
    let path = match cache.find(weights) {
        Some(path) => path,
        None => fetch(weights, &cache, offline, quiet)?,
    };
    if !quiet {
        crate::progress::note(&format!("weights {weights}: {}", path.display()));
    }
    Ok(Some(path))
}

#[cfg(feature = "hub")]
fn fetch(
    weights: PublishedWeights,
    cache: &WeightsCache,
    offline: bool,
    quiet: bool,
) -> Result<PathBuf, Failure> {
    if offline || bgad::weights::is_offline() {
        return Ok(cache.get(weights)?);
    }
    let transfer = crate::progress::TransferDisplay::new(&weights.name(), quiet);
    let path =
        bgad_hub::Hub::from_environment().fetch(weights, cache, |progress| transfer.show(progress));
    transfer.finish();
    Ok(path?)
}

#[cfg(not(feature = "hub"))]
fn fetch(
    weights: PublishedWeights,
    cache: &WeightsCache,
    _offline: bool,
    _quiet: bool,
) -> Result<PathBuf, Failure> {
    Ok(cache.get(weights)?)
}
