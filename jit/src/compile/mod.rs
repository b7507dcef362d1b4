//! Native code: a program becomes one function through Cranelift, with Setup, the training loop and the validation loop in it.
//!
//! A vector register of Cranelift holds one value of two tasks, so no sum ever crosses lanes. What is not made of such registers calls the
//! kernels that the interpreter has too.

mod emit;
mod frame;
mod listing;
mod memory;
mod paths;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, OnceLock};

use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{AbiParam, types};
use cranelift_codegen::isa::{self, OwnedTargetIsa, TargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{CompiledCode, Context};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Module, ModuleError};

use crate::analysis::AddressSet;
use crate::lanes::{Block, Chunk, Engine, Layout, RunSettings};
use crate::lang::{ComponentFunction, Scoring, Space};
use crate::plan::Plan;
use frame::{Entry, Invocation};
pub use listing::Listing;
pub use memory::mapped_bytes;
use memory::{CodeMemory, CodePages};
pub use paths::{CodePath, CodePaths};

/// How many programs share one module, and are freed together.
const GENERATION: usize = 256;

/// How many generations of code are kept, so that a program that differs only in constants finds its code again.
const KEPT_GENERATIONS: usize = 4;

/// The most vector operations that one program may unroll to; beyond, it is interpreted.
const MAX_OPERATIONS: usize = 30_000;

/// The most rows of memory that code is made for. Beyond (one matrix at F = 1,024), operands take far more time than dispatch, and
/// what the emitter remembers of each row would itself be large; row offsets in code would end at 2 GiB.
const MAX_ROWS: usize = 1 << 20;

/// What is compiled.
#[derive(Clone, Copy)]
pub(crate) struct Unit<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) layout: &'a Layout,
    /// The addresses that must be in memory, or carried, from one example to the next.
    pub(crate) live_before_predict: AddressSet,
    pub(crate) settings: RunSettings,
    pub(crate) form: Form,
    /// Lanes of a tile: two in [`Form::Registers`].
    pub(crate) tile: usize,
    /// Every address is in memory at exit, and errors are recorded.
    pub(crate) observe: bool,
}

/// What compiled code looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Tiles of two lanes, each by itself; scalars and vectors are SSA values. For short chains of scalars and small vectors.
    Registers,
    /// One call of a kernel after another on one tile: the interpreter without its dispatch. For everything else.
    Chain,
}

impl Form {
    /// How registers are allocated. A chain has next to none to allocate: one pass compiles it twice as fast, to code as good. Plan on
    /// registers is worth backtracking: it runs twice as fast.
    const fn register_allocation(self) -> &'static str {
        match self {
            Form::Registers => "backtracking",
            Form::Chain => "single_pass",
        }
    }
}

/// The largest F whose vectors may be SSA values.
pub(crate) const MAX_REGISTER_VECTOR: usize = 16;

/// Native code to be: its form and the lanes of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) form: Form,
    pub(crate) tile: usize,
}

impl Target {
    /// What a width stands for where all widths are compared.
    pub(crate) fn of_width(width: usize, features: usize) -> Target {
        let form = if width == 2 && features <= MAX_REGISTER_VECTOR { Form::Registers } else { Form::Chain };
        Target { form, tile: width }
    }
}

/// What Cranelift checks of its own work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checks {
    /// Nothing.
    None,
    /// That the IR is well formed.
    Verifier,
    /// That, and by symbolic execution that each value is where its users look for it.
    VerifierAndAllocation,
}

impl Default for Checks {
    /// The verifier in debug builds, nothing in others.
    fn default() -> Checks {
        if cfg!(debug_assertions) { Checks::Verifier } else { Checks::None }
    }
}

/// Why there is no native code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// Cranelift has no backend for this machine.
    #[error("no native code on this machine: {0}")]
    Host(String),
    /// Cranelift refused the function.
    #[error("compiling failed: {0}")]
    Codegen(#[from] Box<ModuleError>),
    /// Too many operations for one function.
    #[error("the program unrolls to {0} operations, more than {MAX_OPERATIONS}")]
    TooLarge(usize),
    /// Too much memory for the emitter to keep track of.
    #[error("the program's memory has {0} rows, more than {MAX_ROWS}")]
    TooManyRows(usize),
}

