//! Names for addresses that do not depend on the names that they had.

use crate::analysis::commutes;
use crate::lang::{Instruction, Interface, MAX_ADDRESSES, Program, Space};

/// The program with addresses numbered in the order in which they are first written, after those that mean something to the evaluation,
/// and the inputs of commuting ops in ascending order. All that nothing writes is zero and has the next name. Every instruction of the
/// program is live.
pub(super) fn renamed(program: &Program, interface: Interface) -> Program {
    let mut names = Names::of(program, interface);
    let mut renamed = program.clone();
    for function in crate::lang::ComponentFunction::ALL {
        for instruction in renamed.function_mut(function) {
            let mut inputs = [0; 2];
            for (input, (space, address)) in inputs.iter_mut().zip(instruction.reads()) {
                *input = names.of_read(space, address);
            }
            if commutes(instruction.op()) {
                inputs.sort_unstable();
            }
            let out = instruction.writes().map_or(0, |(space, address)| names.of_read(space, address));
            let same = Instruction::new(instruction.op(), inputs[0], inputs[1], out, instruction.data());
            *instruction = same.expect("names are addresses, and outputs keep clear of the inputs");
        }
    }
    renamed
}

struct Names {
    names: [[Option<u8>; MAX_ADDRESSES]; 3],
    /// The first free name of each space.
    next: [u8; 3],
}

impl Names {
    fn of(program: &Program, interface: Interface) -> Names {
        let mut names = Names { names: [[None; MAX_ADDRESSES]; 3], next: [0; 3] };
        for space in Space::ALL {
            let kept = interface.first_free(space);
            names.next[space as usize] = kept;
            (0..kept).for_each(|address| names.names[space as usize][usize::from(address)] = Some(address));
        }
        for (space, address) in program.instructions().iter().filter_map(Instruction::writes) {
            let name = &mut names.names[space as usize][usize::from(address)];
            if name.is_none() {
                *name = Some(names.next[space as usize]);
                names.next[space as usize] += 1;
            }
        }
        names
    }

    /// The name of an address; of one that nothing writes that of zero. It is free: the address itself leaves a name free.
    fn of_read(&mut self, space: Space, address: u8) -> u8 {
        self.names[space as usize][usize::from(address)].unwrap_or(self.next[space as usize])
    }
}
