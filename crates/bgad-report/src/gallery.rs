//! The gallery: errors first.

use std::cmp::Reverse;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{ImageError, RgbImage};

use crate::data::GalleryEntry;
use crate::error::ReportError;
use crate::heat::HeatScale;
use crate::text::{counted, escape, number};
use crate::thumbnails::{self, Thumbnails};

/// Entries visible at once; the others unfold.
const OPEN: usize = 24;

/// How an image was classified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    Missed,
    FalseAlarm,
    Found,
    Passed,
}

impl Outcome {
    pub(crate) const ALL: [Self; 4] = [Self::Missed, Self::FalseAlarm, Self::Found, Self::Passed];

    /// A score that is not a number counts as normal, because it does not reach the threshold.
    pub(crate) fn of(abnormal: bool, score: f32, threshold: f32) -> Self {
        match (abnormal, score >= threshold) {
            (true, false) => Self::Missed,
            (false, true) => Self::FalseAlarm,
            (true, true) => Self::Found,
            (false, false) => Self::Passed,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::FalseAlarm => "false alarm",
            Self::Found => "found",
            Self::Passed => "passed",
        }
    }

    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::FalseAlarm => "false-alarm",
            Self::Found => "found",
            Self::Passed => "passed",
        }
    }

    fn is_error(self) -> bool {
        matches!(self, Self::Missed | Self::FalseAlarm)
    }
}

/// How an entry was classified; `None` without a threshold.
fn outcome(entry: &GalleryEntry) -> Option<Outcome> {
    let threshold = entry.threshold?;
    Some(Outcome::of(entry.abnormal, entry.score, threshold))
}

/// A score's bits, which sort like the score.
fn rising(score: f32) -> u32 {
    let bits = score.to_bits();
    match score.is_sign_negative() {
        true => !bits,
        false => bits | 1 << 31,
    }
}

/// The entries in the order shown: first missed defects and false alarms, those farthest from the threshold
/// first; then the others, those nearest to it first. Without a threshold, the highest scores come first.
pub(crate) fn by_error(entries: &[GalleryEntry]) -> Vec<&GalleryEntry> {
    let mut order: Vec<&GalleryEntry> = entries.iter().collect();
    order.sort_by_cached_key(|entry| {
        let is_error = outcome(entry).is_some_and(Outcome::is_error);
        let place = match entry.threshold {
            Some(threshold) => rising((entry.score - threshold).abs()),
            None => !rising(entry.score),
        };
        let place = if is_error { !place } else { place };
        (Reverse(is_error), place, entry.path.clone())
    });
    order
}

/// The gallery's HTML with a note on what was left out, and the strips for separate files.
pub(crate) struct Gallery {
    pub(crate) html: String,
    pub(crate) shown: usize,
    pub(crate) strips: Vec<RgbImage>,
}

/// How much a gallery may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) entries: usize,
    /// Limit on the gallery's HTML.
    pub(crate) bytes: usize,
    pub(crate) strips: usize,
}

/// Draws entries within the limits, errors first.
pub(crate) fn draw(
    entries: &[GalleryEntry],
    side: Option<u32>,
    limits: Limits,
) -> Result<Gallery, ReportError> {
    entries.iter().try_for_each(thumbnails::check)?;
    let scale = HeatScale::of(entries);
    // Room for the heading and the sentences about what is left out.
    let room = limits.bytes.saturating_sub(4096);
    let mut order = by_error(entries);
    order.truncate(limits.entries);
    let side = match side {
        Some(side) => side.max(1),
        None => fitting_side(&order, scale, room)?,
    };
    let mut gallery = Gallery {
        html: String::new(),
        shown: 0,
        strips: Vec::new(),
    };
    let (mut cards, mut later) = (String::new(), String::new());
    let mut counts = [0_usize; 4];
    for entry in order {
        let pictures = Thumbnails::new(entry, side, scale)?;
        let card = card(entry, &pictures)?;
        if cards.len() + later.len() + card.len() > room {
            break;
        }
        let part = if gallery.shown < OPEN {
            &mut cards
        } else {
            &mut later
        };
        part.push_str(&card);
        if let Some(outcome) = outcome(entry) {
            counts[outcome as usize] += 1;
        }
        gallery.shown += 1;
        if gallery.strips.len() < limits.strips {
            gallery.strips.push(pictures.strip());
        }
    }
    let html = &mut gallery.html;
    html.push_str("<div class=\"filter\" role=\"group\" aria-label=\"Show\">");
    let _ = write!(
        html,
        "<button type=\"button\" aria-pressed=\"true\" data-show=\"all\">all ({})</button>",
        gallery.shown
    );
    let decided = Outcome::ALL.into_iter().zip(counts);
    for (outcome, count) in decided.filter(|_| counts != [0; 4]) {
        let _ = write!(
            html,
            "<button type=\"button\" aria-pressed=\"false\" data-show=\"{}\">{} ({count})</button>",
            outcome.class(),
            outcome.name()
        );
    }
    html.push_str("</div>\n");
    if let Some(scale) = scale {
        let _ = writeln!(
            html,
            "<p class=\"scale\"><span>score {}</span><span class=\"ramp\" style=\"background:{}\"></span><span>{}</span></p>",
            number(scale.low.into()),
            HeatScale::css_gradient(),
            number(scale.high.into())
        );
    }
    let left_out = entries.len() - gallery.shown;
    if left_out > 0 {
        let _ = writeln!(
            html,
            "<p class=\"note\">{} more, all after these in the order of errors, {} left out to keep this file small.</p>",
            counted(left_out, "image"),
            if left_out == 1 { "is" } else { "are" }
        );
    }
    let _ = writeln!(html, "<div class=\"gallery\">\n{cards}</div>");
    if !later.is_empty() {
        let _ = writeln!(
            html,
            "<details class=\"more\"><summary>{}</summary>\n<div class=\"gallery\">\n{later}</div></details>",
            counted(gallery.shown - OPEN, "more image")
        );
    }
    Ok(gallery)
}

