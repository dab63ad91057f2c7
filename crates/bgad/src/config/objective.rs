//! The objective's settings by name; the struct is `bgad-loss`'s.

use bgad_loss::Objective;

use super::declaration::settings;

settings! {
    for Objective in "objective." {
        /// The share of normal features that may lie below the boundary.
        beta, allowed "a share from 0 to below 1";
        /// The margin between the boundaries of normal and abnormal features.
        tau, allowed "a margin of at least 0";
        /// The weight of the semi-push-pull terms.
        lambda, allowed "a weight of at least 0";
        /// The maximum-likelihood term's form.
        maximum_likelihood,
            allowed "`log-sigmoid`, or `{\"negative-log-likelihood\":{\"dimension\":D}}`";
        /// The semi-push-pull terms: the mean over features that violate a boundary, or the sum over all.
        reduction;
        /// Focal weights: none, or the constants of the authors' program or of the paper.
        focal;
    }
}
