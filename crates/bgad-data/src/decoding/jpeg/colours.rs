//! A picture from channels of brightness and of colour.
//!
//! Smaller channels of colours are enlarged by a triangle filter: each sample counts three times, its nearer
//! neighbour once. Colours are those of ITU-R BT.601, with 14 fractional bits. Both are zune-jpeg's, which
//! decodes the other kinds.

use bgad_cpu::{Kernel, MultiplyAdd, run};
use image::{DynamicImage, GrayImage, RgbImage};

use super::planes::{Plane, Planes};

/// The picture of this width and height.
pub(super) fn picture(planes: &Planes, width: usize, height: usize) -> Option<DynamicImage> {
    match planes.parts.as_slice() {
        [grey] => {
            let mut image = GrayImage::new(width as u32, height as u32);
            for (y, row) in image.chunks_exact_mut(width).enumerate() {
                row.copy_from_slice(&grey.row(y)[..width]);
            }
            Some(DynamicImage::ImageLuma8(image))
        }
        [brightness, blue, red] => {
            let mut image = RgbImage::new(width as u32, height as u32);
            let (mut blues, mut reds) = (Enlarged::of(blue), Enlarged::of(red));
            for (y, row) in image.chunks_exact_mut(width * 3).enumerate() {
                run(Colours {
                    brightness: brightness.row(y),
                    blue: blues.row(blue, y),
                    red: reds.row(red, y),
                    pixels: row.as_chunks_mut::<3>().0,
                });
            }
            Some(DynamicImage::ImageRgb8(image))
        }
        _ => None,
    }
}

/// Rows of a channel at the image's size.
struct Enlarged {
    /// A row enlarged downwards, with a copy of each end's sample beside it.
    narrow: Vec<u8>,
    wide: Vec<u8>,
}

impl Enlarged {
    fn of(plane: &Plane) -> Self {
        Self {
            narrow: vec![0; plane.width + 2],
            wide: vec![0; plane.width * 2],
        }
    }

    fn row<'a>(&'a mut self, plane: &'a Plane, y: usize) -> &'a [u8] {
        let (across, down) = plane.smaller;
        let (near, far) = match down {
            2 if y.is_multiple_of(2) => (y / 2, (y / 2).saturating_sub(1)),
            2 => (y / 2, (y / 2 + 1).min(plane.height - 1)),
            _ => (y, y),
        };
        if across == 1 && down == 1 {
            return plane.row(y);
        }
        let last = plane.width + 1;
        run(Mixed {
            near: plane.row(near),
            far: plane.row(far),
            mixed: &mut self.narrow[1..last],
        });
        if across == 1 {
            return &self.narrow[1..last];
        }
        self.narrow[0] = self.narrow[1];
        self.narrow[last] = self.narrow[last - 1];
        run(Widened {
            narrow: &self.narrow,
            wide: self.wide.as_chunks_mut::<2>().0,
        });
        &self.wide
    }
}

/// A sample between two, of which the first is nearer.
#[inline(always)]
fn mixed(near: u8, far: u8) -> u8 {
    (u16::from(near)
        .wrapping_mul(3)
        .wrapping_add(u16::from(far))
        .wrapping_add(2)
        >> 2) as u8
}

/// The row between two rows.
struct Mixed<'a> {
    near: &'a [u8],
    far: &'a [u8],
    mixed: &'a mut [u8],
}

impl Kernel for Mixed<'_> {
    type Output = ();

    #[inline(always)]
    fn call<A: MultiplyAdd>(self) {
        let sources = self.near.iter().zip(self.far);
        for (to, (near, far)) in self.mixed.iter_mut().zip(sources) {
            *to = mixed(*near, *far);
        }
    }
}

/// A row at twice its width. `narrow` has one sample more at each end.
struct Widened<'a> {
    narrow: &'a [u8],
    wide: &'a mut [[u8; 2]],
}

impl Kernel for Widened<'_> {
    type Output = ();

    #[inline(always)]
    fn call<A: MultiplyAdd>(self) {
        let width = self.wide.len();
        let before = &self.narrow[..width];
        let at = &self.narrow[1..=width];
        let behind = &self.narrow[2..width + 2];
        for (index, pair) in self.wide.iter_mut().enumerate() {
            *pair = [
                mixed(at[index], before[index]),
                mixed(at[index], behind[index]),
            ];
        }
    }
}

/// A row of pixels. The channels have at least as many samples.
struct Colours<'a> {
    brightness: &'a [u8],
    blue: &'a [u8],
    red: &'a [u8],
    pixels: &'a mut [[u8; 3]],
}

impl Kernel for Colours<'_> {
    type Output = ();

    #[inline(always)]
    fn call<A: MultiplyAdd>(self) {
        const HALF: i32 = (1 << 13) - 1;
        let width = self.pixels.len();
        let (brightness, blue, red) = (
            &self.brightness[..width],
            &self.blue[..width],
            &self.red[..width],
        );
        for (index, pixel) in self.pixels.iter_mut().enumerate() {
            let brightness = (i32::from(brightness[index]) << 14).wrapping_add(HALF);
            let blue = i32::from(blue[index]).wrapping_sub(128);
            let red = i32::from(red[index]).wrapping_sub(128);
            let sum = |of_blue: i32, of_red: i32| {
                let colour = blue
                    .wrapping_mul(of_blue)
                    .wrapping_add(red.wrapping_mul(of_red));
                (brightness.wrapping_add(colour) >> 14).clamp(0, 255) as u8
            };
            *pixel = [sum(0, 22_970), sum(-5_638, -11_700), sum(29_032, 0)];
        }
    }
}
