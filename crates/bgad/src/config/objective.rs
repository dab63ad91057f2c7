//! Names for the objective's settings; `bgad-loss` defines the struct.

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
        /// The form of the maximum-likelihood term.
        maximum_likelihood,
            allowed "`log-sigmoid`, or `{\"negative-log-likelihood\":{\"dimension\":D}}`";
        /// Whether the semi-push-pull terms are averaged over the features that violate a boundary or summed
        /// over all.
        reduction;
        /// Which focal weights to use: none, or the constants of the authors' program or of the paper.
        focal;
    }
}
