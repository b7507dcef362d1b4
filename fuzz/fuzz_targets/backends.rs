//! See [`exnihilo_fuzz::backends`].
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| exnihilo_fuzz::backends(bytes));

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    exnihilo_fuzz::replay("backends", exnihilo_fuzz::backends)
}
