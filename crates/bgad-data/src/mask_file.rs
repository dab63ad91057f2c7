//! The pixels of a mask file, before it is decided which of them mark a defect.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use image::DynamicImage;

use crate::{Mask, MaskValues, Orientation, Result, drawn_mask, image_file};

/// Most distinct colours counted; files with more are pictures or have soft edges.
const MOST_COLOURS: usize = 64;

/// The content of a mask file, pixel by pixel.
pub(crate) struct MaskFile {
    width: u32,
    height: u32,
    /// Grey, or the largest of red, green and blue.
    values: Vec<u16>,
    /// The largest value of the depth.
    white: u16,
    alpha: Option<Vec<u16>>,
    colours: BTreeSet<[u8; 3]>,
    /// Whether some pixels are grey, black or white.
    has_grey: bool,
}

/// The content of all masks of a set together.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    pub(crate) files: usize,
    /// Number of pixels of each value.
    pub(crate) values: BTreeMap<u16, u64>,
    /// Number of pixels with a value above 0 and at most half of the depth, and of those above half.
    pub(crate) low: u64,
    pub(crate) high: u64,
    /// Number of pixels neither nearly black nor nearly white, and of those nearly white. "Nearly" is an
    /// eighth of the depth, because JPEG values stray.
    pub(crate) between: u64,
    pub(crate) white: u64,
    /// Distinct values of the pixels in between.
    pub(crate) shades: BTreeSet<u16>,
    /// Distinct values of nearly white pixels.
    pub(crate) nearly_white: BTreeSet<u16>,
    /// Files that have a pixel of value 0.
    pub(crate) with_black: usize,
    /// Number of files whose pixels all have the same value.
    pub(crate) of_one_value: usize,
    /// Colours that are not grey.
    pub(crate) colours: BTreeSet<[u8; 3]>,
    /// Number of files with some transparent pixels whose other pixels are all black or all not black.
    pub(crate) with_alpha: usize,
    /// Number of files in which either opacity or colour could mark the defect.
    pub(crate) with_both: usize,
}

impl MaskFile {
    /// Reads the file. For a palette PNG, reads the palette indices if `values` lists values.
    pub(crate) fn read(path: &Path, orientation: Orientation, values: &MaskValues) -> Result<Self> {
        let image = match (drawn_mask::mask(path), values) {
            (Some(drawn), _) => drawn?,
            (None, MaskValues::Values(_)) => image_file::decode_numbers(path, orientation)?,
            (None, _) => image_file::decode(path, orientation)?,
        };
        let (width, height) = (image.width(), image.height());
        let mut colours = BTreeSet::new();
        let mut has_grey = false;
        let (values, alpha, white) = match image {
            DynamicImage::ImageLuma16(image) => {
                has_grey = true;
                (image.pixels().map(|p| p.0[0]).collect(), None, u16::MAX)
            }
            DynamicImage::ImageLumaA16(image) => {
                has_grey = true;
                let alpha = image.pixels().map(|p| p.0[1]).collect();
                let values = image.pixels().map(|p| p.0[0]).collect();
                (values, Some(alpha), u16::MAX)
            }
            other => {
                let has_alpha = other.color().has_alpha();
                let image = other.into_rgba8();
                let value = |[red, green, blue, _]: [u8; 4]| {
                    if red == green && green == blue {
                        has_grey = true;
                    } else if colours.len() <= MOST_COLOURS {
                        colours.insert([red, green, blue]);
                    }
                    u16::from(red.max(green).max(blue))
                };
                let values: Vec<u16> = image.pixels().map(|p| p.0).map(value).collect();
                let alpha = || image.pixels().map(|p| u16::from(p.0[3])).collect();
                (values, has_alpha.then(alpha), u16::from(u8::MAX))
            }
        };
        // A constant alpha channel carries no information.
        let varies = |alpha: &Vec<u16>| alpha.iter().any(|value| *value != alpha[0]);
        Ok(Self {
            width,
            height,
            values,
            white,
            alpha: alpha.filter(varies),
            colours,
            has_grey,
        })
    }

