//! Hand-written programs: what evolution is compared with, and what the command line knows by name.

use super::interface::Interface;
use super::program::Program;

/// The names that [`known_program`] knows.
pub const KNOWN_PROGRAMS: [&str; 5] = ["linear", "affine", "net", "softmax", "softmax-net"];

/// The names of those of them that are for tasks of this kind.
pub const fn known_programs_for(interface: Interface) -> &'static [&'static str] {
    match interface {
        Interface::Number => &["linear", "affine", "net"],
        Interface::Classes => &["softmax", "softmax-net"],
    }
}

/// The hand-written program of this name: `linear`, a linear model (4 scalars, 3 vectors, no matrix), `affine`, the
/// same with a bias (5 scalars, 3 vectors, no matrix), or `net`, a two-layer network (4 scalars, 8 vectors, 2 matrices); for tasks with classes `softmax`, a linear model (3 scalars, 5 vectors,
/// 2 matrices), or `softmax-net`, a two-layer network (3 scalars, 9 vectors, 3 matrices). All are trained by gradient descent.
///
/// ```
/// let linear = exnihilo_jit::known_program("linear").expect("a known name");
/// assert!(linear.to_string().contains("s1 = dot(v0, v1)"));
/// ```
pub fn known_program(name: &str) -> Option<Program> {
    let text = match name {
        "linear" => include_str!("programs/linear.az"),
        "affine" => include_str!("programs/affine.az"),
        "net" => include_str!("programs/net.az"),
        "softmax" => include_str!("programs/softmax.az"),
        "softmax-net" => include_str!("programs/softmax-net.az"),
        _ => return None,
    };
    Some(text.parse().expect("the text is part of the crate and parsed in its tests"))
}

#[cfg(test)]
mod tests {
    use super::super::program::AddressCounts;
    use super::*;

    #[test]
    fn every_known_name_is_a_program_of_the_stated_size() {
        let sizes = KNOWN_PROGRAMS.map(|name| known_program(name).map(|program| program.address_counts()));
        assert_eq!(sizes, [(4, 3, 0), (5, 3, 0), (4, 8, 2), (3, 5, 2), (3, 9, 3)].map(|(s, v, m)| AddressCounts::new(s, v, m).ok()));
        assert_eq!(known_program("Linear"), None);
    }

    #[test]
    fn every_known_program_is_for_one_kind_of_task() {
        let by_kind: Vec<&str> = Interface::ALL.into_iter().flat_map(known_programs_for).copied().collect();
        assert_eq!(by_kind, KNOWN_PROGRAMS);
        for interface in Interface::ALL {
            let (space, address) = interface.prediction();
            for name in known_programs_for(interface) {
                let program = known_program(name).expect("a known name");
                assert_eq!(interface.check_outputs(&program), Ok(()));
                assert!(program.instructions().iter().any(|instruction| instruction.writes() == Some((space, address))), "{name}");
            }
        }
    }
}
