//! Several devices on the command line.

use std::str::FromStr;

use bgad::{DeviceKind, DeviceSelection};

/// One of `--devices`: a device, or the number of one of `--device`'s kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListedDevice {
    Index(usize),
    Device(DeviceSelection),
}

impl FromStr for ListedDevice {
    type Err = bgad::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(index) => Ok(Self::Index(index)),
            Err(_) => text.parse().map(Self::Device),
        }
    }
}

impl ListedDevice {
    /// The device; a bare number is one of `kind`.
    pub fn of(self, kind: DeviceKind) -> Result<DeviceSelection, bgad::Error> {
        match self {
            Self::Index(index) => format!("{kind}:{index}").parse(),
            Self::Device(device) => Ok(device),
        }
    }
}

/// A list as a run's description keeps it, `cuda:0,cuda:1`, and back.
pub fn parse(text: &str) -> Result<Vec<DeviceSelection>, bgad::Error> {
    text.split(',').map(str::parse).collect()
}

/// The other way round.
pub fn join(devices: &[DeviceSelection]) -> String {
    let names: Vec<String> = devices.iter().map(ToString::to_string).collect();
    names.join(",")
}
