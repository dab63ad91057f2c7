//! Chooses a backend at run time from those compiled in.

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;

#[cfg(any(feature = "wgpu", feature = "vulkan", feature = "cuda"))]
use burn::tensor::DeviceType;

use crate::error::{Error, Result};

/// The backends that can be compiled in, each by the feature of its name.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceKind {
    /// The CPU.
    Flex,
    /// The CPU, through ndarray; slower.
    Ndarray,
    /// A GPU through WebGPU.
    Wgpu,
    /// A GPU through Vulkan.
    Vulkan,
    /// An NVIDIA GPU.
    Cuda,
}

/// The first of [`DeviceKind::ALL`] that is in this build.
impl Default for DeviceKind {
    fn default() -> Self {
        let compiled = Self::ALL.into_iter().find(|kind| kind.is_compiled());
        compiled.unwrap_or(Self::Flex)
    }
}

impl DeviceKind {
    /// All backends, compiled in or not.
    pub const ALL: [Self; 5] = [
        Self::Flex,
        Self::Ndarray,
        Self::Wgpu,
        Self::Vulkan,
        Self::Cuda,
    ];

    /// Its name, which is also its feature's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Ndarray => "ndarray",
            Self::Wgpu => "wgpu",
            Self::Vulkan => "vulkan",
            Self::Cuda => "cuda",
        }
    }

    /// Whether it is in this build.
    pub fn is_compiled(self) -> bool {
        match self {
            Self::Flex => cfg!(feature = "flex"),
            Self::Ndarray => cfg!(feature = "ndarray"),
            Self::Wgpu => cfg!(feature = "wgpu"),
            Self::Vulkan => cfg!(feature = "vulkan"),
            Self::Cuda => cfg!(feature = "cuda"),
        }
    }

    /// Whether a machine can have several devices of this kind.
    fn is_indexed(self) -> bool {
        !matches!(self, Self::Flex | Self::Ndarray)
    }

    /// Opens the device that Burn chooses if there are several.
    ///
    /// # Errors
    /// Those of [`DeviceSelection::open`].
    pub fn open(self) -> Result<Device> {
        DeviceSelection::from(self).open()
    }
}

/// A backend and, if a machine may have several of its devices, an index: `flex`, `vulkan`, `cuda:1`.
///
/// ```
/// use bgad::{DeviceKind, DeviceSelection};
///
/// let second: DeviceSelection = "cuda:1".parse()?;
/// assert_eq!((second.kind, second.index), (DeviceKind::Cuda, Some(1)));
/// assert_eq!(second.to_string(), "cuda:1");
/// # Ok::<(), bgad::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct DeviceSelection {
    /// The backend.
    pub kind: DeviceKind,
    /// Index among the machine's devices of this backend, from 0; `None`: Burn chooses.
    pub index: Option<usize>,
}

impl DeviceSelection {
    /// Opens the device.
    ///
    /// # Errors
    /// [`Error::DeviceNotCompiled`] names the feature that this build lacks, [`Error::DeviceMissing`] says
    /// how many devices of the backend the machine has, and [`Error::Instructions`] reports that
    /// `BGAD_INSTRUCTIONS` asks for instructions that the processor lacks.
    pub fn open(self) -> Result<Device> {
        bgad_cpu::Instructions::requested()?;
        match self.kind {
            #[cfg(feature = "flex")]
            DeviceKind::Flex => Ok(Device::flex()),
            // Burn deprecates it in favour of flex; here it is a second opinion on the CPU.
            #[cfg(feature = "ndarray")]
            #[allow(deprecated)]
            DeviceKind::Ndarray => Ok(Device::ndarray()),
            #[cfg(feature = "wgpu")]
            DeviceKind::Wgpu => self.listed(DeviceType::Wgpu, || Device::wgpu(Default::default())),
            #[cfg(feature = "vulkan")]
            DeviceKind::Vulkan => {
                self.listed(DeviceType::Vulkan, || Device::vulkan(Default::default()))
            }
            #[cfg(feature = "cuda")]
            DeviceKind::Cuda => self.listed(DeviceType::Cuda, || Device::cuda(0)),
            #[allow(unreachable_patterns)] // where all features are on
            missing => Err(Error::DeviceNotCompiled {
                device: missing.name(),
                available: compiled(),
            }),
        }
    }

    /// The device with this index, or `default` without an index. Burn opens a device when it is first used,
    /// and panics if it does not exist.
    #[cfg(any(feature = "wgpu", feature = "vulkan", feature = "cuda"))]
    fn listed(self, kind: DeviceType, default: impl Fn() -> Device) -> Result<Device> {
        let found = Device::enumerate(kind).into_vec();
        let count = found.len();
        let chosen = match self.index {
            None if count > 0 => Some(default()),
            None => None,
            Some(index) => found.into_iter().nth(index),
        };
        chosen.ok_or(Error::DeviceMissing {
            device: self.to_string(),
            found: count,
        })
    }
}

/// The names of the backends in this build.
fn compiled() -> String {
    let available = DeviceKind::ALL
        .into_iter()
        .filter(|kind| kind.is_compiled());
    let available: Vec<_> = available.map(DeviceKind::name).collect();
    match available.is_empty() {
        true => "none".to_owned(),
        false => available.join(", "),
    }
}

impl From<DeviceKind> for DeviceSelection {
    fn from(kind: DeviceKind) -> Self {
        Self { kind, index: None }
    }
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for DeviceSelection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "{}:{index}", self.kind),
            None => self.kind.fmt(f),
        }
    }
}

impl FromStr for DeviceKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == name);
        known.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Error::input("device", format!("`{name}`"), format!("one of {names}"))
        })
    }
}

impl FromStr for DeviceSelection {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let Some((name, index)) = text.split_once(':') else {
            return Ok(text.parse::<DeviceKind>()?.into());
        };
        let kind: DeviceKind = name.parse()?;
        if !kind.is_indexed() {
            let expected = format!("{name}: the CPU is one device");
            return Err(Error::input("device", format!("`{text}`"), expected));
        }
        match index.parse() {
            Ok(index) => Ok(Self {
                kind,
                index: Some(index),
            }),
            Err(_) => {
                let expected = format!("{name}, or {name}:0 and so on");
                Err(Error::input("device", format!("`{text}`"), expected))
            }
        }
    }
}
