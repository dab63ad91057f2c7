//! `bgad preview`.

use std::io::Cursor;

use bgad::{MaskValues, TrainerConfig, contact_sheet};
use image::ImageFormat;

use crate::arguments::PreviewArguments;
use crate::failure::Failure;
use crate::output;
use crate::output_folder::OutputFolder;
use crate::progress::warning;

/// Writes a contact sheet of the samples that training would paste first.
pub fn run(arguments: &PreviewArguments) -> Result<(), Failure> {
    let mut config = TrainerConfig::default();
    let others = arguments.settings.given.iter().map(|(name, _)| name);
    if let Some(other) = others
        .into_iter()
        .find(|name| !name.starts_with("cut_paste.") && *name != "input.bit_depth")
    {
        return Err(Failure::Missing(format!(
            "setting `{other}` has no effect on a preview; `--set` accepts those of `cut_paste` and `input.bit_depth` here"
        )));
    }
    arguments.settings.apply(&mut config)?;
    config.cut_paste.check()?;
    let data = &arguments.data;
    let mut dataset = data.read_images()?;
    dataset.orient(arguments.orientation.into());
    dataset.verify()?;
    dataset.settle_bit_depth(config.input.bit_depth);
    arguments.choice.choose(&mut dataset, arguments.seed)?;
    data.narrow(&mut dataset)?;
    let is_chosen = config.cut_paste.foreground_values != MaskValues::Auto;
    if let Some(rule) = config.cut_paste.settle_foreground()?
        && rule.values != MaskValues::Half
        && !is_chosen
    {
        dataset.warnings.push(format!(
            "foreground masks read by the rule {}: {}",
            rule.values, rule.reason
        ));
    }
    for text in &dataset.warnings {
        warning(text);
    }
    let folder = OutputFolder {
        option: "out",
        path: &arguments.out,
    };
    folder.for_pictures(std::slice::from_ref(&dataset.root))?;
    // Training pastes from the second meta-epoch on.
    let epoch = config.schedule.sub_epochs as u64;
    let sheet = contact_sheet(
        &dataset,
        &config.cut_paste,
        arguments.count,
        arguments.seed,
        epoch,
    )?;
    let path = arguments.out.join("preview.png");
    let mut png = Cursor::new(Vec::new());
    let encoded = sheet.write_to(&mut png, ImageFormat::Png);
    encoded.map_err(|source| Failure::Picture {
        path: path.clone(),
        source: Box::new(source),
    })?;
    let written = bgad_files::write_replaceable(&path, png.get_ref());
    written.map_err(Failure::file(&path))?;
    output::line(&bgad::path_to_text(&path))?;
    output::line(
        "from top to bottom: abnormal image, its mask, normal image with its foreground, \
         sample, mask of the sample",
    )
}
