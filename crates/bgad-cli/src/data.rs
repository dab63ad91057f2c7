//! Which images a command works on.

use std::collections::BTreeSet;
use std::path::PathBuf;

use bgad::{
    AnomalyCount, AnomalySelection, DataError, Dataset, FolderNames, Layout, LayoutOptions,
    MaskLocation, SplitFile,
};
use clap::Args;

use crate::failure::Failure;
use crate::progress::note;

/// Number of abnormal training images if none is given.
const ANOMALIES: usize = 5;
/// Headings in the help.
const FOLDERS: &str = "Folders (layouts folder and mvtec)";
const SPLIT: &str = "Split";
const TRAINING: &str = "Abnormal training images (BGAD-FAS)";

/// Where the images are.
#[derive(Debug, Args)]
pub struct DataArguments {
    /// The data set's folder, or its table (.csv or .json).
    #[arg(value_name = "DATA", required_unless_present = "data")]
    pub folder: Option<PathBuf>,
    /// The data set's folder or table, as an option.
    #[arg(long, value_name = "DATA", conflicts_with = "folder")]
    pub data: Option<PathBuf>,
    /// How the data set's files are arranged: mvtec, mvtec-ad-2, mvtec-loco, mpdd, visa, btad, kolektor-sdd2,
    /// aitex, elpv, brain-mri, head-ct, coco, folder or manifest [default: recognised from the files].
    #[arg(long)]
    pub layout: Option<Layout>,
    #[command(flatten)]
    pub choice: ChoiceArguments,
}

/// Which of a data set's images to use.
#[derive(Debug, Clone, Args)]
pub struct ChoiceArguments {
    /// The category, if the data set has several.
    #[arg(long, value_name = "NAME")]
    pub category: Option<String>,
    #[command(flatten)]
    pub folders: FolderArguments,
    /// Which mask values mark a defect: auto (decided from all masks together), nonzero, half, above:N,
    /// alpha, or the values themselves, such as 1,2,5.
    #[arg(long, value_name = "RULE", default_value = "auto")]
    pub mask_values: String,
    #[command(flatten)]
    pub split: SplitArguments,
}

/// Names of sub-folders, for the layouts `folder` and `mvtec`.
#[derive(Debug, Clone, Args)]
pub struct FolderArguments {
    /// Sub-folders of normal images [default: normal, good or ok].
    #[arg(help_heading = FOLDERS, long, value_name = "DIR", num_args = 1..)]
    pub normal: Vec<PathBuf>,
    /// Sub-folders of abnormal images, each a defect type [default: all others].
    #[arg(help_heading = FOLDERS, long, value_name = "DIR", num_args = 1..)]
    pub abnormal: Vec<PathBuf>,
    /// Sub-folder of masks, or the name of folders of masks inside those of images [default: masks, mask or
    /// ground_truth].
    #[arg(help_heading = FOLDERS, long, value_name = "DIR", conflicts_with = "mask_suffix")]
    pub mask_dir: Option<PathBuf>,
    /// Masks are beside their images and have their names plus this ending, for example _mask.png.
    #[arg(help_heading = FOLDERS, long, value_name = "ENDING")]
    pub mask_suffix: Option<String>,
}

impl FolderArguments {
    fn names(&self) -> FolderNames {
        let beside = self.mask_suffix.clone().map(MaskLocation::Beside);
        FolderNames {
            normal: self.normal.clone(),
            abnormal: self.abnormal.clone(),
            masks: beside.or(self.mask_dir.clone().map(MaskLocation::Folder)),
        }
    }
}

/// Which images are for training and which for testing.
#[derive(Debug, Clone, Args)]
pub struct SplitArguments {
    /// Take the split from this file, as written by --write-split.
    #[arg(help_heading = SPLIT, long, value_name = "FILE", conflicts_with = "folds")]
    pub split_file: Option<PathBuf>,
    /// Cross-validation: split all images into this many folds.
    #[arg(help_heading = SPLIT, long, value_name = "K", requires = "fold")]
    pub folds: Option<usize>,
    /// The fold to test on, from 1.
    #[arg(help_heading = SPLIT, long, value_name = "NUMBER", requires = "folds")]
    pub fold: Option<usize>,
    /// The seed that assigns images to folds.
    #[arg(help_heading = SPLIT, long, value_name = "N", default_value_t = 0)]
    pub fold_seed: u64,
    /// Test only on abnormal images of these defect types; easy and hard are those of the paper's Table 7.
    #[arg(help_heading = SPLIT, long, value_name = "TYPE", value_delimiter = ',')]
    pub test_types: Vec<String>,
}

/// The few abnormal images to train on.
#[derive(Debug, Args)]
pub struct AnomalyArguments {
    /// How many abnormal images to train on, spread evenly over the defect types; they are then not tested. If
    /// the data set has abnormal training images, the choice is among those [default: 5, or all of those].
    #[arg(help_heading = TRAINING, long, value_name = "N", conflicts_with = "anomalies_per_type")]
    pub anomalies: Option<usize>,
    /// How many of each defect type.
    #[arg(help_heading = TRAINING, long, value_name = "N")]
    pub anomalies_per_type: Option<usize>,
    /// Only these defect types; easy and hard are those of the paper's Table 7.
    #[arg(help_heading = TRAINING, long, value_name = "TYPE", value_delimiter = ',')]
    pub anomaly_types: Vec<String>,
}

