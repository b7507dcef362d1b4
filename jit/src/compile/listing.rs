//! Compiled programs as people read them: IR and machine code, with the instruction that each piece comes from.

use cranelift_codegen::CompiledCode;

/// What a program is compiled to: one function for Setup, training and validation.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Cranelift IR; lines begin with `@` and the index of their instruction in hexadecimal.
    pub ir: String,
    /// Cranelift's listing of the machine code.
    pub assembly: String,
    /// The machine code.
    pub code: Vec<u8>,
    /// Where the code of an instruction begins and ends, and its index in the program (Setup, Predict, Learn); `None` for the
    /// evaluation around the instructions.
    pub ranges: Vec<(std::ops::Range<usize>, Option<usize>)>,
}

impl Listing {
    pub(super) fn new(ir: String, compiled: &CompiledCode) -> Listing {
        let ranges = compiled
            .buffer
            .get_srclocs_sorted()
            .iter()
            .map(|range| {
                let loc = range.loc.bits();
                let index = (loc < super::emit::EVALUATION_LOC).then_some(loc as usize);
                (range.start as usize..range.end as usize, index)
            })
            .collect();
        let assembly = compiled.vcode.clone().unwrap_or_default();
        Listing { ir, assembly, code: compiled.code_buffer().to_vec(), ranges }
    }
}