/// The largest side at which all entries fit, judged by a few of them; the smallest side if none fits.
fn fitting_side(
    order: &[&GalleryEntry],
    scale: Option<HeatScale>,
    room: usize,
) -> Result<u32, ReportError> {
    const PROBES: usize = 10;
    let stride = order.len().div_ceil(PROBES).max(1);
    let sides: &[u32] = if order.len() > 150 {
        &[144, 112]
    } else {
        &[224, 144, 112]
    };
    for &side in sides {
        let (mut bytes, mut probes) = (0, 0);
        for entry in order.iter().step_by(stride) {
            bytes += card(entry, &Thumbnails::new(entry, side, scale)?)?.len();
            probes += 1;
        }
        // A tenth to spare, because the probes may be smaller than the others.
        if bytes * order.len() / 10 * 11 <= room * probes {
            return Ok(side);
        }
    }
    Ok(88)
}

fn card(entry: &GalleryEntry, pictures: &Thumbnails) -> Result<String, ReportError> {
    encoded_card(entry, pictures).map_err(|source| ReportError::Encode {
        path: entry.path.clone(),
        source,
    })
}

fn encoded_card(entry: &GalleryEntry, pictures: &Thumbnails) -> Result<String, ImageError> {
    let (class, badge) = match outcome(entry) {
        Some(outcome) => (outcome.class(), outcome.name()),
        None => ("undecided", "undecided"),
    };
    let threshold = match entry.threshold {
        Some(threshold) => format!("threshold {}", number(threshold.into())),
        None => "no threshold".to_owned(),
    };
    let path = escape(&entry.path);
    let kind = match (&entry.defect_type, entry.abnormal) {
        (Some(name), true) => escape(name),
        (None, true) => "abnormal".into(),
        (_, false) => "normal".into(),
    };
    let (width, height) = pictures.image.dimensions();
    let mut card = format!(
        "<article class=\"entry\" data-outcome=\"{class}\"><header><span class=\"badge {class}\">{badge}</span><span class=\"path\">{path}</span><span class=\"facts\">{kind} · score {} · {threshold}</span></header><div class=\"pictures\">",
        number(entry.score.into()),
    );
    let mut picture = |name: &str, what: &str, data: Option<(&str, Vec<u8>)>, missing: &str| {
        let _ = match data {
            Some((format, bytes)) => write!(
                card,
                "<figure><img width=\"{width}\" height=\"{height}\" loading=\"lazy\" alt=\"{what} {path}\" src=\"data:image/{format};base64,{}\"><figcaption>{name}</figcaption></figure>",
                STANDARD.encode(bytes)
            ),
            None => write!(
                card,
                "<figure><div class=\"missing\" style=\"aspect-ratio:{width}/{height}\">{missing}</div><figcaption>{name}</figcaption></figure>"
            ),
        };
    };
    let as_jpeg = |image: &RgbImage| Ok::<_, ImageError>(("jpeg", thumbnails::jpeg(image)?));
    let truth = pictures
        .truth
        .as_ref()
        .map(thumbnails::mask_png)
        .transpose()?;
    let no_mask = if entry.abnormal {
        "no mask"
    } else {
        "no defect"
    };
    picture("image", "Image", Some(as_jpeg(&pictures.image)?), "");
    picture(
        "ground truth",
        "Ground truth of",
        truth.map(|bytes| ("png", bytes)),
        no_mask,
    );
    let heat = pictures.heat.as_ref().map(as_jpeg).transpose()?;
    picture("heat map", "Heat map of", heat, "no score map");
    let outline = pictures.outline.as_ref().map(as_jpeg).transpose()?;
    picture(
        "outline",
        "Outline at the threshold of pixels of",
        outline,
        "no score map",
    );
    card.push_str("</div></article>\n");
    Ok(card)
}
