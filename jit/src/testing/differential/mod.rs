//! Differential fuzzing: every backend and layout against the oracle, bit for bit, and the analyses against their definitions.
//!
//! A crash in native code ends the process: long runs belong into child processes, as `exnihilo fuzz` makes them.

mod compare;
mod divergence;
mod layouts;
mod remembered;
mod report;

use std::collections::BTreeSet;

use super::generate::{Family, FuzzCase, disguised};
use crate::analysis::{Canonicalizer, Liveness, simplify_for};
use crate::cases::{live_instructions_by_paths, ordinals_by_definition};
use crate::eval::{Backend, Evaluation, Evaluator, Worker};
use crate::exec::random::{Stream, key};
use crate::lang::{Interface, Program};
use crate::oracle::Oracle;
use crate::oracle::TaskRecord;
use crate::task::EvalError;
use compare::{Difference, errors_difference, probe_difference};
pub(super) use compare::{evaluation_difference, numbers_difference, records_difference};
pub use divergence::Divergence;
use divergence::divergence;
pub(super) use layouts::{INTERP_WIDTHS, JIT_WIDTHS};
use layouts::{Layouts, Widths};
use remembered::Remembered;
pub use report::FuzzReport;

/// Generates cases and compares all backends on them. Workers and their scratch memory are kept from case to case, so that what
/// one program leaves behind can show in the next.
#[derive(Debug)]
pub struct Fuzzer {
    seed: u64,
    features: Option<usize>,
    oracle: Oracle,
    interp: Worker,
    jit: Worker,
    /// Native code whose register allocation is checked.
    jit_allocation: Worker,
    plain: Worker,
    remembered: Remembered,
    report: FuzzReport,
}

/// What the oracle says of a case.
struct Expected {
    records: Vec<TaskRecord>,
    ordinals: Vec<u32>,
}

/// One in so many programs has its register allocation checked, which takes as long as compiling.
const ALLOCATION_CHECKED: usize = 16;

impl Fuzzer {
    /// A fuzzer whose cases follow from `seed`; at F = `features` only, as far as programs are small enough, where it is given.
    pub fn new(seed: u64, features: Option<usize>) -> Fuzzer {
        Fuzzer {
            seed,
            features,
            oracle: Oracle::new(),
            interp: Evaluator::new(Backend::Interp).worker(),
            jit: checked_worker(false),
            jit_allocation: checked_worker(true),
            plain: Evaluator::new(Backend::Oracle).worker(),
            remembered: Remembered::new(),
            report: FuzzReport::default(),
        }
    }

    /// Runs program number `number` with its own constants and data and with others, on some of the layouts.
    ///
    /// # Errors
    /// The first difference, if there is one; the fuzzer can go on after it.
    pub fn run_number(&mut self, number: u64) -> Result<(), Box<Divergence>> {
        let seed = key(self.seed, number);
        let family = Family::generate(seed, self.features);
        let mut stream = Stream::new(seed);
        let widths = Widths::drawn(&mut stream);
        let layouts = Layouts { checks_allocation: stream.below(ALLOCATION_CHECKED) == 0, ..widths.layouts() };
        let first = family.first();
        self.run_layouts(&first, &layouts)?;
        self.check_remembered(&first, number)?;
        let [observed, production] = [layouts.observed, layouts.production];
        let relative =
            Layouts { observed: [&[], observed[1]], production: [&widths.interp[2..3], production[1]], searches: false, ..layouts };
        self.compare(&family.relative(1), &relative)
    }

    /// Runs a case, whatever it comes from, on some of the layouts, which follow from `choice`.
    ///
    /// # Errors
    /// The first difference, if there is one.
    pub fn run_in_part(&mut self, case: &FuzzCase, choice: u64) -> Result<(), Box<Divergence>> {
        self.run_layouts(case, &Widths::drawn(&mut Stream::new(choice)).layouts())
    }

    /// Runs a case, whatever it comes from, on every layout.
    ///
    /// # Errors
    /// The first difference, if there is one.
    pub fn run_case(&mut self, case: &FuzzCase) -> Result<(), Box<Divergence>> {
        let every: [&[usize]; 2] = [&INTERP_WIDTHS, &JIT_WIDTHS];
        self.run_layouts(case, &Layouts { observed: every, production: every, searches: true, checks_allocation: false })
    }

