//! The only device of a build that does not train.

/// The CPU. It replaces Burn's type of this name, so that programs that predict on the CPU are the same with
/// and without the feature `train`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Device(());

impl Device {
    /// The CPU, under Burn's name for it.
    pub fn flex() -> Self {
        Self(())
    }
}
