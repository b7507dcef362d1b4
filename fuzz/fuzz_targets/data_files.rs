//! See [`exnihilo_fuzz::data_files`].
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| exnihilo_fuzz::data_files(bytes));

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    exnihilo_fuzz::replay("data_files", exnihilo_fuzz::data_files)
}
