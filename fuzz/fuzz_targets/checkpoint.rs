//! See [`exnihilo_fuzz::checkpoint`].
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| exnihilo_fuzz::checkpoint(bytes));

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    exnihilo_fuzz::replay("checkpoint", exnihilo_fuzz::checkpoint)
}
