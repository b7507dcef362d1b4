//! The built-in experiments.

use super::ExperimentError;
use super::error::nearest;

/// A built-in experiment.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// Its text, to read or to start an own experiment from.
    pub toml: &'static str,
}

/// Every built-in experiment; the first is what a search without a choice runs.
pub const PRESETS: [Preset; 8] = [
    Preset { name: "linear", toml: include_str!("presets/linear.toml") },
    Preset { name: "net-from-damaged", toml: include_str!("presets/net-from-damaged.toml") },
    Preset { name: "digits", toml: include_str!("presets/digits.toml") },
    Preset { name: "fig4-linear", toml: include_str!("presets/fig4-linear.toml") },
    Preset { name: "fig4-affine", toml: include_str!("presets/fig4-affine.toml") },
    Preset { name: "fig4-linear-backprop", toml: include_str!("presets/fig4-linear-backprop.toml") },
    Preset { name: "fig4-affine-backprop", toml: include_str!("presets/fig4-affine-backprop.toml") },
    Preset { name: "baseline", toml: include_str!("presets/baseline.toml") },
];

pub(super) fn find(name: &str) -> Result<&'static Preset, ExperimentError> {
    PRESETS.iter().find(|preset| preset.name == name).ok_or_else(|| ExperimentError::Preset {
        name: name.to_owned(),
        nearest: nearest(name, PRESETS.iter().map(|preset| preset.name)).map(str::to_owned),
        known: PRESETS.map(|preset| preset.name).join(", "),
    })
}