/// Compiles programs, one at a time; one per thread. Contexts and pages are reused.
pub(crate) struct Compiler {
    context: Context,
    builder: FunctionBuilderContext,
    control: ControlPlane,
    /// The oldest first; one sequence for each [`Form`].
    generations: [VecDeque<Generation>; 2],
    key: Vec<u32>,
    checks: Checks,
    paths: CodePaths,
}

impl Default for Compiler {
    fn default() -> Compiler {
        Compiler {
            checks: Checks::default(),
            paths: CodePaths::default(),
            context: Context::new(),
            builder: FunctionBuilderContext::new(),
            control: ControlPlane::default(),
            generations: Default::default(),
            key: Vec::new(),
        }
    }
}

impl std::fmt::Debug for Compiler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let programs = self.generations.iter().flatten().map(|generation| generation.programs).sum::<usize>();
        f.debug_struct("Compiler").field("programs", &programs).finish_non_exhaustive()
    }
}

/// One module and the pages of its code, which live until the last user is gone.
struct Generation {
    module: JITModule,
    pages: Arc<CodePages>,
    programs: usize,
    /// By what their code depends on: everything but the values of constants.
    code: HashMap<Box<[u32]>, Entry>,
}

/// The machine that code is made for, or why there is none. Shared by all threads.
pub(crate) fn host(form: Form, checks: Checks) -> Result<&'static OwnedTargetIsa, CompileError> {
    static HOSTS: [[OnceLock<Result<OwnedTargetIsa, String>>; 3]; 2] = [const { [const { OnceLock::new() }; 3] }; 2];
    HOSTS[form as usize][checks as usize]
        .get_or_init(|| {
            if std::env::var_os("EXNIHILO_NO_JIT").is_some_and(|value| value == "1") {
                return Err("EXNIHILO_NO_JIT=1 is set".to_owned());
            }
            let machine = cranelift_native::builder().map_err(str::to_owned)?;
            let isa = target(&machine, form, checks)?;
            if isa.pointer_bits() != 64 || isa.endianness() != cranelift_codegen::ir::Endianness::Little {
                return Err("compiled code needs a 64-bit little-endian machine".to_owned());
            }
            Ok(isa)
        })
        .as_ref()
        .map_err(|reason| CompileError::Host(reason.clone()))
}

/// A machine with the settings that code of a form is made with.
pub(crate) fn target(machine: &isa::Builder, form: Form, checks: Checks) -> Result<OwnedTargetIsa, String> {
    let mut flags = settings::builder();
    for (name, value) in [
        // Measured: optimizing triples the time to compile and does not make this code faster.
        ("opt_level", "none"),
        ("regalloc_algorithm", form.register_allocation()),
        ("is_pic", "false"),
        ("use_colocated_libcalls", "false"),
        ("enable_probestack", "false"),
        ("unwind_info", "false"),
        ("enable_verifier", if checks == Checks::None { "false" } else { "true" }),
        ("regalloc_checker", if checks == Checks::VerifierAndAllocation { "true" } else { "false" }),
    ] {
        flags.set(name, value).map_err(|error| format!("{name}={value}: {error}"))?;
    }
    let isa = machine.finish(settings::Flags::new(flags)).map_err(|error| error.to_string())?;
    // On RISC-V they are an extension. Cranelift does not refuse vectors where it is missing, but panics.
    if isa.isa_flags().iter().any(|flag| flag.name == "has_v" && flag.as_bool() == Some(false)) {
        return Err("compiled code needs vector registers".to_owned());
    }
    Ok(isa)
}

impl Compiler {
    /// Makes Cranelift check its work on the programs from here on. Only before the first one.
    pub(crate) fn set_checks(&mut self, checks: Checks) {
        debug_assert!(self.generations.iter().all(VecDeque::is_empty), "a module has its checks from the beginning");
        self.checks = checks;
    }

    /// The ways that the programs took until now.
    #[cfg(feature = "testing")]
    pub(crate) fn paths(&self) -> CodePaths {
        self.paths
    }

