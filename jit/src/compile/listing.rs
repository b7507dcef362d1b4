//! Compiled programs as people read them: IR and machine code, with the instruction that each piece comes from.

use cranelift_codegen::CompiledCode;

use super::emit::Function;

/// What a program is compiled to.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Setup, the training loop and the validation loop.
    pub sections: Vec<ListingSection>,
}

/// One compiled function.
#[derive(Clone, Debug)]
pub struct ListingSection {
    /// `Setup`, `Train` or `Validate`.
    pub name: &'static str,
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

impl ListingSection {
    pub(super) fn new(function: Function, ir: &str, compiled: &CompiledCode) -> ListingSection {
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
        ListingSection {
            name: function.name(),
            ir: ir.to_owned(),
            assembly: compiled.vcode.clone().unwrap_or_default(),
            code: compiled.code_buffer().to_vec(),
            ranges,
        }
    }
}
