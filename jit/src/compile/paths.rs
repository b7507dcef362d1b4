//! Which ways through the compiler a program took, so that those who test it see what they reached.

/// A way through the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum CodePath {
    /// Plan on registers, for tiles of two lanes.
    Registers,
    /// A chain of kernels on one task.
    ChainAlong,
    /// A chain of kernels on lanes.
    ChainLanes,
    /// Memory is observed.
    Observed,
    /// Only predictions are.
    Production,
    /// Errors of a regression computed in registers.
    ErrorInline,
    /// Errors computed by a kernel.
    ErrorKernel,
    /// Errors of classes computed by a kernel.
    ErrorOfClasses,
    /// A lane that stops keeps its memory, with the help of the host.
    StopOnHost,
    /// A lane that stops is only excluded.
    StopHere,
    /// An elementwise op or constant in registers.
    InlineElements,
    /// A reduction in registers.
    InlineReduction,
    /// A product in registers together with the sum that takes it.
    InlineFused,
    /// An op left to its kernel.
    Kernel,
    /// A product left to a kernel together with the sum that takes it.
    KernelFused,
    /// A random draw.
    KernelDraw,
    /// An element stored at once because registers are few.
    StoredAtOnce,
    /// Values brought to memory before a kernel reads them.
    Flushed,
    /// Features read where the task has them.
    FeaturesInPlace,
    /// A label read where the task has it.
    LabelInPlace,
    /// Plan of a program that differs in constants only, found again.
    FoundAgain,
    /// A generation of code begun.
    GenerationBegun,
    /// A generation of code given up.
    GenerationDropped,
}

impl CodePath {
    /// All of them.
    pub const ALL: [CodePath; 23] = [
        CodePath::Registers,
        CodePath::ChainAlong,
        CodePath::ChainLanes,
        CodePath::Observed,
        CodePath::Production,
        CodePath::ErrorInline,
        CodePath::ErrorKernel,
        CodePath::ErrorOfClasses,
        CodePath::StopOnHost,
        CodePath::StopHere,
        CodePath::InlineElements,
        CodePath::InlineReduction,
        CodePath::InlineFused,
        CodePath::Kernel,
        CodePath::KernelFused,
        CodePath::KernelDraw,
        CodePath::StoredAtOnce,
        CodePath::Flushed,
        CodePath::FeaturesInPlace,
        CodePath::LabelInPlace,
        CodePath::FoundAgain,
        CodePath::GenerationBegun,
        CodePath::GenerationDropped,
    ];
}

/// Ways that were taken at least once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodePaths(u32);

impl CodePaths {
    /// Notes that a way was taken.
    pub fn insert(&mut self, path: CodePath) {
        self.0 |= 1 << path as u32;
    }

    /// Whether it was taken.
    pub const fn contains(self, path: CodePath) -> bool {
        self.0 & 1 << path as u32 != 0
    }

    /// What one or the other took.
    #[must_use]
    pub const fn union(self, other: CodePaths) -> CodePaths {
        CodePaths(self.0 | other.0)
    }

    /// Those taken.
    pub fn iter(self) -> impl Iterator<Item = CodePath> {
        CodePath::ALL.into_iter().filter(move |&path| self.contains(path))
    }
}
