//! Learning on: a run that is shown what its model missed, or took for a defect, and becomes another
//! run. Uses all rooms.

mod comparison;
mod images;
mod learn;
pub(crate) mod lesson;
mod mask_of_place;
mod mask_rule;
pub(crate) mod outcome;
mod teaching;
mod unfinished_run;
