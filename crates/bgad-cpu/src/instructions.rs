//! The instruction sets that kernels are compiled for, and the choice between them.
//!
//! Only this file knows all sets. The `match` in [`dispatch`] names `pulp`'s variant for each, so a build
//! without one of `pulp`'s features (`x86-v3`, `x86-v4`) does not compile.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};

use pulp::{Arch, Scalar, Simd, WithSimd};

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use crate::arithmetic::Fused;
use crate::arithmetic::{MultiplyAdd, Separate};
use crate::dots::Dots;

/// The environment variable that names the set to use: `scalar`, `neon`, `simd128`, `avx2` or `avx512`.
/// Without it, kernels use the widest set that the machine has.
pub const INSTRUCTIONS_VARIABLE: &str = "BGAD_INSTRUCTIONS";

/// A set of vector instructions that all kernels are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Instructions {
    /// What every processor of the target has, without fused multiply-add, which would be a library call.
    Scalar,
    /// WebAssembly's 128 bits, without fused multiply-add.
    Simd128,
    /// 128 bits on Arm.
    Neon,
    /// 256 bits with FMA on x86-64.
    Avx2,
    /// 512 bits on x86-64 (F, BW, CD, DQ and VL).
    Avx512,
}

impl Instructions {
    /// All sets, whatever the machine has.
    pub const ALL: [Self; 5] = [
        Self::Scalar,
        Self::Simd128,
        Self::Neon,
        Self::Avx2,
        Self::Avx512,
    ];

    /// The name that [`INSTRUCTIONS_VARIABLE`] and reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Simd128 => "simd128",
            Self::Neon => "neon",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// Whether this machine has the set.
    pub fn is_available(self) -> bool {
        self == Self::Scalar || self.arch().is_some()
    }

    /// The sets that this machine has, narrowest first.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|set| set.is_available())
    }

    /// The widest set that this machine has.
    pub fn widest() -> Self {
        Self::available().last().unwrap_or(Self::Scalar)
    }

    /// The set that kernels use now: the last one given to [`Instructions::activate`], or else the one that
    /// [`INSTRUCTIONS_VARIABLE`] names, or else the widest. An invalid value of the variable is ignored here;
    /// [`Instructions::requested`] reports it.
    pub fn active() -> Self {
        let active = ACTIVE.load(Ordering::Relaxed);
        match Self::ALL.get(usize::from(active)) {
            Some(set) => *set,
            None => {
                let set = Self::requested().unwrap_or_else(|_| Self::widest());
                ACTIVE.store(set as u8, Ordering::Relaxed);
                set
            }
        }
    }

    /// The set that [`INSTRUCTIONS_VARIABLE`] names, or the widest if the variable is not set.
    ///
    /// # Errors
    /// If the variable names no set, or one that this machine lacks.
    pub fn requested() -> Result<Self, InstructionsError> {
        match std::env::var_os(INSTRUCTIONS_VARIABLE) {
            None => Ok(Self::widest()),
            Some(name) => {
                let name = name.to_string_lossy();
                let set = Self::ALL.into_iter().find(|set| set.name() == name);
                match set.filter(|set| set.is_available()) {
                    Some(set) => Ok(set),
                    None => Err(InstructionsError {
                        name: name.into_owned(),
                        known: set.is_some(),
                    }),
                }
            }
        }
    }

    /// Makes all kernels of this process use the set from now on. Measurements and tests use this to try
    /// narrower sets on one machine.
    ///
    /// # Errors
    /// If this machine lacks the set.
    pub fn activate(self) -> Result<(), InstructionsError> {
        if !self.is_available() {
            return Err(InstructionsError {
                name: self.name().to_owned(),
                known: true,
            });
        }
        ACTIVE.store(self as u8, Ordering::Relaxed);
        Ok(())
    }

    /// Number of `f32` values in a register of the active kernels, found by running one.
    pub fn lanes() -> usize {
        struct Lanes;
        impl SimdKernel for Lanes {
            type Output = usize;

            #[inline(always)]
            fn call<S: Simd, A: MultiplyAdd>(self, _: S) -> usize {
                S::F32_LANES
            }
        }
        dispatch(Lanes)
    }

    /// `pulp`'s token for the set; `None` if this machine lacks it.
    #[inline]
    fn arch(self) -> Option<Arch> {
        match self {
            Self::Scalar => Some(Arch::Scalar),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => pulp::x86::V4::try_new().map(Arch::V4),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => pulp::x86::V3::try_new().map(Arch::V3),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => pulp::aarch64::Neon::try_new().map(Arch::Neon),
            #[cfg(target_arch = "wasm32")]
            Self::Simd128 => pulp::wasm::Simd128::try_new().map(Arch::Simd128),
            #[allow(unreachable_patterns)]
            _ => None,
        }
    }
}