    /// The mask by a known rule.
    pub(crate) fn mask(&self, rule: &MaskValues) -> Mask {
        let half = self.white / 2;
        let of_values =
            |marks: &dyn Fn(u16) -> bool| self.values.iter().map(|value| marks(*value)).collect();
        let pixels = match rule {
            MaskValues::NonZero | MaskValues::Auto => of_values(&|value| value > 0),
            MaskValues::Half => of_values(&|value| value > half),
            MaskValues::Above(limit) => of_values(&|value| value > *limit),
            MaskValues::Values(values) => of_values(&|value| values.contains(&value)),
            MaskValues::Alpha => match &self.alpha {
                Some(alpha) => alpha.iter().map(|value| *value > half).collect(),
                // Everything is equal, so nothing stands out.
                None => vec![false; self.values.len()],
            },
        };
        Mask::from_pixels(self.width, self.height, pixels)
    }
}

impl Survey {
    pub(crate) fn of(file: &MaskFile) -> Self {
        let mut survey = Self {
            files: 1,
            colours: file.colours.clone(),
            ..Self::default()
        };
        let half = file.white / 2;
        let mut counts = vec![0_u64; usize::from(file.white) + 1];
        for value in &file.values {
            counts[usize::from(*value)] += 1;
        }
        for (value, count) in (0..=file.white).zip(counts) {
            if count == 0 {
                continue;
            }
            survey.values.insert(value, count);
            if value >= file.white - file.white / 8 {
                survey.white += count;
                survey.nearly_white.insert(value);
            } else if value > file.white / 8 {
                survey.between += count;
                survey.shades.insert(value);
            }
            match value {
                0 => survey.with_black = 1,
                value if value <= half => survey.low += count,
                _ => survey.high += count,
            }
        }
        let kinds = file.colours.len() + usize::from(file.has_grey);
        survey.of_one_value = usize::from(survey.values.len() == 1 && kinds == 1);
        if let Some(alpha) = &file.alpha {
            let count = |marks: &dyn Fn(u16, u16) -> bool| {
                let pixels = file.values.iter().zip(alpha);
                pixels
                    .filter(|(value, alpha)| marks(**value, **alpha))
                    .count()
            };
            let opaque_black = count(&|value, alpha| alpha > half && value == 0);
            let opaque_marks = count(&|value, alpha| alpha > half && value > 0);
            let clear_marks = count(&|value, alpha| alpha <= half && value > 0);
            match opaque_black > 0 && opaque_marks > 0 {
                false => survey.with_alpha = 1,
                // Either marks on black with transparent edges, or black is not the background.
                true => survey.with_both = usize::from(clear_marks >= opaque_marks),
            }
        }
        survey
    }

    pub(crate) fn joined(mut self, other: Self) -> Self {
        for (value, count) in other.values {
            *self.values.entry(value).or_insert(0) += count;
        }
        self.files += other.files;
        self.low += other.low;
        self.between += other.between;
        self.white += other.white;
        self.shades.extend(other.shades);
        self.nearly_white.extend(other.nearly_white);
        self.high += other.high;
        self.with_black += other.with_black;
        self.of_one_value += other.of_one_value;
        self.with_alpha += other.with_alpha;
        self.with_both += other.with_both;
        let room = (MOST_COLOURS + 1).saturating_sub(self.colours.len());
        self.colours.extend(other.colours.into_iter().take(room));
        self
    }

    /// This number of pixels as a share of all pixels.
    pub(crate) fn share(&self, pixels: u64) -> f64 {
        let all: u64 = self.values.values().sum();
        pixels as f64 / all.max(1) as f64
    }

    /// Whether colours are labels, which means there are few distinct ones.
    pub(crate) fn has_labels_in_colour(&self) -> bool {
        (1..=MOST_COLOURS).contains(&self.colours.len())
    }
}
