//! CutPaste's settings by name; the struct is `bgad-data`'s.

use bgad_data::CutPaste;

use super::declaration::settings;

settings! {
    for CutPaste in "cut_paste." {
        /// Transformations of an abnormal image before its defect is cut out.
        transformations, allowed "0 to 9";
        /// Where defects are pasted: anywhere, on the object where there is a clear one, or on what the
        /// masks in a folder mark, which are named as the normal images.
        foreground, allowed "`off`, `estimated` or `masks:DIR`";
        /// Place the connected regions of a mask each on their own.
        separate_regions;
        /// How often a defect is pasted on one image.
        pastes, allowed "1 to 64";
        /// Blend the edges of pasted regions over so many pixels.
        blend, allowed "0 to 256 pixels";
    }
}