    /// Runs what the analyses make of the case's program, in place of the program itself: simplified, in canonical form and under other
    /// names, all on the oracle.
    ///
    /// # Errors
    /// The first difference from the program as written.
    pub fn run_analyses(&mut self, case: &FuzzCase) -> Result<(), Box<Divergence>> {
        self.report.count(case);
        let FuzzCase { program, counts, group, .. } = case;
        let interface = group.interface();
        analyses_difference(program, interface).map_err(|(subject, difference)| self.found(case, None, subject, (None, difference)))?;
        let expected = self.expected(case)?;
        let simplified = simplify_for(program, interface);
        let canonical = Canonicalizer::default().program(&simplified, interface, group.features());
        let other = disguised(program, interface, &mut Stream::new(case.seed));
        for (subject, program) in [("simplified", &simplified), ("canonical form", &canonical), ("under other names", &other)] {
            self.report.cases += 1;
            let difference = match oracle_records(&mut self.oracle, program, counts.max(program.address_counts()), group) {
                Ok((found, _)) => errors_difference(&expected.records, &found).err(),
                Err(error) => Some((None, error.to_string())),
            };
            if let Some(difference) = difference {
                return Err(self.found(case, Some(&expected), subject, difference));
            }
        }
        Ok(())
    }

    /// Comparisons done so far.
    pub fn cases(&self) -> u64 {
        self.report.cases
    }

    /// Everything that was done so far.
    pub fn report(&self) -> FuzzReport {
        FuzzReport { code_paths: self.code_paths(), ..self.report.clone() }
    }

    /// The names of the ways through the compiler that programs took.
    fn code_paths(&self) -> BTreeSet<String> {
        #[cfg(feature = "jit")]
        return self.jit.code_paths().union(self.jit_allocation.code_paths()).iter().map(|path| format!("{path:?}")).collect();
        #[cfg(not(feature = "jit"))]
        return BTreeSet::new();
    }

    fn worker(&mut self, backend: Backend, layouts: &Layouts<'_>) -> &mut Worker {
        match backend {
            Backend::Oracle => &mut self.plain,
            Backend::Jit if layouts.checks_allocation => &mut self.jit_allocation,
            Backend::Jit => &mut self.jit,
            _ => &mut self.interp,
        }
    }

    fn run_layouts(&mut self, case: &FuzzCase, layouts: &Layouts<'_>) -> Result<(), Box<Divergence>> {
        self.report.count(case);
        analyses_difference(&case.program, case.group.interface())
            .map_err(|(subject, difference)| self.found(case, None, subject, (None, difference)))?;
        self.compare(case, layouts)
    }

    /// Compares the backends on a case.
    fn compare(&mut self, case: &FuzzCase, layouts: &Layouts<'_>) -> Result<(), Box<Divergence>> {
        let expected = self.expected(case)?;
        self.compare_observed(case, &expected, layouts)
            .and_then(|()| if layouts.searches { self.compare_searches(case, &expected, layouts) } else { Ok(()) })
            .and_then(|()| self.compare_production(case, &expected, layouts))
            .map_err(|(subject, difference)| self.found(case, Some(&expected), &subject, difference))
    }

    /// Runs the program as written on each task. Ordinals come from liveness by its definition.
    fn expected(&mut self, case: &FuzzCase) -> Result<Expected, Box<Divergence>> {
        let FuzzCase { program, counts, group, .. } = case;
        let (records, ordinals) = oracle_records(&mut self.oracle, program, *counts, group)
            .map_err(|error| self.found(case, None, "oracle", (None, error.to_string())))?;
        let steps = u64::from(group.settings().epochs) * group.train_examples() as u64;
        self.report.runs += records.len() as u64;
        self.report.finished += records.iter().filter(|record| record.train_steps == steps).count() as u64;
        Ok(Expected { records, ordinals })
    }

    /// Whole memories, errors, steps and fitness of the program as written, with several numbers of lanes.
    fn compare_observed(&mut self, case: &FuzzCase, expected: &Expected, layouts: &Layouts<'_>) -> Result<(), (String, Difference)> {
        for (backend, width) in Layouts::of(layouts.observed) {
            self.report.cases += 1;
            let worker = self.worker(backend, layouts);
            let failed = |difference| (format!("{backend}, observed, {width} lanes"), difference);
            let observed = worker
                .observe(&case.program, case.counts, &case.group, Some(width))
                .map_err(|error| failed((None, format!("refused: {error}"))))?;
            let replaced = is_replaced(worker, backend, observed.backend).map_err(failed)?;
            self.report.replaced += u64::from(replaced);
            records_difference(&expected.records, &observed.records).map_err(failed)?;
        }
        Ok(())
    }

