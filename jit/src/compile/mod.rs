//! Native code: a program becomes three functions (Setup, the training loop, the validation loop) through Cranelift.
//!
//! A vector register holds one value of two tasks, so no sum ever crosses lanes; one or two such pairs of tasks go side by side.
//! Ops that pay no inlining (random draws, matrix products, matrices at larger F) call the interpreter's own step.

mod emit;
mod frame;
mod listing;
mod memory;

use std::sync::{Arc, OnceLock};

use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{AbiParam, types};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Module, ModuleError};

use crate::analysis::AddressSet;
use crate::exec::chunk::{Block, Chunk, Engine, RunSettings};
use crate::exec::layout::Layout;
use crate::interp::Code;
use crate::lang::Space;
use frame::{Entry, Invocation};
pub use listing::{Listing, ListingSection};
pub use memory::mapped_bytes;
use memory::{CodeMemory, CodePages};

/// The most lanes that compiled code takes.
pub(crate) const MAX_COMPILED_WIDTH: usize = 4;

/// How many programs share one module, and are freed together.
const GENERATION: u32 = 256;

/// The most vector operations that one program may unroll to; beyond, it is interpreted.
const MAX_OPERATIONS: usize = 40_000;

/// What is compiled.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) code: &'a Code,
    pub(crate) layout: &'a Layout,
    /// The addresses that must be in memory, or carried, from one example to the next.
    pub(crate) live_before_predict: AddressSet,
    pub(crate) settings: RunSettings,
    /// Lanes: 2 or 4.
    pub(crate) width: usize,
    /// Every address is in memory at exit, and errors are recorded.
    pub(crate) observe: bool,
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
}

/// Compiles programs, one at a time; one per thread. Contexts and pages are reused.
pub(crate) struct Compiler {
    context: Context,
    builder: FunctionBuilderContext,
    control: ControlPlane,
    generation: Option<Generation>,
}

impl Default for Compiler {
    fn default() -> Compiler {
        Compiler { context: Context::new(), builder: FunctionBuilderContext::new(), control: ControlPlane::default(), generation: None }
    }
}

impl std::fmt::Debug for Compiler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compiler").field("programs", &self.generation.as_ref().map(|g| g.programs)).finish_non_exhaustive()
    }
}

/// One module and the pages of its code, which live until the last user is gone.
struct Generation {
    module: JITModule,
    pages: Arc<CodePages>,
    programs: u32,
}

/// The machine that code is made for, or why there is none. Shared by all threads.
pub(crate) fn host() -> Result<&'static OwnedTargetIsa, CompileError> {
    static HOST: OnceLock<Result<OwnedTargetIsa, String>> = OnceLock::new();
    HOST.get_or_init(|| {
        if std::env::var_os("EXNIHILO_NO_JIT").is_some_and(|value| value == "1") {
            return Err("EXNIHILO_NO_JIT=1 is set".to_owned());
        }
        let mut flags = settings::builder();
        for (name, value) in [
            // Measured: optimizing triples the time to compile and does not make this code faster.
            ("opt_level", "none"),
            ("regalloc_algorithm", "backtracking"),
            ("is_pic", "false"),
            ("use_colocated_libcalls", "false"),
            ("enable_probestack", "false"),
            ("unwind_info", "false"),
            ("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" }),
        ] {
            flags.set(name, value).map_err(|error| format!("{name}={value}: {error}"))?;
        }
        let builder = cranelift_native::builder().map_err(str::to_owned)?;
        let isa = builder.finish(settings::Flags::new(flags)).map_err(|error| error.to_string())?;
        if isa.pointer_bits() != 64 || isa.endianness() != cranelift_codegen::ir::Endianness::Little {
            return Err("compiled code needs a 64-bit little-endian machine".to_owned());
        }
        Ok(isa)
    })
    .as_ref()
    .map_err(|reason| CompileError::Host(reason.clone()))
}

impl Compiler {
    /// Compiles the three functions of a program.
    pub(crate) fn compile(&mut self, source: Source<'_>) -> Result<Compiled, CompileError> {
        let operations = emit::operations(&source);
        if operations > MAX_OPERATIONS {
            return Err(CompileError::TooLarge(operations));
        }
        match self.try_compile(source) {
            // The pages of this generation may be full: a fresh one has room for any program that passed the check above.
            Err(CompileError::Codegen(error)) if matches!(*error, ModuleError::Allocation { .. }) && self.generation.is_some() => {
                self.generation = None;
                self.try_compile(source)
            }
            result => result,
        }
    }