impl fmt::Display for Instructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Index of the active set in [`Instructions::ALL`]; out of range before the first kernel runs.
static ACTIVE: AtomicU8 = AtomicU8::new(u8::MAX);

/// An instruction set that this machine can't use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstructionsError {
    name: String,
    known: bool,
}

impl fmt::Display for InstructionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = match self.known {
            true => "this processor lacks it",
            false => "there is no such set",
        };
        write!(
            f,
            "instructions \"{}\": {found}; this machine has",
            self.name
        )?;
        for (i, set) in Instructions::available().enumerate() {
            write!(f, "{} {set}", if i == 0 { "" } else { "," })?;
        }
        write!(f, " ({INSTRUCTIONS_VARIABLE} names one of them)")
    }
}

impl std::error::Error for InstructionsError {}

/// A kernel on registers. Mark `call` and the functions that it calls `#[inline(always)]`: code that is not
/// inlined is compiled for the plain target.
pub(crate) trait SimdKernel {
    type Output;

    /// Runs the kernel. Use `simd.mul_add_e_f32s` for multiply-adds on registers; it is fused where `A` is.
    fn call<S: Simd, A: MultiplyAdd>(self, simd: S) -> Self::Output;
}

/// Runs a kernel with the active instruction set.
#[inline]
pub(crate) fn dispatch<K: SimdKernel>(kernel: K) -> K::Output {
    // A set that the machine lacks is never active.
    match Instructions::active().arch().unwrap_or(Arch::Scalar) {
        #[cfg(target_arch = "x86_64")]
        Arch::V4(simd) => Simd::vectorize(simd, With::<K, Fused>::new(kernel)),
        #[cfg(target_arch = "x86_64")]
        Arch::V3(simd) => Simd::vectorize(simd, With::<K, Fused>::new(kernel)),
        #[cfg(target_arch = "aarch64")]
        Arch::Neon(simd) => Simd::vectorize(simd, With::<K, Fused>::new(kernel)),
        #[cfg(target_arch = "wasm32")]
        Arch::Simd128(simd) => Simd::vectorize(simd, With::<K, Separate>::new(kernel)),
        _ => Simd::vectorize(Scalar, With::<K, Separate>::new(kernel)),
    }
}

/// A kernel with its arithmetic, as `pulp` runs it.
struct With<K, A> {
    kernel: K,
    arithmetic: std::marker::PhantomData<A>,
}

impl<K, A> With<K, A> {
    fn new(kernel: K) -> Self {
        Self {
            kernel,
            arithmetic: std::marker::PhantomData,
        }
    }
}

impl<K: SimdKernel, A: MultiplyAdd> WithSimd for With<K, A> {
    type Output = K::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> K::Output {
        self.kernel.call::<S, A>(simd)
    }
}

/// A kernel on registers of bytes; see [`SimdKernel`].
pub(crate) trait DotKernel {
    type Output;

    fn call<S: Dots>(self, simd: S) -> Self::Output;
}

/// Runs a kernel on bytes with the active instruction set.
#[inline]
pub(crate) fn dispatch_dots<K: DotKernel>(kernel: K) -> K::Output {
    match Instructions::active().arch().unwrap_or(Arch::Scalar) {
        #[cfg(target_arch = "x86_64")]
        Arch::V4(simd) => Simd::vectorize(simd, OnBytes { kernel, simd }),
        #[cfg(target_arch = "x86_64")]
        Arch::V3(simd) => Simd::vectorize(simd, OnBytes { kernel, simd }),
        #[cfg(target_arch = "aarch64")]
        Arch::Neon(simd) => Simd::vectorize(simd, OnBytes { kernel, simd }),
        #[cfg(target_arch = "wasm32")]
        Arch::Simd128(simd) => Simd::vectorize(simd, OnBytes { kernel, simd }),
        _ => Simd::vectorize(
            Scalar,
            OnBytes {
                kernel,
                simd: Scalar,
            },
        ),
    }
}

/// Passes a kernel the concrete register type, where `pulp` would only promise `Simd`.
struct OnBytes<K, S> {
    kernel: K,
    simd: S,
}

impl<K: DotKernel, D: Dots> WithSimd for OnBytes<K, D> {
    type Output = K::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> K::Output {
        self.kernel.call(self.simd)
    }
}
