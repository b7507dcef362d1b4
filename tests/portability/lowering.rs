//! The IR of programs is machine code on every machine that Cranelift knows, though only one of them is at hand: lowered, not run.

use std::path::Path;

use cranelift_codegen::isa::{Builder, lookup_by_name};
use cranelift_codegen::settings::Configurable;
use exnihilo_jit::compile::CompileError;
use exnihilo_jit::testing::{FuzzCase, Lowering};

/// Generated programs; the corpus of the fuzz target comes on top.
const PROGRAMS: u64 = 200;

fn cases() -> impl Iterator<Item = FuzzCase> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/backends");
    let files = corpus.read_dir().expect("the corpus").map(|entry| entry.expect("a file of the corpus").path());
    let recorded = files.map(|path| FuzzCase::from_bytes(&std::fs::read(path).expect("a readable file")));
    recorded.chain((0..PROGRAMS).map(FuzzCase::generate))
}

fn machine(triple: &str, extensions: &[&str]) -> Builder {
    let mut builder = lookup_by_name(triple).expect("built with the backends of all machines");
    for extension in extensions {
        builder.enable(extension).expect("an extension of this machine");
    }
    builder
}

/// Every program compiles in every form, in production and observed.
fn lowers(triple: &str, extensions: &[&str]) {
    let mut lowering = Lowering::new(&machine(triple, extensions)).expect("settings that every machine takes");
    let (mut functions, mut bytes) = (0, 0);
    for case in cases() {
        let codes = lowering.lower(&case).unwrap_or_else(|error| panic!("{triple}, seed {}: {error:?}\n{}", case.seed, case.program));
        for code in codes {
            assert!(!code.is_empty());
            functions += 1;
            bytes += code.len();
        }
    }
    println!("{triple}: {functions} functions, {bytes} bytes");
    assert!(functions >= PROGRAMS * 6, "at least three chains a program, twice");
}

/// With the vectors that every such machine has.
#[test]
fn x86_64() {
    lowers("x86_64-unknown-linux-gnu", &[]);
}

/// Another convention of calls.
#[test]
fn x86_64_windows() {
    lowers("x86_64-pc-windows-msvc", &[]);
}

#[test]
fn aarch64() {
    lowers("aarch64-unknown-linux-gnu", &[]);
}

/// Big-endian: programs are interpreted there, but what is in the way is not the IR.
#[test]
fn s390x() {
    lowers("s390x-unknown-linux-gnu", &[]);
}

#[test]
fn riscv64_with_vectors() {
    lowers("riscv64gc-unknown-linux-gnu", &["has_v"]);
}

/// Cranelift would panic: programs are interpreted on such a machine.
#[test]
fn riscv64_without_vectors_is_refused() {
    let refused = Lowering::new(&machine("riscv64gc-unknown-linux-gnu", &[]));
    assert!(matches!(refused, Err(CompileError::Host(reason)) if reason.contains("vector registers")));
}