    /// The function of a program: found again if one that differs only in constants was compiled lately.
    /// Says whether it had to be compiled.
    pub(crate) fn compile(&mut self, unit: Unit<'_>) -> Result<(Compiled, bool), CompileError> {
        set_key(&mut self.key, &unit);
        for generation in &self.generations[unit.form as usize] {
            if let Some(entry) = generation.code.get(self.key.as_slice()) {
                self.paths.insert(CodePath::FoundAgain);
                return Ok((Compiled::new(*entry, &unit, &generation.pages), false));
            }
        }
        check_size(&unit)?;
        let compiled = match self.try_compile(unit) {
            // The pages of this generation are full: a fresh one has room for any program that passed the check above.
            Err(CompileError::Codegen(error)) if matches!(*error, ModuleError::Allocation { .. }) => {
                self.begin_generation(unit.form)?;
                self.try_compile(unit)?
            }
            result => result?,
        };
        Ok((compiled, true))
    }

    /// Compiles every program anew from here on.
    pub(crate) fn forget(&mut self) {
        for generation in self.generations.iter_mut().flatten() {
            generation.code.clear();
        }
    }

    fn try_compile(&mut self, unit: Unit<'_>) -> Result<Compiled, CompileError> {
        if self.generations[unit.form as usize].back().is_none_or(|generation| generation.programs >= GENERATION) {
            self.begin_generation(unit.form)?;
        }
        let id = self.define(&unit)?;
        let generation = self.generations[unit.form as usize].back_mut().expect("begun above");
        generation.module.finalize_definitions().map_err(Box::new)?;
        let entry = Entry::new(generation.module.get_finalized_function(id), &generation.pages);
        generation.programs += 1;
        generation.code.insert(self.key.as_slice().into(), entry);
        Ok(Compiled::new(entry, &unit, &generation.pages))
    }

    /// Begins a generation; the oldest goes if there are too many.
    fn begin_generation(&mut self, form: Form) -> Result<(), CompileError> {
        let generations = &mut self.generations[form as usize];
        if generations.len() >= KEPT_GENERATIONS {
            generations.pop_front();
            self.paths.insert(CodePath::GenerationDropped);
        }
        generations.push_back(Generation::new(form, self.checks)?);
        self.paths.insert(CodePath::GenerationBegun);
        Ok(())
    }

    fn define(&mut self, unit: &Unit<'_>) -> Result<FuncId, CompileError> {
        let generation = self.generations[unit.form as usize].back_mut().expect("begun by the caller");
        let module = &mut generation.module;
        module.clear_context(&mut self.context);
        self.context.func.signature.params.push(AbiParam::new(types::I64));
        let frontend = module.isa().frontend_config();
        self.paths = self.paths.union(emit::emit(unit, &mut self.context.func, &mut self.builder, frontend));
        let id = module.declare_anonymous_function(&self.context.func.signature).map_err(Box::new)?;
        module.define_function_with_control_plane(id, &mut self.context, &mut self.control).map_err(Box::new)?;
        Ok(id)
    }

    /// The IR and the machine code of a program, for people.
    pub(crate) fn listing(&mut self, unit: Unit<'_>) -> Result<Listing, CompileError> {
        let isa = host(unit.form, self.checks)?;
        self.emit_alone(&unit, isa.as_ref())?;
        let ir = self.context.func.display().to_string();
        self.context.set_disasm(true);
        Ok(Listing::new(ir, self.compile_alone(isa.as_ref())?))
    }

    /// The machine code of a program for any machine; where that is not this one, or has other settings, good for looking at only.
    #[cfg(feature = "testing")]
    pub(crate) fn lower(&mut self, unit: Unit<'_>, isa: &dyn TargetIsa) -> Result<Vec<u8>, CompileError> {
        self.emit_alone(&unit, isa)?;
        Ok(self.compile_alone(isa)?.code_buffer().to_vec())
    }

    /// The IR of a program, outside of any module.
    fn emit_alone(&mut self, unit: &Unit<'_>, isa: &dyn TargetIsa) -> Result<(), CompileError> {
        check_size(unit)?;
        self.context.clear();
        self.context.func.signature.call_conv = isa.default_call_conv();
        self.context.func.signature.params.push(AbiParam::new(types::I64));
        emit::emit(unit, &mut self.context.func, &mut self.builder, isa.frontend_config());
        Ok(())
    }

