//! What plan may touch, seen in the IR.

use cranelift_codegen::ir::{AbiParam, Function, Opcode, Signature, UserFuncName, types};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::FunctionBuilderContext;

use crate::analysis::{Liveness, random_ordinals};
use crate::compile::{Checks, Form, Unit, target};
use crate::interp::Calls;
use crate::lanes::Layout;
use crate::lanes::RunSettings;
use crate::lang::Scoring;
use crate::lang::{AddressCounts, Interface, Program};
use crate::plan::{Fusion, Plan};
use crate::testing::FuzzCase;

const FEATURES: usize = 4;

/// The decoded program and its layout.
fn decoded(program: &Program, counts: AddressCounts) -> (Plan, Layout, Liveness) {
    let (mut live, mut ordinals, mut fusion) = (Vec::new(), Vec::new(), Fusion::default());
    let liveness = Liveness::mark(program, Interface::Number, &mut live);
    random_ordinals(program, &live, &mut ordinals);
    fusion.set_none(program);
    let (mut plan, mut layout) = (Plan::default(), Layout::default());
    layout.set_full(counts, Interface::Number, FEATURES);
    plan.set(program, &ordinals, &fusion, &layout);
    (plan, layout, liveness)
}

fn emitted(plan: &Plan, layout: &Layout, liveness: &Liveness, form: Form) -> Function {
    let settings = RunSettings {
        features: FEATURES,
        scoring: Scoring::Rms,
        max_abs_error: 100.0,
        freeze_training: true,
        freeze_validation: true,
        inputs_in_memory: true,
    };
    let unit = Unit { plan, layout, live_before_predict: liveness.before_predict(), settings, form, tile: 2, observe: true };
    let mut signature = Signature::new(CallConv::SystemV);
    signature.params.push(AbiParam::new(types::I64));
    let mut function = Function::with_name_signature(UserFuncName::default(), signature);
    let machine = cranelift_native::builder().expect("tests of native code need a machine that Cranelift knows");
    let isa = target(&machine, form, Checks::Verifier).expect("settings that every machine takes");
    super::emit(&unit, &mut function, &mut FunctionBuilderContext::new(), isa.frontend_config());
    function
}

/// A program that uses the last address of its memory, so that a memory without that address is too small.
fn at_the_end() -> (Program, AddressCounts) {
    let text = "def Setup():\n  m1 = gaussian(0.0, 1.0)\ndef Predict():\n  m1 = m0 + m1\n  v1 = dot(m1, v0)\n  s1 = mean(v1)\n";
    let counts = AddressCounts { scalars: 2, vectors: 2, matrices: 2 };
    (text.parse().expect("a program"), counts)
}

fn smaller() -> Layout {
    let mut layout = Layout::default();
    layout.set_full(AddressCounts { scalars: 2, vectors: 2, matrices: 1 }, Interface::Number, FEATURES);
    layout
}

#[test]
#[should_panic(expected = "rows 26 to 42 of 26")]
fn code_for_a_larger_memory_is_not_made() {
    let (program, counts) = at_the_end();
    let (plan, _, liveness) = decoded(&program, counts);
    emitted(&plan, &smaller(), &liveness, Form::Chain);
}

#[test]
#[should_panic(expected = "rows 26 to 42 of 26")]
fn calls_for_a_larger_memory_are_not_made() {
    let (program, counts) = at_the_end();
    let (plan, ..) = decoded(&program, counts);
    Calls::default().set(&plan, FEATURES, (2, smaller().rows()));
}

/// Kernels and compiled plan share memory and the frame, so no load or store may have a byte order of its own.
#[test]
fn memory_is_accessed_in_the_byte_order_of_the_machine() {
    let mut accesses = 0;
    for case in (0..100).map(FuzzCase::generate) {
        let (plan, layout, liveness) = decoded(&case.program, case.counts);
        for form in [Form::Registers, Form::Chain] {
            let function = emitted(&plan, &layout, &liveness, form);
            for inst in function.layout.blocks().flat_map(|block| function.layout.block_insts(block)) {
                let data = function.dfg.insts[inst];
                let Some(flags) = data.memflags_data(&function.dfg).filter(|_| data.opcode() != Opcode::Bitcast) else { continue };
                assert_eq!(flags.explicit_endianness(), None, "{}", function.dfg.display_inst(inst));
                accesses += 1;
            }
        }
    }
    assert!(accesses > 10_000, "only {accesses} loads and stores");
}
