//! See [`exnihilo_fuzz::experiment_toml`].
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| exnihilo_fuzz::experiment_toml(bytes));

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    exnihilo_fuzz::replay("experiment_toml", exnihilo_fuzz::experiment_toml)
}
