//! Makes the mask of a taught image and writes it to the run.

use std::path::Path;

use bgad_data::{DataError, Mask, MaskValues, Orientation, Region};
use image::{GrayImage, ImageFormat, Luma};

use super::lesson::DefectPlace;
use crate::error::{Error, Result};

/// The mask for an image of size `image_size` (width, height); `None` if the place is unknown.
///
/// # Errors
/// If the mask can't be read, has another size or marks no pixel; if the box reaches outside the image.
pub(super) fn of_place(
    place: &DefectPlace,
    image: &Path,
    image_size: (u32, u32),
    orientation: Orientation,
    values: &MaskValues,
) -> Result<Option<Mask>> {
    match place {
        DefectPlace::Unknown => Ok(None),
        DefectPlace::Mask(file) => {
            let mask = Mask::load_as(file, orientation, values)?;
            let mask_size = (mask.width(), mask.height());
            if mask_size != image_size {
                return Err(Error::Data(DataError::MaskSize {
                    image: image.to_owned(),
                    image_size,
                    mask: file.clone(),
                    mask_size,
                }));
            }
            match mask.is_empty() {
                true => Err(Error::input(
                    "mask",
                    format!("{} marks no pixel by the rule {values}", file.display()),
                    "the defect's pixels, brighter than the others, or the rule that marks them \
                     (--mask-values); without a mask the whole image is taught",
                )),
                false => Ok(Some(mask)),
            }
        }
        DefectPlace::Box(region) => of_box(*region, image, image_size).map(Some),
    }
}

fn of_box(region: Region, image: &Path, (width, height): (u32, u32)) -> Result<Mask> {
    let fits = |start: u32, length: u32, all: u32| {
        length > 0 && start.checked_add(length).is_some_and(|end| end <= all)
    };
    if !(fits(region.x, region.width, width) && fits(region.y, region.height, height)) {
        return Err(Error::input(
            "box",
            format!("{region} on {}", image.display()),
            format!("x,y,width,height within its {width}x{height} pixels"),
        ));
    }
    let columns = region.x..region.x + region.width;
    let rows = region.y..region.y + region.height;
    let pixels = (0..height).flat_map(|y| {
        let (columns, rows) = (&columns, &rows);
        (0..width).map(move |x| columns.contains(&x) && rows.contains(&y))
    });
    Ok(Mask::new(width, height, pixels.collect())?)
}

/// Writes a mask as a PNG, white on black.
pub(super) fn write(mask: &Mask, path: &Path) -> Result<()> {
    let pixels = mask.pixels();
    let width = mask.width() as usize;
    let picture = GrayImage::from_fn(mask.width(), mask.height(), |x, y| {
        let marked = pixels[y as usize * width + x as usize];
        Luma([if marked { u8::MAX } else { 0 }])
    });
    let written = picture.save_with_format(path, ImageFormat::Png);
    written.map_err(|source| Error::WriteImage {
        path: path.to_owned(),
        source,
    })
}
