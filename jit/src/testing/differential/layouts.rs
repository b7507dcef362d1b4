//! Which layouts a case runs on.

use crate::eval::Backend;
use crate::exec::random::Stream;

/// The numbers of lanes that a case runs with, and how it is compiled.
pub(super) struct Layouts<'a> {
    /// Where its memory is observed, and where it runs as in a search: of the interpreter, and of native code.
    pub(super) observed: [&'a [usize]; 2],
    pub(super) production: [&'a [usize]; 2],
    /// Besides, everything else that a search does: the probe and the run after it, the choice of a layout, the canonical form.
    pub(super) searches: bool,
    pub(super) checks_allocation: bool,
}

impl Layouts<'_> {
    pub(super) fn of([interp, jit]: [&[usize]; 2]) -> impl Iterator<Item = (Backend, usize)> {
        let interp = interp.iter().map(|&width| (Backend::Interp, width));
        interp.chain(jit.iter().map(|&width| (Backend::Jit, width)))
    }
}

/// Numbers of lanes in the order in which some are taken: compiling takes most of the time.
pub(super) struct Widths {
    pub(super) interp: [usize; 6],
    pub(super) jit: [usize; 4],
}

impl Widths {
    pub(super) fn drawn(stream: &mut Stream) -> Widths {
        let Widths { mut interp, mut jit } = Widths { interp: INTERP_WIDTHS, jit: JIT_WIDTHS };
        stream.shuffle(&mut interp);
        stream.shuffle(&mut jit);
        // The code on registers is the most intricate: two thirds of all programs have it.
        if stream.below(3) == 0 {
            let registers = jit.iter().position(|&width| width == 2).unwrap_or(0);
            jit.swap(1, registers);
        }
        Widths { interp, jit }
    }

    pub(super) fn layouts(&self) -> Layouts<'_> {
        Layouts {
            observed: [&self.interp[..1], &self.jit[..1]],
            production: [&self.interp[1..2], &self.jit[1..2]],
            searches: true,
            checks_allocation: false,
        }
    }
}

/// Lanes that the interpreter runs with.
pub(in crate::testing) const INTERP_WIDTHS: [usize; 6] = [1, 2, 4, 8, 12, 16];
/// Lanes that native code runs with.
pub(in crate::testing) const JIT_WIDTHS: [usize; 4] = [1, 2, 4, 12];
