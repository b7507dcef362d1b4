//! Fixed programs on every backend: events and tables.

use exnihilo::text::grouped;
use exnihilo_jit::{Backend, Peak};
use serde::Serialize;

use super::super::failure::Failure;
use super::super::output::{print_event, print_line};
use super::measure::{BenchTasks, Measured};
use super::program::ProgramLimit;
use super::size::Size;
use super::{Bench, optional};

/// The cost of a program on a backend; of several programs the mean.
#[derive(Serialize)]
struct BenchEvent {
    program: &'static str,
    features: usize,
    tasks: usize,
    backend: Backend,
    /// What ran; it differs from `backend` for auto, and where there is no native code. Null if not all programs ran on the same.
    ran: Option<Backend>,
    train_ns_per_step: f64,
    train_ratio_to_oracle: Option<f64>,
    valid_ns_per_step: f64,
    valid_ratio_to_oracle: Option<f64>,
    compile_us: Option<f64>,
    /// Of 1000/100, as `ran`, `compile_us` and `ratio_to_oracle`.
    evals_per_second: f64,
    ratio_to_oracle: Option<f64>,
    /// Training steps over all tasks, where interpreter and native code were measured and it pays at all.
    break_even_steps: Option<f64>,
    /// Of a training step.
    flops_per_step: f64,
    /// The arithmetic limit of `train_ns_per_step`: of each program the larger of the next two.
    limit_ns_per_step: f64,
    /// Operations over the peak of this core.
    flops_limit_ns: f64,
    /// The latency of the loop-carried chain, over tasks.
    chain_limit_ns: f64,
    /// What this core was measured to do at most.
    peak_gflops: f64,
    by_size: Vec<SizeEvent>,
}

/// Whole evaluations of one size.
#[derive(Serialize)]
struct SizeEvent {
    train: usize,
    valid: usize,
    ran: Option<Backend>,
    compile_us: Option<f64>,
    evals_per_second: f64,
    ratio_to_oracle: Option<f64>,
    /// By arithmetic.
    limit_evals_per_second: f64,
}

/// Measures and shows all programs, sizes and backends.
pub(super) fn run(bench: &Bench) -> Result<(), Failure> {
    let mut sizes = bench.sizes.clone();
    if !sizes.contains(&Size::STANDARD) {
        sizes.push(Size::STANDARD);
    }
    let standard = sizes.iter().position(|&size| size == Size::STANDARD).expect("it is among them");
    let seconds = bench.seconds / (bench.features.len() * bench.programs.len()) as f64;
    // What does not fit is refused before anything is measured or printed; the largest F needs the most memory.
    if let Some(&largest) = bench.features.iter().max() {
        BenchTasks::new(largest.into(), bench.tasks.into(), &sizes, standard)?;
    }
    let peak = Peak::measure();
    if !bench.json {
        show_head(&peak)?;
    }
    let mut shown = Vec::new();
    for &features in &bench.features {
        let tasks = BenchTasks::new(features.into(), bench.tasks.into(), &sizes, standard)?;
        for &program in &bench.programs {
            let limit = ProgramLimit::new(program, features.into(), bench.tasks.into(), &peak);
            let measured = tasks.measure(program, &bench.backends, seconds)?;
            let cell = Cell { bench, sizes: &sizes, standard, features: features.into(), program: program.name(), limit, peak };
            for event in cell.events(&measured) {
                if bench.json {
                    print_event("bench", &event)?;
                } else {
                    show_steps(&event)?;
                    shown.push(event);
                }
            }
        }
    }
    if bench.json { Ok(()) } else { show_evaluations(&sizes, &shown) }
}

/// One program at one F.
struct Cell<'a> {
    bench: &'a Bench,
    sizes: &'a [Size],
    standard: usize,
    features: usize,
    program: &'static str,
    limit: ProgramLimit,
    peak: Peak,
}

