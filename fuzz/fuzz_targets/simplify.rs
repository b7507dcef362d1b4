//! See [`exnihilo_fuzz::simplify`].
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| exnihilo_fuzz::simplify(bytes));

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    exnihilo_fuzz::replay("simplify", exnihilo_fuzz::simplify)
}
