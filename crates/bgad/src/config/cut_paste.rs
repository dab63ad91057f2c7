//! Names for the settings of CutPaste; `bgad-data` defines the struct.

use bgad_data::CutPaste;

use super::declaration::settings;

settings! {
    for CutPaste in "cut_paste." {
        /// How many transformations to apply to an abnormal image before its defect is cut out.
        transformations, allowed "0 to 9";
        /// Where to paste defects: anywhere, on the object if one stands out clearly, or where the masks in a
        /// folder allow it; a mask has the name of its normal image.
        foreground, allowed "`off`, `estimated` or `masks:DIR`";
        /// Which values of those masks mark the foreground; `auto` decides once for all of them.
        foreground_values, allowed "`auto`, `nonzero`, `half`, `above:N`, `alpha` or values such as `1,2`";
        /// Whether to place each connected region of a mask separately.
        separate_regions;
        /// How often a defect is pasted on one image.
        pastes, allowed "1 to 64";
        /// How many pixels at the edges of pasted regions are blended.
        blend, allowed "0 to 256 pixels";
    }
}
