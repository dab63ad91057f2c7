//! Which images a command works on.

use std::collections::BTreeSet;
use std::path::PathBuf;

use bgad::{
    AnomalyCount, AnomalySelection, DataError, Dataset, FolderLayout, FolderNames, Layout,
    MaskLocation, SplitFile,
};
use clap::Args;

use crate::failure::Failure;
use crate::progress::note;

/// Abnormal training images where nothing is said of them.
const ANOMALIES: usize = 5;
/// Headings in the help.
const FOLDERS: &str = "Folders (layout folder)";
const SPLIT: &str = "Split";
const TRAINING: &str = "Abnormal training images (BGAD-FAS)";

/// Where the images are.
#[derive(Debug, Args)]
pub struct DataArguments {
    /// The data set's folder, or its table (.csv or .json).
    #[arg(value_name = "DIR", required_unless_present = "data")]
    pub folder: Option<PathBuf>,
    /// The same as an option.
    #[arg(long, value_name = "DIR", conflicts_with = "folder")]
    pub data: Option<PathBuf>,
    /// How the data set's files are laid out: mvtec, mvtec-ad-2, mvtec-loco, mpdd, visa, btad,
    /// kolektor-sdd2, aitex, elpv, brain-mri, head-ct, coco, folder or manifest [default: as is
    /// recognised].
    #[arg(long)]
    pub layout: Option<Layout>,
    #[command(flatten)]
    pub choice: ChoiceArguments,
}

/// Which of a data set's images.
#[derive(Debug, Clone, Args)]
pub struct ChoiceArguments {
    /// The category, where the data set has several.
    #[arg(long, value_name = "NAME")]
    pub category: Option<String>,
    #[command(flatten)]
    pub folders: FolderArguments,
    /// Which values of the masks mark a defect: auto (as all masks together tell), nonzero, half,
    /// above:N, alpha, or the values themselves, as 1,2,5.
    #[arg(long, value_name = "RULE", default_value = "auto")]
    pub mask_values: String,
    #[command(flatten)]
    pub split: SplitArguments,
}

/// Names of sub-folders, for the layout `folder`.
#[derive(Debug, Clone, Args)]
pub struct FolderArguments {
    /// Sub-folders of normal images [default: normal, good or ok].
    #[arg(help_heading = FOLDERS, long, value_name = "DIR", num_args = 1..)]
    pub normal: Vec<PathBuf>,
    /// Sub-folders of abnormal images, each a defect type [default: all others].
    #[arg(help_heading = FOLDERS, long, value_name = "DIR", num_args = 1..)]
    pub abnormal: Vec<PathBuf>,
    /// Sub-folder of masks [default: masks, mask or ground_truth].
    #[arg(help_heading = FOLDERS, long, value_name = "DIR", conflicts_with = "mask_suffix")]
    pub mask_dir: Option<PathBuf>,
    /// Masks lie beside their images: the image's name and this ending, for example _mask.png.
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

/// Which images train and which test.
#[derive(Debug, Clone, Args)]
pub struct SplitArguments {
    /// Take the split from this file, as --write-split wrote it.
    #[arg(help_heading = SPLIT, long, value_name = "FILE", conflicts_with = "folds")]
    pub split_file: Option<PathBuf>,
    /// Cross-validation: split all images into this many folds.
    #[arg(help_heading = SPLIT, long, value_name = "K", requires = "fold")]
    pub folds: Option<usize>,
    /// The fold that tests, from 1.
    #[arg(help_heading = SPLIT, long, value_name = "NUMBER", requires = "folds")]
    pub fold: Option<usize>,
    /// The seed that deals images to folds.
    #[arg(help_heading = SPLIT, long, value_name = "N", default_value_t = 0)]
    pub fold_seed: u64,
    /// Test on abnormal images of these defect types only; easy and hard are those of the paper's
    /// Table 7.
    #[arg(help_heading = SPLIT, long, value_name = "TYPE", value_delimiter = ',')]
    pub test_types: Vec<String>,
}

/// The few abnormal images that train.
#[derive(Debug, Args)]
pub struct AnomalyArguments {
    /// How many, evenly over the defect types, taken out of the test set; of a data set that has abnormal
    /// training images, among those [default: 5, or all of those].
    #[arg(help_heading = TRAINING, long, value_name = "N", conflicts_with = "anomalies_per_type")]
    pub anomalies: Option<usize>,
    /// How many of each defect type.
    #[arg(help_heading = TRAINING, long, value_name = "N")]
    pub anomalies_per_type: Option<usize>,
    /// Only of these defect types; easy and hard are those of the paper's Table 7.
    #[arg(help_heading = TRAINING, long, value_name = "TYPE", value_delimiter = ',')]
    pub anomaly_types: Vec<String>,
}

impl AnomalyArguments {
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
    /// Reads the data set to look at it: masks whose values are unclear are an error beside it.
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

    /// Reads the data set for work on its images: those that are only named are left out.
    pub fn open_images(&self) -> Result<Dataset, Failure> {
        let mut dataset = self.read_images()?;
        self.narrow(&mut dataset)?;
        Ok(dataset)
    }

    /// The same with images of all defect types still in the test set, so that those that train can
    /// be chosen among them; [`narrow`](Self::narrow) is what follows.
    pub fn read_images(&self) -> Result<Dataset, Failure> {
        let mut dataset = self.read()?;
        dataset.leave_out_absent_files();
        Ok(dataset)
    }

    /// Leaves defect types that don't test out of the test set.
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

    /// Where the data set lies, and how; says what was recognised where the layout was not given.
    pub fn place(&self) -> Result<Place, Failure> {
        // clap has made sure of one.
        let folder = self.folder.as_ref().or(self.data.as_ref());
        let folder = folder.ok_or_else(|| Failure::Missing("--data is missing".to_owned()))?;
        let mut place = Place {
            layout: Layout::Folder,
            folder: folder.clone(),
            category: self.choice.category.clone(),
        };
        match self.layout {
            Some(layout) => place.layout = layout,
            None if !self.choice.folders.names().is_empty() => {}
            None => {
                let found = Layout::recognise(folder, place.category.as_deref())?;
                note(&format!("{}: {found}", folder.display()));
                place.layout = found.layout;
                place.category = found.category;
            }
        }
        Ok(place)
    }

    /// Reads the data set as its folder has it.
    fn find(&self) -> Result<Dataset, Failure> {
        self.place()?.read(&self.choice.folders.names())
    }

    /// Deals the samples as was asked.
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

impl Place {
    /// Reads it as its folder has it.
    fn read(&self, names: &FolderNames) -> Result<Dataset, Failure> {
        let category = self.category.as_deref();
        if names.is_empty() {
            Ok(self.layout.read(&self.folder, category)?)
        } else if self.layout == Layout::Folder {
            let folder = self.folder.clone();
            let folder = category.map_or(folder, |name| self.folder.join(name));
            Ok(FolderLayout::discover_named(&folder, names)?.read()?)
        } else {
            Err(Failure::FolderNames(self.layout))
        }
    }
}

/// Writes the split of `dataset`, if a file for it was named.
pub fn write_split(dataset: &Dataset, file: Option<&PathBuf>) -> Result<(), Failure> {
    if let Some(file) = file {
        SplitFile::of(dataset)?.write(file)?;
    }
    Ok(())
}