impl AnomalyArguments {
    /// Whether any of them is given.
    pub fn are_asked_for(&self) -> bool {
        let numbers = [self.anomalies, self.anomalies_per_type];
        numbers.iter().flatten().any(|number| *number > 0) || !self.anomaly_types.is_empty()
    }

    /// Moves or narrows the abnormal training images of `dataset`.
    pub fn choose(&self, dataset: &mut Dataset, seed: u64) -> Result<(), Failure> {
        let types: BTreeSet<String> = match self.anomaly_types.is_empty() {
            true => dataset.defect_types(),
            false => dataset.defect_types_named(&self.anomaly_types)?,
        };
        let abnormal = dataset
            .train
            .iter()
            .filter(|sample| sample.label.is_abnormal());
        let of_types = abnormal
            .clone()
            .filter(|sample| types.contains(&sample.defect_type));
        let (own, own_of_types) = (abnormal.count(), of_types.count());
        let count = match (self.anomalies, self.anomalies_per_type) {
            (Some(count), _) => AnomalyCount::Total(count),
            (None, Some(each)) => AnomalyCount::PerType(each),
            (None, None) if own > 0 => AnomalyCount::Total(own_of_types),
            (None, None) => AnomalyCount::Total(ANOMALIES),
        };
        let types = self.anomaly_types.clone();
        dataset.choose_anomalies(&AnomalySelection { count, types }, seed)?;
        Ok(())
    }
}

impl DataArguments {
    /// Reads the data set to inspect it. Unclear mask values are returned as an error beside it.
    pub fn open_to_inspect(&self) -> Result<(Dataset, Option<Failure>), Failure> {
        let mut dataset = self.find()?;
        let values = self.choice.mask_values.parse()?;
        let unclear = match dataset.settle_mask_values(&values) {
            Ok(_) => None,
            Err(error @ DataError::UnclearMaskValues { .. }) => Some(error.into()),
            Err(error) => return Err(error.into()),
        };
        let mut dataset = self.split(dataset)?;
        self.narrow(&mut dataset)?;
        Ok((dataset, unclear))
    }

    /// Reads the data set for work on its images; drops images that are only named.
    pub fn open_images(&self) -> Result<Dataset, Failure> {
        let mut dataset = self.read_images()?;
        self.narrow(&mut dataset)?;
        Ok(dataset)
    }

    /// Like [`open_images`](Self::open_images), but keeps images of all defect types in the test set, so that
    /// training images can be chosen from them. Call [`narrow`](Self::narrow) afterwards.
    pub fn read_images(&self) -> Result<Dataset, Failure> {
        let mut dataset = self.read()?;
        dataset.leave_out_absent_files();
        Ok(dataset)
    }

    /// Drops the defect types that are not tested from the test set.
    pub fn narrow(&self, dataset: &mut Dataset) -> Result<(), Failure> {
        match self.choice.split.test_types.as_slice() {
            [] => Ok(()),
            types => Ok(dataset.test_only(types)?),
        }
    }

    fn read(&self) -> Result<Dataset, Failure> {
        let mut dataset = self.find()?;
        dataset.settle_mask_values(&self.choice.mask_values.parse()?)?;
        self.split(dataset)
    }

    /// Finds the data set and its layout; prints the layout if it was recognised.
    pub fn place(&self) -> Result<Place, Failure> {
        // clap guarantees one of them.
        let folder = self.folder.as_ref().or(self.data.as_ref());
        let folder = folder.ok_or_else(|| Failure::Missing("--data is missing".to_owned()))?;
        let mut place = Place {
            layout: Layout::Folder,
            folder: folder.clone(),
            category: self.choice.category.clone(),
        };
        match self.layout {
            Some(layout) => place.layout = layout,
            None => {
                let names = self.choice.folders.names();
                let found = Layout::recognise_named(folder, place.category.as_deref(), &names)?;
                note(&format!("{}: {found}", folder.display()));
                place.layout = found.layout;
                place.category = found.category;
            }
        }
        Ok(place)
    }

    /// Reads the data set as found in its folder.
    fn find(&self) -> Result<Dataset, Failure> {
        let options = LayoutOptions {
            folders: self.choice.folders.names(),
            mask_values: self.choice.mask_values.parse()?,
        };
        let Place {
            layout,
            folder,
            category,
        } = self.place()?;
        if !options.folders.is_empty() && !layout.takes_names() {
            return Err(Failure::FolderNames(layout));
        }
        Ok(layout.read_with(&folder, category.as_deref(), &options)?)
    }

    /// Applies the split that was asked for.
    fn split(&self, mut dataset: Dataset) -> Result<Dataset, Failure> {
        let split = &self.choice.split;
        if let Some(file) = &split.split_file {
            SplitFile::read(file)?.apply(&mut dataset)?;
        }
        let (Some(folds), Some(fold)) = (split.folds, split.fold) else {
            return Ok(dataset);
        };
        let all = dataset.folds(folds, split.fold_seed)?;
        let chosen = fold
            .checked_sub(1)
            .and_then(|index| all.into_iter().nth(index));
        chosen.ok_or(Failure::Fold { fold, folds })
    }
}

/// A data set that was found.
#[derive(Debug, Clone)]
pub struct Place {
    pub layout: Layout,
    pub folder: PathBuf,
    pub category: Option<String>,
}

/// Writes the split of `dataset`, if a file was named for it.
pub fn write_split(dataset: &Dataset, file: Option<&PathBuf>) -> Result<(), Failure> {
    if let Some(file) = file {
        SplitFile::of(dataset)?.write(file)?;
    }
    Ok(())
}