    fn compile_alone(&mut self, isa: &dyn TargetIsa) -> Result<&CompiledCode, CompileError> {
        let compiled = self.context.compile(isa, &mut self.control);
        compiled.map_err(|error| Box::new(ModuleError::Compilation(error.inner)).into())
    }
}

impl Generation {
    fn new(form: Form, checks: Checks) -> Result<Generation, CompileError> {
        let isa = host(form, checks)?;
        let mut builder = JITBuilder::with_isa(Arc::clone(isa), cranelift_module::default_libcall_names());
        let (memory, pages) = CodeMemory::new();
        builder.memory_provider(Box::new(memory));
        Ok(Generation { module: JITModule::new(builder), pages, programs: 0, code: HashMap::new() })
    }
}

/// Native code of one program, ready to run on chunks. Keeps its pages alive.
pub(crate) struct Compiled {
    entry: Entry,
    invocation: Invocation,
    _pages: Arc<CodePages>,
}

impl Compiled {
    fn new(entry: Entry, unit: &Unit<'_>, pages: &Arc<CodePages>) -> Compiled {
        Compiled { entry, invocation: Invocation::new(unit), _pages: Arc::clone(pages) }
    }
}

/// Bounds the time and memory that compiling takes.
fn check_size(unit: &Unit<'_>) -> Result<(), CompileError> {
    let (rows, operations) = (unit.layout.rows(), emit::operations(unit));
    if rows > MAX_ROWS {
        return Err(CompileError::TooManyRows(rows));
    }
    if operations > MAX_OPERATIONS {
        return Err(CompileError::TooLarge(operations));
    }
    Ok(())
}

/// Everything that the code of a program depends on. Rows stand for addresses: programs that differ only in the names of their
/// addresses, or the values of their constants, have the same code. Nothing is left out silently: a new field must be named here.
fn set_key(key: &mut Vec<u32>, unit: &Unit<'_>) {
    // What is live before Predict follows from the steps and their rows.
    let Unit { plan, layout, live_before_predict: _, settings, form, tile, observe } = *unit;
    // The largest allowed error is in the table of constants.
    let RunSettings { features, scoring, max_abs_error: _, freeze_training, freeze_validation, inputs_in_memory } = settings;
    let scoring = match scoring {
        Scoring::Rms => 0,
        Scoring::Accuracy => 1,
        Scoring::Classes => 2,
    };
    let form = match form {
        Form::Registers => 0,
        Form::Chain => 1,
    };
    let flags = [freeze_training, freeze_validation, inputs_in_memory, observe];
    let flags = flags.iter().fold(0, |word, &flag| word << 1 | u32::from(flag));
    key.clear();
    key.push(((tile as u32) << 8) | (scoring << 5) | (form << 4) | flags);
    key.extend([features as u32, layout.rows() as u32]);
    for component in ComponentFunction::ALL {
        key.push(plan.function(component).len() as u32);
    }
    for step in plan.steps() {
        let [a, b, c] = step.inputs;
        key.extend([step.kind.number(), a, b, c, step.out]);
    }
}

impl Engine for Compiled {
    fn setup(&mut self, chunk: &mut Chunk) {
        let nothing = Block { features: &[], labels: &[], count: 0, first_step: 0 };
        self.invocation.call(&self.entry, frame::SETUP, chunk, nothing, None);
    }

    fn train(&mut self, chunk: &mut Chunk, block: Block<'_>, errors: Option<&mut [f64]>) {
        self.invocation.call(&self.entry, frame::TRAIN, chunk, block, errors);
    }

    fn validate(&mut self, chunk: &mut Chunk, block: Block<'_>, errors: Option<&mut [f64]>) {
        self.invocation.call(&self.entry, frame::VALIDATE, chunk, block, errors);
    }
}

/// Rows of an address, for the emitter.
fn rows_of(layout: &Layout, space: Space, address: u8) -> std::ops::Range<usize> {
    let first = layout.row(space, address);
    first..first + space.elements(layout.features())
}
