//! Puts labels into IR and machine code: which instruction of the program each piece belongs to.

use exnihilo_jit::compile::Listing;
use exnihilo_jit::{ComponentFunction, Program};

/// A label for each instruction of a program, by its index over Setup, Predict and Learn.
pub(super) struct Labels(Vec<String>);

/// What stands before code that belongs to no instruction.
const AROUND: &str = "; evaluation";

impl Labels {
    pub(super) fn new(program: &Program) -> Labels {
        let of_function = |function: ComponentFunction| {
            let instructions = program.function(function).iter().enumerate();
            instructions.map(move |(position, instruction)| format!("; {} {position}: {instruction}", function.name()))
        };
        Labels(ComponentFunction::ALL.into_iter().flat_map(of_function).collect())
    }

    fn of(&self, index: Option<usize>) -> &str {
        index.and_then(|index| self.0.get(index)).map_or(AROUND, String::as_str)
    }

    /// IR with a label wherever the instruction changes. Lines begin with `@` and the index in hexadecimal; that goes, others stay.
    pub(super) fn ir(&self, ir: &str) -> String {
        let mut text = String::new();
        let mut current = None;
        for line in ir.lines() {
            let place = line.strip_prefix('@').and_then(|rest| rest.split_once(' '));
            let Some((index, code)) = place.and_then(|(hex, code)| Some((usize::from_str_radix(hex, 16).ok()?, code))) else {
                // Cranelift indents the names of blocks past the column of the indices.
                let block = line.trim_start();
                text.push_str(if block.starts_with("block") { block } else { line });
                text.push('\n');
                continue;
            };
            let label = self.of(Some(index));
            if current != Some(label) {
                current = Some(label);
                text.push_str(&format!("    {label}\n"));
            }
            text.push_str(&format!("    {}\n", code.trim_start()));
        }
        text
    }

    /// Machine code with a label wherever the instruction changes: offsets and Intel syntax.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn assembly(&self, listing: &Listing) -> String {
        use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter};
        let mut formatter = IntelFormatter::new();
        let (mut text, mut instruction_text) = (String::new(), String::new());
        let mut current = None;
        for instruction in Decoder::with_ip(64, &listing.code, 0, DecoderOptions::NONE) {
            let offset = instruction.ip() as usize;
            let label = self.of(index_at(listing, offset));
            if current != Some(label) {
                current = Some(label);
                text.push_str(&format!("          {label}\n"));
            }
            instruction_text.clear();
            formatter.format(&instruction, &mut instruction_text);
            text.push_str(&format!("  {offset:6x}  {instruction_text}\n"));
        }
        text
    }

    /// Machine code as Cranelift lists it, after the offsets at which the instruction changes.
    #[cfg(not(target_arch = "x86_64"))]
    pub(super) fn assembly(&self, listing: &Listing) -> String {
        let places = listing.ranges.iter().map(|(range, index)| format!("  {:6x}  {}\n", range.start, self.of(*index)));
        places.chain([listing.assembly.clone()]).collect()
    }
}

/// The instruction that the code at `offset` belongs to.
#[cfg(target_arch = "x86_64")]
fn index_at(listing: &Listing, offset: usize) -> Option<usize> {
    let after = listing.ranges.partition_point(|(range, _)| range.start <= offset);
    let (range, index) = listing.ranges[..after].last()?;
    if range.contains(&offset) { *index } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Labels {
        Labels::new(&exnihilo_jit::known_program("linear").expect("a known name"))
    }

    #[test]
    fn ir_is_labelled_where_the_instruction_changes() {
        let ir = "function u0:0() {\nblock0:\n@0000                               v1 = iconst 1\n@0001  v2 = f\n@0001  v3 = g\n}\n";
        let text = labels().ir(ir);
        assert_eq!(text.matches("; Setup 0: s2 = 0.01").count(), 1, "{text}");
        assert_eq!(text.matches("; Predict 0: s1 = dot(v0, v1)").count(), 1, "{text}");
        assert!(text.contains("    v3 = g\n}"), "{text}");
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn machine_code_is_labelled_by_ranges() {
        let listing = Listing { ir: String::new(), assembly: String::new(), code: vec![0x90, 0xc3], ranges: vec![(0..1, Some(1))] };
        let text = labels().assembly(&listing);
        let expected = "          ; Predict 0: s1 = dot(v0, v1)\n       0  nop\n          ; evaluation\n       1  ret\n";
        assert_eq!(text, expected);
    }
}