    /// Errors, steps and fitness of the simplified program, as a search sees them: by a probe and the run that goes on from it, by the
    /// oracle, by native code of the layout chosen for it, and under other names.
    fn compare_searches(&mut self, case: &FuzzCase, expected: &Expected, layouts: &Layouts<'_>) -> Result<(), (String, Difference)> {
        let FuzzCase { program, group, .. } = case;
        // Any numbers will do, such as follow from the case.
        let mut stream = Stream::new(case.seed);
        let (train, valid) = (1 + stream.below(group.train_examples()), 1 + stream.below(group.valid_examples()));
        let failed = |subject: &str| {
            let subject = subject.to_owned();
            move |difference| (subject, difference)
        };
        let refused = |error: EvalError| ("interp".to_owned(), (None, format!("refused: {error}")));

        let mut prepared = self.interp.simplify(program, group).map_err(refused)?.decode();
        self.report.cases += 1;
        let probe = prepared.probe(group, train, valid);
        let oracle = &mut self.oracle;
        let expected_probe = |task| oracle.probe(program, &expected.ordinals, group, task, train, valid).map_err(|error| error.to_string());
        probe_difference(probe, group.tasks().len(), expected_probe).map_err(failed("interp, probe"))?;

        self.report.cases += 1;
        evaluation_difference(&expected.records, prepared.run(group)).map_err(failed("interp, after a probe"))?;

        let other = disguised(program, group.interface(), &mut stream);
        self.report.cases += 1;
        let evaluation = self.interp.evaluate(&other, group).map_err(refused)?;
        evaluation_difference(&expected.records, evaluation).map_err(failed("interp, under other names"))?;

        self.compare_simplified(case, expected, layouts, Backend::Oracle, None)?;
        self.compare_simplified(case, expected, layouts, Backend::Jit, None)
    }

    /// The same with given numbers of lanes.
    fn compare_production(&mut self, case: &FuzzCase, expected: &Expected, layouts: &Layouts<'_>) -> Result<(), (String, Difference)> {
        Layouts::of(layouts.production)
            .try_for_each(|(backend, width)| self.compare_simplified(case, expected, layouts, backend, Some(width)))
    }

    fn compare_simplified(
        &mut self,
        case: &FuzzCase,
        expected: &Expected,
        layouts: &Layouts<'_>,
        backend: Backend,
        width: Option<usize>,
    ) -> Result<(), (String, Difference)> {
        self.report.cases += 1;
        let worker = self.worker(backend, layouts);
        let failed = |difference| {
            let lanes = width.map_or_else(String::new, |width| format!(", {width} lanes"));
            (format!("{backend}, simplified{lanes}"), difference)
        };
        let evaluation = match width {
            Some(width) => worker.testing().evaluate_with_width(&case.program, &case.group, width),
            None => worker.evaluate(&case.program, &case.group),
        };
        let evaluation = evaluation.map_err(|error| failed((None, format!("refused: {error}"))))?;
        let (ran, difference) = (evaluation.backend, evaluation_difference(&expected.records, evaluation));
        let replaced = is_replaced(worker, backend, ran).map_err(failed)?;
        self.report.replaced += u64::from(replaced);
        difference.map_err(failed)
    }

    /// What was remembered of programs of the same canonical form against what this one gives.
    fn check_remembered(&mut self, case: &FuzzCase, number: u64) -> Result<(), Box<Divergence>> {
        match self.remembered.check(&mut self.interp, &case.program, case.group.interface(), number) {
            Ok(known) => {
                self.report.cases += u64::from(known);
                self.report.remembered += u64::from(known);
                Ok(())
            }
            Err(difference) => Err(self.found(case, None, "remembered by canonical form", difference)),
        }
    }

    fn found(&mut self, case: &FuzzCase, expected: Option<&Expected>, subject: &str, difference: Difference) -> Box<Divergence> {
        self.report.divergences += 1;
        divergence(case, expected, subject, difference)
    }
}

