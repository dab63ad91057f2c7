//! `bgad learn`.

use std::path::PathBuf;

use bgad::{DefectPlace, DeviceSelection, Lesson, MaskValues, MissedDefect, Region};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Args, Command, FromArgMatches, Id, value_parser};

use super::ReportingArguments;

#[derive(Debug, Args)]
pub struct LearnArguments {
    /// The folder of the run whose model was wrong; it is not changed.
    #[arg(long, value_name = "RUN_DIR")]
    pub run: PathBuf,
    #[command(flatten)]
    pub lesson: LessonArguments,
    /// Which mask values mark a defect, as for `bgad train` [default: the rule of the run's masks].
    #[arg(
        long,
        value_name = "RULE",
        hide_default_value = true,
        default_value = "auto"
    )]
    pub mask_values: MaskValues,
    /// The folder for the new run; it must not exist yet, or be empty.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Don't write a report or evaluation.json.
    #[cfg(feature = "report")]
    #[arg(long)]
    pub no_report: bool,
    /// flex, ndarray, wgpu, vulkan or cuda; cuda:1 is the second of several GPUs [default: the run's].
    #[arg(long)]
    pub device: Option<DeviceSelection>,
    /// End when standard input ends; for `bgad review`, which may be killed.
    #[arg(long, hide = true)]
    pub attached: bool,
    #[command(flatten)]
    pub reporting: ReportingArguments,
}

/// Missed images, each with the mask or box that follows it, and false alarms.
#[derive(Debug)]
pub struct LessonArguments {
    pub lesson: Lesson,
}

const MISSED: &str = "missed";
const MASK: &str = "mask";
const BOX: &str = "box";
const FALSE_ALARM: &str = "false-alarm";

impl Args for LessonArguments {
    fn group_id() -> Option<Id> {
        None
    }

    fn augment_args(command: Command) -> Command {
        let several = |name: &'static str, value: &'static str, help: &'static str| {
            let argument = Arg::new(name).long(name).value_name(value).help(help);
            argument.action(ArgAction::Append)
        };
        let missed = several(
            MISSED,
            "IMAGE",
            "An image with a defect that the model missed",
        );
        let mask = several(
            MASK,
            "MASK",
            "Where the defect of the preceding --missed is: an image of the same size, bright at the defect",
        );
        let place = several(
            BOX,
            "X,Y,W,H",
            "The same as a rectangle in pixels; without mask or box, the whole image is taught",
        );
        let false_alarm = several(
            FALSE_ALARM,
            "IMAGE",
            "A normal image that the model called anomalous",
        );
        command
            .arg(missed.value_parser(value_parser!(PathBuf)))
            .arg(mask.value_parser(value_parser!(PathBuf)))
            .arg(place.value_parser(region))
            .arg(false_alarm.value_parser(value_parser!(PathBuf)))
            .group(
                ArgGroup::new("lesson")
                    .args([MISSED, FALSE_ALARM])
                    .multiple(true)
                    .required(true),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for LessonArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut missed: Vec<(usize, MissedDefect)> = placed::<PathBuf>(matches, MISSED)
            .map(|(index, image)| {
                let place = DefectPlace::Unknown;
                (index, MissedDefect { image, place })
            })
            .collect();
        let masks = placed::<PathBuf>(matches, MASK);
        let masks = masks.map(|(index, mask)| (index, "--mask", DefectPlace::Mask(mask)));
        let boxes = placed::<Region>(matches, BOX);
        let boxes = boxes.map(|(index, region)| (index, "--box", DefectPlace::Box(region)));
        for (index, option, place) in masks.chain(boxes) {
            let wrong = |why: &str| {
                let message = format!("{option} {why}\n");
                clap::Error::raw(ErrorKind::ArgumentConflict, message)
            };
            let mut before = missed.iter_mut().rev();
            let of_image = before.find(|(of_image, _)| *of_image < index);
            let (_, of_image) = of_image
                .ok_or_else(|| wrong("comes before any --missed; put it after its image"))?;
            if of_image.place != DefectPlace::Unknown {
                let image = of_image.image.display();
                return Err(wrong(&format!(
                    "is a second place of the defect on {image}"
                )));
            }
            of_image.place = place;
        }
        Ok(Self {
            lesson: Lesson {
                missed: missed.into_iter().map(|(_, missed)| missed).collect(),
                false_alarms: placed(matches, FALSE_ALARM)
                    .map(|(_, image)| image)
                    .collect(),
                ..Lesson::default()
            },
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The values of an option, with their positions on the command line.
fn placed<T: Clone + Send + Sync + 'static>(
    matches: &ArgMatches,
    name: &str,
) -> impl Iterator<Item = (usize, T)> {
    let places = matches.indices_of(name).into_iter().flatten();
    let values = matches.get_many::<T>(name).into_iter().flatten().cloned();
    places.zip(values)
}

/// `x,y,width,height` in pixels.
fn region(text: &str) -> Result<Region, String> {
    let numbers = text.split(',').map(|number| number.trim().parse::<u32>());
    let numbers: Result<Vec<u32>, _> = numbers.collect();
    match numbers.as_deref() {
        Ok(&[x, y, width, height]) if width > 0 && height > 0 => Ok(Region {
            x,
            y,
            width,
            height,
        }),
        _ => {
            Err("expected column, row, width and height in pixels, such as 40,25,16,12".to_owned())
        }
    }
}
