//! Learning: makes a new run from an earlier one and a lesson of missed defects and false alarms. Uses all
//! other rooms.

mod comparison;
mod images;
mod learn;
pub(crate) mod lesson;
mod mask_of_place;
mod mask_rule;
pub(crate) mod outcome;
mod scorer;
mod teaching;
mod unfinished_run;
