//! Masks drawn from polygons and boxes.

use std::path::Path;

use image::{DynamicImage, GrayImage};

use crate::annotation_file::{self, AnnotatedImage, AnnotationFile, Shape};
use crate::{DataError, Result};

/// The largest side of a mask in pixels; the same as for images.
const MOST_PIXELS: u32 = 16_384;

/// The mask of this name, white on black, if it is a drawn one.
pub(crate) fn mask(path: &Path) -> Option<Result<DynamicImage>> {
    let (file, id) = annotation_file::named(path)?;
    Some(drawn(&file, id))
}

/// The mask's width and height.
pub(crate) fn dimensions(path: &Path) -> Option<Result<(u32, u32)>> {
    let (file, id) = annotation_file::named(path)?;
    let size = AnnotationFile::read(&file).and_then(|annotations| {
        let image = image(&file, &annotations, id)?;
        Ok((image.width, image.height))
    });
    Some(size)
}

fn image(file: &Path, annotations: &AnnotationFile, id: u64) -> Result<AnnotatedImage> {
    let image = annotations.images.iter().find(|image| image.id == id);
    let fits = |image: &&AnnotatedImage| image.width.max(image.height) <= MOST_PIXELS;
    let wrong = || DataError::Annotations {
        file: file.to_owned(),
        found: format!("no image {id} of at most {MOST_PIXELS} pixels a side"),
    };
    image.filter(fits).cloned().ok_or_else(wrong)
}

fn drawn(file: &Path, id: u64) -> Result<DynamicImage> {
    let annotations = AnnotationFile::read(file)?;
    let AnnotatedImage { width, height, .. } = image(file, &annotations, id)?;
    let mut mask = GrayImage::new(width, height);
    for annotation in annotations.of(id) {
        let shapes = annotation
            .shapes()
            .map_err(|found| DataError::Annotations {
                file: file.to_owned(),
                found: format!("{found}, of image {id}"),
            })?;
        for shape in &shapes {
            fill(&mut mask, shape);
        }
    }
    Ok(DynamicImage::ImageLuma8(mask))
}

/// Marks the pixels whose centre lies in the shape. If a polygon crosses itself, points inside an odd number
/// of its loops are in the shape.
fn fill(mask: &mut GrayImage, shape: &Shape) {
    let (width, height) = mask.dimensions();
    let corners;
    let points: &[[f64; 2]] = match shape {
        Shape::Polygon(points) => points,
        Shape::Box([left, top, across, down]) => {
            let (right, bottom) = (left + across, top + down);
            corners = [
                [*left, *top],
                [right, *top],
                [right, bottom],
                [*left, bottom],
            ];
            &corners
        }
    };
    let rows = points.iter().map(|point| point[1]);
    let first = rows.clone().fold(f64::INFINITY, f64::min).floor().max(0.0) as u32;
    let last = rows.fold(0.0, f64::max).ceil().min(f64::from(height)) as u32;
    let mut crossings = Vec::new();
    for y in first..last {
        let middle = f64::from(y) + 0.5;
        crossings.clear();
        let next = points.iter().cycle().skip(1);
        for ([x0, y0], [x1, y1]) in points.iter().zip(next) {
            if (*y0 <= middle) != (*y1 <= middle) {
                crossings.push(x0 + (middle - y0) * (x1 - x0) / (y1 - y0));
            }
        }
        crossings.sort_by(f64::total_cmp);
        for pair in crossings.as_chunks::<2>().0 {
            // The first pixel whose centre is not left of the crossing.
            let pixel = |x: f64| (x - 0.5).ceil().clamp(0.0, f64::from(width)) as u32;
            for x in pixel(pair[0])..pixel(pair[1]) {
                mask.get_pixel_mut(x, y).0 = [u8::MAX];
            }
        }
    }
}
