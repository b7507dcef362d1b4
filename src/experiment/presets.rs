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
pub const PRESETS: [Preset; 17] = [
    Preset { name: "linear", toml: include_str!("presets/linear.toml") },
    Preset { name: "affine", toml: include_str!("presets/affine.toml") },
    Preset { name: "net-from-damaged", toml: include_str!("presets/net-from-damaged.toml") },
    Preset { name: "digits", toml: include_str!("presets/digits.toml") },
    Preset { name: "fig4-linear", toml: include_str!("presets/fig4-linear.toml") },
    Preset { name: "fig4-affine", toml: include_str!("presets/fig4-affine.toml") },
    Preset { name: "fig4-linear-backprop", toml: include_str!("presets/fig4-linear-backprop.toml") },
    Preset { name: "fig4-affine-backprop", toml: include_str!("presets/fig4-affine-backprop.toml") },
    Preset { name: "fig5-net", toml: include_str!("presets/fig5-net.toml") },
    Preset { name: "main", toml: include_str!("presets/main.toml") },
    Preset { name: "few-examples", toml: include_str!("presets/few-examples.toml") },
    Preset { name: "few-examples-control", toml: include_str!("presets/few-examples-control.toml") },
    Preset { name: "fast-training", toml: include_str!("presets/fast-training.toml") },
    Preset { name: "fast-training-control", toml: include_str!("presets/fast-training-control.toml") },
    Preset { name: "multi-class", toml: include_str!("presets/multi-class.toml") },
    Preset { name: "multi-class-control", toml: include_str!("presets/multi-class-control.toml") },
    Preset { name: "baseline", toml: include_str!("presets/baseline.toml") },
];

pub(super) fn find(name: &str) -> Result<&'static Preset, ExperimentError> {
    PRESETS.iter().find(|preset| preset.name == name).ok_or_else(|| ExperimentError::Preset {
        name: name.to_owned(),
        nearest: nearest(name, PRESETS.iter().map(|preset| preset.name)).map(str::to_owned),
        known: PRESETS.map(|preset| preset.name).join(", "),
    })
}
