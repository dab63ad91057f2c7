//! The part of an image's mask that a view shows.

use bgad_data::Mask;

use super::view::View;

impl View {
    /// Whether the whole image's mask marks a defect in the part that the view shows.
    pub fn shows_defect(&self, mask: &Mask) -> bool {
        let Some(part) = self.part else {
            return !mask.is_empty();
        };
        let rows = mask.pixels().chunks_exact(mask.width().max(1) as usize);
        let mut rows = rows.skip(part.y as usize).take(part.height as usize);
        let columns = part.x as usize..(part.x + part.width) as usize;
        rows.any(|row| {
            row.get(columns.clone())
                .is_some_and(|row| row.contains(&true))
        })
    }

    /// The mask of the part that the view shows, at the input's size; padding is never marked.
    pub fn place(&self, mask: &Mask) -> Mask {
        let content = self.content;
        let mask = mask.resize(content.width, content.height);
        if !self.is_padded() {
            return mask;
        }
        let size = self.size as usize;
        let mut pixels = vec![false; size * size];
        let rows = pixels.chunks_exact_mut(size).skip(content.y as usize);
        for (row, of_mask) in rows.zip(mask.pixels().chunks_exact(content.width as usize)) {
            row[content.x as usize..][..of_mask.len()].copy_from_slice(of_mask);
        }
        // The number of pixels matches the size.
        Mask::new(self.size, self.size, pixels)
            .unwrap_or_else(|_| Mask::empty(self.size, self.size))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn masks_lie_where_the_image_lies() {
        let mask = Mask::new(
            4,
            2,
            vec![true, false, false, false, false, false, false, true],
        );
        let view = View::centred(8, 4, 8);
        let placed = view.place(&mask.unwrap());
        let at = |x: usize, y: usize| placed.pixels()[y * 8 + x];
        assert_eq!(placed.area(), 8);
        assert!(at(0, 2) && at(1, 3) && at(6, 4) && at(7, 5));
    }
}