impl Cell<'_> {
    fn events(&self, measured: &[Measured]) -> Vec<BenchEvent> {
        let of = |backend: Backend| measured.iter().find(|measured| measured.backend == backend);
        let (oracle, interp) = (of(Backend::Oracle), of(Backend::Interp));
        measured.iter().map(|measured| self.event(measured, oracle, interp)).collect()
    }

    fn event(&self, measured: &Measured, oracle: Option<&Measured>, interp: Option<&Measured>) -> BenchEvent {
        // Of times; where noise left nothing there is no ratio.
        let faster = |oracle: f64, own: f64| Some(oracle / own).filter(|ratio| ratio.is_finite());
        let by_size = self.sizes.iter().zip(&measured.evaluations).enumerate().map(|(index, (&size, evaluations))| SizeEvent {
            train: size.train,
            valid: size.valid,
            ran: evaluations.ran,
            compile_us: evaluations.compile_us,
            evals_per_second: evaluations.per_second,
            ratio_to_oracle: oracle.map(|oracle| evaluations.per_second / oracle.evaluations[index].per_second),
            limit_evals_per_second: self.limit.evaluations_per_second(size),
        });
        let evaluations = &measured.evaluations[self.standard];
        BenchEvent {
            program: self.program,
            features: self.features,
            tasks: self.bench.tasks.into(),
            backend: measured.backend,
            ran: evaluations.ran,
            train_ns_per_step: measured.train_ns_per_step,
            train_ratio_to_oracle: oracle.and_then(|oracle| faster(oracle.train_ns_per_step, measured.train_ns_per_step)),
            valid_ns_per_step: measured.valid_ns_per_step,
            valid_ratio_to_oracle: oracle.and_then(|oracle| faster(oracle.valid_ns_per_step, measured.valid_ns_per_step)),
            compile_us: evaluations.compile_us,
            evals_per_second: evaluations.per_second,
            ratio_to_oracle: oracle.map(|oracle| evaluations.per_second / oracle.evaluations[self.standard].per_second),
            break_even_steps: interp.and_then(|interp| break_even(interp, measured, evaluations.compile_us)),
            flops_per_step: self.limit.flops_per_step,
            limit_ns_per_step: self.limit.train_ns(),
            flops_limit_ns: self.limit.train.flops_ns,
            chain_limit_ns: self.limit.train.chain_ns,
            peak_gflops: self.peak.flops_per_second / 1e9,
            by_size: by_size.collect(),
        }
    }
}

/// The training steps whose saving pays for compiling.
fn break_even(interp: &Measured, native: &Measured, compile_us: Option<f64>) -> Option<f64> {
    let saved = interp.train_ns_per_step - native.train_ns_per_step;
    compile_us.filter(|_| saved > 0.0).map(|us| us * 1e3 / saved)
}

fn show_head(peak: &Peak) -> Result<(), Failure> {
    print_line(&format!(
        "This core: {:.1} Gflop/s at most (measured, {} f64 a register), {:.2} ns from operation to operation.\n\n\
         {:<8}{:>4}  {:<14}{:>9}{:>10}{:>17}{:>9}{:>10}{:>12}{:>12}\n\
         {:<8}{:>4}  {:<14}{:>9}{:>10}{:>9}{:>8}",
        peak.flops_per_second / 1e9,
        peak.lanes,
        peak.latency_seconds * 1e9,
        "program",
        "F",
        "backend",
        "train ns",
        "× oracle",
        "limits: ",
        "valid ns",
        "× oracle",
        "compile µs",
        "break-even",
        "",
        "",
        "",
        "",
        "",
        "flops",
        "chain"
    ))
}

fn show_steps(event: &BenchEvent) -> Result<(), Failure> {
    print_line(&format!(
        "{:<8}{:>4}  {:<14}{:>9.1}{:>10}{:>9.2}{:>8.2}{:>9.1}{:>10}{:>12}{:>12}",
        event.program,
        event.features,
        backend_name(event),
        event.train_ns_per_step,
        optional(event.train_ratio_to_oracle, 2),
        event.flops_limit_ns,
        event.chain_limit_ns,
        event.valid_ns_per_step,
        optional(event.valid_ratio_to_oracle, 2),
        optional(event.compile_us, 0),
        event.break_even_steps.map_or_else(|| "-".to_owned(), |steps| grouped(steps as u64)),
    ))
}

/// The second table, a column each size, with the limit under the backends of each program.
fn show_evaluations(sizes: &[Size], events: &[BenchEvent]) -> Result<(), Failure> {
    let columns = |cells: Vec<String>| cells.iter().map(|cell| format!("{cell:>18}")).collect::<String>();
    print_line(&format!(
        "\nEvaluations a second, by training/validation examples (× oracle):\n{:<8}{:>4}  {:<14}{}",
        "program",
        "F",
        "backend",
        columns(sizes.iter().map(Size::to_string).collect())
    ))?;
    for (index, event) in events.iter().enumerate() {
        let line = |name: &str, cells: Vec<String>| {
            print_line(&format!("{:<8}{:>4}  {name:<14}{}", event.program, event.features, columns(cells)))
        };
        let cell = |size: &SizeEvent| {
            let ratio = size.ratio_to_oracle.map_or_else(String::new, |ratio| format!(" ({ratio:.2})"));
            grouped(size.evals_per_second as u64) + &ratio
        };
        line(event.backend.name(), event.by_size.iter().map(cell).collect())?;
        let is_last = events.get(index + 1).is_none_or(|next| (next.program, next.features) != (event.program, event.features));
        if is_last {
            line("limit", event.by_size.iter().map(|size| grouped(size.limit_evals_per_second as u64)).collect())?;
        }
    }
    Ok(())
}

fn backend_name(event: &BenchEvent) -> String {
    match event.ran {
        Some(ran) if ran == event.backend => ran.to_string(),
        Some(ran) => format!("{} ({ran})", event.backend),
        None => format!("{} (mixed)", event.backend),
    }
}