/// What the oracle gives for a program as written on each task of a group, and the ordinals of its instructions by their definition.
///
/// # Errors
/// As [`Oracle::run`].
pub fn oracle_records(
    oracle: &mut Oracle,
    program: &Program,
    counts: crate::lang::AddressCounts,
    group: &crate::lanes::TaskGroup,
) -> Result<(Vec<TaskRecord>, Vec<u32>), EvalError> {
    let ordinals = ordinals_by_definition(program, group.interface());
    let records = (0..group.tasks().len()).map(|task| oracle.record(program, &ordinals, group, task, counts));
    let records = records.collect::<Result<_, _>>()?;
    Ok((records, ordinals))
}

/// Whether records of a backend differ from the oracle's for someone who looks at memory and every error.
pub fn seen_in_memory(expected: &[TaskRecord], found: &[TaskRecord]) -> bool {
    records_difference(expected, found).is_err()
}

/// Whether they differ for a search, which sees fitness and steps only.
pub fn seen_in_search(expected: &[TaskRecord], found: &[TaskRecord]) -> bool {
    let evaluation = Evaluation {
        task_fitness: found.iter().map(|record| record.fitness).collect(),
        train_steps: found.iter().map(|record| record.train_steps).sum(),
        backend: Backend::Oracle,
    };
    evaluation_difference(expected, &evaluation).is_err()
}

/// The analyses against their definitions, and text against what it was printed from.
fn analyses_difference(program: &Program, interface: Interface) -> Result<(), (&'static str, String)> {
    let (mut fast, by_paths) = (Vec::new(), live_instructions_by_paths(program, interface));
    Liveness::mark(program, interface, &mut fast);
    if let Some(position) = fast.iter().zip(&by_paths).position(|(fast, slow)| fast != slow) {
        return Err(("liveness", format!("instruction {position} is live: {}, by its definition: {}", fast[position], by_paths[position])));
    }
    match program.to_string().parse::<Program>() {
        Ok(read) if read == *program => Ok(()),
        Ok(read) => Err(("text", format!("printed and read again it is another program:\n{read}"))),
        Err(error) => Err(("text", format!("what is printed cannot be read: {error}"))),
    }
}

/// A worker whose native code is verified, and its allocation of registers too where asked for.
pub(super) fn checked_worker(allocation: bool) -> Worker {
    let evaluator = Evaluator::new(Backend::Jit);
    #[cfg(feature = "jit")]
    let evaluator =
        evaluator.checked(if allocation { crate::compile::Checks::VerifierAndAllocation } else { crate::compile::Checks::Verifier });
    #[cfg(not(feature = "jit"))]
    let _ = allocation;
    evaluator.worker()
}

/// Whether the interpreter ran in place of native code, as it must where there can be none. That the compiler failed is a difference.
fn is_replaced(worker: &Worker, backend: Backend, ran: Backend) -> Result<bool, Difference> {
    #[cfg(feature = "jit")]
    if ran != backend
        && let Some(error @ crate::compile::CompileError::Codegen(_)) = worker.compile_error()
    {
        return Err((None, error.to_string()));
    }
    #[cfg(not(feature = "jit"))]
    let _ = worker;
    Ok(ran != backend)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::{Case, CaseReader};
    use crate::testing::{OracleBackend, Verdict, check};

    /// A divergence carries all that is needed to commit it as a case, and the oracle meets that case.
    #[test]
    fn a_divergence_is_a_ready_case() {
        let mut fuzzer = Fuzzer::new(0, None);
        for seed in 0..20 {
            let case = FuzzCase::generate(seed);
            let expected = fuzzer.expected(&case).expect("small");
            let task = case.group.tasks().len() - 1;
            let divergence = fuzzer.found(&case, Some(&expected), "nobody", (Some(task), "nothing".into()));
            assert!(divergence.to_string().contains(&format!("task {task}: nothing")));
            let line = divergence.case.expect("the oracle ran");
            let mut reader = CaseReader::new("case".into(), Box::new(std::io::Cursor::new(line.into_bytes())));
            let Some(Ok(mut case @ Case::Execute(_))) = reader.next() else { panic!("seed {seed}: no case") };
            let verdict = check(&mut OracleBackend::default(), &case).expect("the oracle gives what it gave");
            assert_eq!(verdict, Verdict::Agrees);
            // Even the last bit counts.
            let Case::Execute(execute) = &mut case else { unreachable!("it is one") };
            execute.expected[task].fitness = f64::from_bits(execute.expected[task].fitness.to_bits() ^ 1);
            assert!(check(&mut OracleBackend::default(), &case).is_err());
        }
    }
}
