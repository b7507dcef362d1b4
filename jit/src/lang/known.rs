//! Hand-written programs: what evolution is compared with, and what the command line knows by name.

use super::program::Program;

/// The names that [`known_program`] knows.
pub const KNOWN_PROGRAMS: [&str; 3] = ["linear", "affine", "net"];

/// The hand-written program of this name: `linear`, a linear model (4 scalars, 3 vectors, no matrix), `affine`, the same with a
/// bias (5 scalars, 3 vectors, no matrix), or `net`, a two-layer network (4 scalars, 8 vectors, 2 matrices), all trained by gradient
/// descent with a learning rate of 0.01.
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
        assert_eq!(sizes, [(4, 3, 0), (5, 3, 0), (4, 8, 2)].map(|(s, v, m)| AddressCounts::new(s, v, m).ok()));
        assert_eq!(known_program("Linear"), None);
    }
}