    fn try_compile(&mut self, source: Source<'_>) -> Result<Compiled, CompileError> {
        if self.generation.as_ref().is_none_or(|generation| generation.programs >= GENERATION) {
            self.generation = Some(Generation::new()?);
        }
        let mut ids = Vec::with_capacity(3);
        for function in emit::Function::ALL {
            let id = self.define(&source, function)?;
            ids.push(id);
        }
        let generation = self.generation.as_mut().expect("made above");
        generation.module.finalize_definitions().map_err(Box::new)?;
        generation.programs += 1;
        let entry = |which: usize| Entry::new(generation.module.get_finalized_function(ids[which]), &generation.pages);
        Ok(Compiled {
            entries: [entry(0), entry(1), entry(2)],
            invocation: Invocation::new(&source),
            _pages: Arc::clone(&generation.pages),
        })
    }

    fn define(&mut self, source: &Source<'_>, function: emit::Function) -> Result<FuncId, CompileError> {
        let generation = self.generation.as_mut().expect("made by the caller");
        let module = &mut generation.module;
        module.clear_context(&mut self.context);
        self.context.func.signature.params.push(AbiParam::new(types::I64));
        let frontend = module.isa().frontend_config();
        emit::emit(source, function, &mut self.context.func, &mut self.builder, frontend);
        let id = module.declare_anonymous_function(&self.context.func.signature).map_err(Box::new)?;
        module.define_function_with_control_plane(id, &mut self.context, &mut self.control).map_err(Box::new)?;
        Ok(id)
    }

    /// The IR and the machine code of a program, for people.
    pub(crate) fn listing(&mut self, source: Source<'_>) -> Result<Listing, CompileError> {
        let isa = host()?;
        let mut sections = Vec::new();
        for function in emit::Function::ALL {
            self.context.clear();
            self.context.func.signature.call_conv = isa.default_call_conv();
            self.context.func.signature.params.push(AbiParam::new(types::I64));
            emit::emit(&source, function, &mut self.context.func, &mut self.builder, isa.frontend_config());
            let ir = self.context.func.display().to_string();
            self.context.set_disasm(true);
            let compiled =
                self.context.compile(isa.as_ref(), &mut self.control).map_err(|error| Box::new(ModuleError::Compilation(error.inner)))?;
            sections.push(ListingSection::new(function, &ir, compiled));
        }
        Ok(Listing { sections })
    }
}

impl Generation {
    fn new() -> Result<Generation, CompileError> {
        let isa = host()?;
        let mut builder = JITBuilder::with_isa(Arc::clone(isa), cranelift_module::default_libcall_names());
        let (memory, pages) = CodeMemory::new();
        builder.memory_provider(Box::new(memory));
        Ok(Generation { module: JITModule::new(builder), pages, programs: 0 })
    }
}

/// Native code of one program, ready to run on chunks. Keeps its pages alive.
pub(crate) struct Compiled {
    entries: [Entry; 3],
    invocation: Invocation,
    _pages: Arc<CodePages>,
}

impl Engine for Compiled {
    fn setup(&mut self, chunk: &mut Chunk) {
        let nothing = Block { features: &[], labels: &[], count: 0, first_step: 0 };
        self.invocation.call(&self.entries[0], true, chunk, nothing, None);
    }

    fn train(&mut self, chunk: &mut Chunk, block: Block<'_>, errors: Option<&mut [f64]>) {
        self.invocation.call(&self.entries[1], true, chunk, block, errors);
    }

    fn validate(&mut self, chunk: &mut Chunk, block: Block<'_>, errors: Option<&mut [f64]>) {
        self.invocation.call(&self.entries[2], false, chunk, block, errors);
    }
}

/// Rows of an address, for the emitter.
fn rows_of(layout: &Layout, space: Space, address: u8) -> std::ops::Range<usize> {
    let first = layout.row(space, address);
    first..first + space.elements(layout.features())
}
