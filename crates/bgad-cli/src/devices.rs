//! Several devices on the command line.

use std::str::FromStr;

use bgad::{DeviceKind, DeviceSelection};

/// One entry of `--devices`: a device, or an index among the devices of `--device`'s kind.
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
    /// The device; a bare index refers to `kind`.
    pub fn of(self, kind: DeviceKind) -> Result<DeviceSelection, bgad::Error> {
        match self {
            Self::Index(index) => format!("{kind}:{index}").parse(),
            Self::Device(device) => Ok(device),
        }
    }
}

/// Parses a list as stored in a run's description, `cuda:0,cuda:1`.
pub fn parse(text: &str) -> Result<Vec<DeviceSelection>, bgad::Error> {
    text.split(',').map(str::parse).collect()
}

/// Writes such a list.
pub fn join(devices: &[DeviceSelection]) -> String {
    let names: Vec<String> = devices.iter().map(ToString::to_string).collect();
    names.join(",")
}
