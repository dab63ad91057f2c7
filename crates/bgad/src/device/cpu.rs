//! The only device of a build that does not train.

/// The CPU, in place of Burn's type of this name: programs that predict on the CPU are the same with
/// and without the feature `train`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Device(());

impl Device {
    /// The CPU, under the name that Burn has for it.
    pub fn flex() -> Self {
        Self(())
    }
}
