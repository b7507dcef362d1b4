//! Which addresses of a program are memory in exported code, and what for; the others are variables of one function.

use exnihilo_jit::analysis::AddressSet;
use exnihilo_jit::{AddressCounts, ComponentFunction, Interface, Program, Space};

/// How exported code keeps the addresses of a program.
///
/// An address that every function writes in full before it reads it is a variable of each of them. All others, and the prediction, are
/// memory. What the evaluation sets is given to the functions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    counts: AddressCounts,
    interface: Interface,
    kept: AddressSet,
    /// By function: what is read, or written in part, before it is written in full.
    exposed: [AddressSet; 3],
    /// By function.
    written: [AddressSet; 3],
    /// By function.
    read: [AddressSet; 3],
}

impl Memory {
    /// The memory of a program on tasks of this kind.
    pub(super) fn of(program: &Program, interface: Interface) -> Memory {
        let mut memory = Memory {
            counts: program.address_counts().max(interface.least_counts()),
            interface,
            kept: AddressSet::default(),
            exposed: Default::default(),
            written: Default::default(),
            read: Default::default(),
        };
        for function in ComponentFunction::ALL {
            let mut known = AddressSet::default();
            interface.inputs().iter().for_each(|&(space, address)| known.insert(space, address));
            let place = function as usize;
            for instruction in program.function(function) {
                for (space, address) in instruction.reads() {
                    memory.read[place].insert(space, address);
                    if !known.contains(space, address) {
                        memory.exposed[place].insert(space, address);
                    }
                }
                if let Some((space, address)) = instruction.writes() {
                    memory.written[place].insert(space, address);
                    if instruction.op().writes_one_element() {
                        memory.exposed[place].insert(space, address);
                    } else {
                        known.insert(space, address);
                    }
                }
            }
        }
        memory.kept = memory.exposed.into_iter().fold(AddressSet::default(), AddressSet::union);
        let (space, address) = interface.prediction();
        memory.kept.insert(space, address);
        memory
    }

    /// Whether the address is memory.
    pub(super) const fn keeps(&self, space: Space, address: u8) -> bool {
        self.kept.contains(space, address)
    }

    /// What is memory: scalars, vectors, matrices.
    pub(super) fn kept(&self) -> impl Iterator<Item = (Space, u8)> {
        self.all().filter(|&(space, address)| self.keeps(space, address))
    }

    /// Every address that the program could use.
    pub(super) fn all(&self) -> impl Iterator<Item = (Space, u8)> {
        Space::ALL.into_iter().flat_map(|space| (0..self.counts.of(space)).map(move |address| (space, address)))
    }

    /// Whether the program uses the address.
    pub(super) fn uses(&self, space: Space, address: u8) -> bool {
        ComponentFunction::ALL.into_iter().any(|function| self.reads(function, space, address) || self.writes(function, space, address))
    }

    /// Whether a function reads the address.
    pub(super) const fn reads(&self, function: ComponentFunction, space: Space, address: u8) -> bool {
        self.read[function as usize].contains(space, address)
    }

    /// Whether a function writes the address.
    pub(super) const fn writes(&self, function: ComponentFunction, space: Space, address: u8) -> bool {
        self.written[function as usize].contains(space, address)
    }

    /// What an address is for, in a few words; nothing of a variable.
    pub(super) fn role(&self, space: Space, address: u8) -> &'static str {
        use ComponentFunction::{Learn, Predict, Setup};
        let writes = |function| self.writes(function, space, address);
        let exposed = |function: ComponentFunction| self.exposed[function as usize].contains(space, address);
        if (space, address) == self.interface.prediction() {
            return "the prediction";
        }
        if (space, address) == self.interface.label() {
            return "the label";
        }
        if (space, address) == (Space::Vector, 0) {
            return "the features";
        }
        if !self.keeps(space, address) {
            return "";
        }
        match (writes(Setup), writes(Predict), writes(Learn)) {
            (false, false, false) => "never written: always 0",
            (true, false, false) => "set once, in Setup",
            (_, false, true) if exposed(Predict) => "learned: written by Learn, read by Predict",
            (_, true, false) if exposed(Learn) && !exposed(Predict) => "from Predict to Learn",
            (_, false, true) => "Learn's own memory",
            (_, true, false) => "Predict's own memory",
            _ => "kept from example to example",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use exnihilo_jit::known_program;

    #[test]
    fn memory_is_what_a_function_reads_before_it_writes_it() {
        let net = known_program("net").expect("a known name");
        let memory = Memory::of(&net, Interface::Number);
        let kept: Vec<String> = memory.kept().map(|(space, address)| format!("{}{address}", space.letter())).collect();
        assert_eq!(kept, ["s1", "s2", "v1", "v2", "v3", "v4", "m0"]);
        let role = |space, address| memory.role(space, address);
        assert_eq!(role(Space::Scalar, 1), "the prediction");
        assert_eq!(role(Space::Scalar, 2), "set once, in Setup");
        assert_eq!(role(Space::Vector, 1), "never written: always 0");
        assert_eq!(role(Space::Matrix, 0), "learned: written by Learn, read by Predict");
        assert_eq!(role(Space::Vector, 4), "from Predict to Learn");
        assert_eq!(role(Space::Matrix, 1), "");
    }

    #[test]
    fn an_address_of_which_one_element_is_set_is_memory() {
        let program: Program = "def Predict():\n  v2 = v0 + v0\n  v2[0.0] = 1.0\n  s1 = norm(v2)\n".parse().expect("a program");
        assert!(Memory::of(&program, Interface::Number).keeps(Space::Vector, 2));
    }
}
