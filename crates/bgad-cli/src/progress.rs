//! Progress on stderr, if it is a terminal.

use std::io::{IsTerminal, Write as _};

use bgad::{Progress, Rotations};
use indicatif::{ProgressBar, ProgressStyle};

/// Shows a run's progress; warnings are always shown, bars only on a terminal.
pub struct Display {
    bar: ProgressBar,
    verbose: bool,
    quiet: bool,
}

impl Display {
    pub fn new(quiet: bool) -> Self {
        let verbose = !quiet && std::io::stderr().is_terminal();
        let bar = match verbose {
            true => ProgressBar::new(0),
            false => ProgressBar::hidden(),
        };
        let template = "{msg} {wide_bar} {pos}/{len}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self {
            bar,
            verbose,
            quiet,
        }
    }

    /// Shows one event of a run.
    pub fn show(&self, progress: Progress) {
        match progress {
            Progress::LargerInput { size, usual } if !self.quiet => {
                let sentence = format!(
                    "the images show small parts on a plain background, so inputs have {size} x {size} pixels; \
                     `--image-size {usual}` is faster"
                );
                self.bar.suspend(|| note(&sentence));
            }
            Progress::FinerInput { finer, usual } if !self.quiet => {
                let sentence = format!(
                    "the images show no background, so each is judged at {usual} x {usual} and at {finer} x {finer} pixels; \
                     `--set input.finer_size=off` takes less than half of the time"
                );
                self.bar.suspend(|| note(&sentence));
            }
            Progress::TurnedCopies(rotations) if !self.quiet => {
                let degrees = crate::output::degrees(rotations);
                let lie = match rotations {
                    Rotations::Half => "in two ways",
                    _ => "at any angle",
                };
                let sentence = format!(
                    "the parts lie {lie}, so copies of normal images turned by {degrees} are trained on as well; \
                     `--set input.rotations=off` is faster"
                );
                self.bar.suspend(|| note(&sentence));
            }
            Progress::PositionsAlone if !self.quiet => {
                let sentence = "the images show no background, so their positions alone are scored; `--granularity both` \
                                scores whole images as well";
                self.bar.suspend(|| note(sentence));
            }
            Progress::Features { done, total } => {
                self.bar.set_length(total as u64);
                self.bar.set_position(done as u64);
                self.bar.set_message("computing features");
                if done == total {
                    self.bar.reset_eta();
                }
            }
            Progress::Batch {
                meta_epoch,
                done,
                total,
                learning_rate,
            } => {
                self.bar.set_length(total as u64);
                self.bar.set_position(done as u64);
                self.bar
                    .set_message(format!("meta-epoch {meta_epoch}, rate {learning_rate:.1e}"));
            }
            Progress::MetaEpoch(epoch) if self.verbose => {
                let metric = crate::output::metric;
                self.bar.println(format!(
                    "meta-epoch {}: loss {}, image AUROC {}, pixel AUROC {}, AUPRO {}",
                    epoch.meta_epoch,
                    metric(epoch.loss),
                    metric(epoch.image_auroc),
                    metric(epoch.pixel_auroc),
                    metric(epoch.aupro),
                ));
            }
            Progress::Resumed { meta_epoch, .. } => {
                self.bar
                    .suspend(|| note(&format!("continuing in meta-epoch {meta_epoch}")));
            }
            Progress::Scored { done, total } => {
                self.bar.set_length(total as u64);
                self.bar.set_position(done as u64);
                self.bar.set_message("comparing decisions");
            }
            Progress::Writing => self.bar.set_message("writing the run"),
            Progress::Warning(text) => self.bar.suspend(|| warning(&text)),
            _ => {}
        }
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Shows the progress of fetching weights.
#[cfg(feature = "hub")]
pub struct TransferDisplay {
    bar: ProgressBar,
    name: String,
    verbose: bool,
}

#[cfg(feature = "hub")]
impl TransferDisplay {
    pub fn new(name: &str, quiet: bool) -> Self {
        let verbose = !quiet && std::io::stderr().is_terminal();
        let bar = match verbose {
            true => ProgressBar::new(0),
            false => ProgressBar::hidden(),
        };
        let template = "{msg} {wide_bar} {bytes}/{total_bytes}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(name.to_owned());
        let name = name.to_owned();
        Self { bar, name, verbose }
    }

    /// Shows one event of a transfer.
    pub fn show(&self, progress: bgad_hub::FetchProgress) {
        use bgad_hub::FetchProgress;
        match progress {
            FetchProgress::Received { bytes, total } => {
                self.bar.set_length(total);
                self.bar.set_position(bytes);
            }
            FetchProgress::Again { reason } => {
                self.bar
                    .suspend(|| warning(&format!("{}: {reason}; trying again", self.name)));
            }
            FetchProgress::Waiting { lock } if self.verbose => self.bar.suspend(|| {
                note(&format!(
                    "{}: another program is fetching it ({}); waiting",
                    self.name,
                    lock.display()
                ));
            }),
            _ => {}
        }
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Prints one warning on stderr.
pub fn warning(text: &str) {
    note(&format!("warning: {text}"));
}

/// Prints a remark on stderr; ignores a closed stderr.
pub fn note(text: &str) {
    writeln!(std::io::stderr().lock(), "{text}").ok();
}
