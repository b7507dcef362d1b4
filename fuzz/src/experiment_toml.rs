//! Experiment files.

use exnihilo::experiment::Experiment;

/// Any text is an experiment or an error with a message; what can run is written as TOML that reads back to the same.
///
/// # Panics
/// If not.
pub fn experiment_toml(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut experiment = match Experiment::from_toml(text) {
        Ok(experiment) => experiment,
        Err(error) => return assert!(!error.to_string().is_empty(), "no message: {error:?}"),
    };
    // Anything else but the text of a program is a path, and no file belongs to the input.
    let initial = &mut experiment.search.initial;
    if !initial.contains("def ") && !["no-op", "random", "linear", "net"].contains(&initial.as_str()) {
        *initial = "random".to_owned();
    }
    if let Err(error) = experiment.validate() {
        assert!(!error.to_string().is_empty(), "no message: {error:?}");
        return;
    }
    let written = experiment.to_toml().expect("TOML holds every experiment that can run");
    assert_eq!(Experiment::from_toml(&written).as_ref(), Ok(&experiment), "written and read again:\n{written}");
}
