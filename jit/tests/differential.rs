//! Every backend and layout against the oracle, bit for bit: random programs within bounds, and what random programs rarely meet.

use exnihilo_jit::lang::{DataKind, Space};
use exnihilo_jit::oracle::{Memory, Oracle, execute};
use exnihilo_jit::testing::{FuzzCase, Fuzzer, SPECIAL_NUMBERS, Tolerance, memory_difference};
use exnihilo_jit::{
    AddressCounts, Backend, CLASSES, Data, Evaluator, Examples, GroupSettings, Instruction, Op, Program, ScoredEpoch, Scoring, Stream,
    Task, TaskGroup, Worker,
};

/// Whether this build and machine have native code.
fn has_native_code() -> bool {
    let mut worker = Evaluator::new(Backend::Jit).worker();
    let mut memory = Memory::new(1, AddressCounts::MIN);
    worker.testing().execute_setup(&Program::default(), 0, &mut memory).expect("an empty program") == Backend::Jit
}

/// How many random programs are run; more with `EXNIHILO_FUZZ_PROGRAMS=100000`.
const PROGRAMS: u64 = 500;

#[test]
fn random_programs_agree_on_every_backend() {
    let given = std::env::var("EXNIHILO_FUZZ_PROGRAMS").map(|number| number.parse().expect("EXNIHILO_FUZZ_PROGRAMS is a number"));
    let programs = given.unwrap_or(PROGRAMS);
    let mut fuzzer = Fuzzer::new(2026, None);
    for number in 0..programs {
        fuzzer.run_number(number).unwrap_or_else(|divergence| {
            panic!("program {number}: {divergence}\nas a case:\n{}", divergence.case.as_deref().unwrap_or("none"))
        });
    }
    let report = fuzzer.report();
    println!("{report:?}");
    assert_eq!((report.programs, report.divergences), (programs, 0));
    // Nine comparisons of a program with its own numbers, three with others, and what was remembered.
    assert_eq!(report.cases, programs * 12 + report.remembered);
    if programs < PROGRAMS {
        return;
    }
    assert_eq!(report.ops.len(), Op::ALL.len());
    assert!((0.2..0.95).contains(&report.finished_share()), "both ends of training are tested: {report:?}");
    assert!(report.remembered > programs / 20, "some programs are seen again in other words: {report:?}");
    assert!(report.features.len() > 30, "{report:?}");
    assert_eq!(report.replaced, if has_native_code() { 0 } else { 5 * programs });
    #[cfg(feature = "jit")]
    if has_native_code() {
        use exnihilo_jit::compile::CodePath;
        let rare = [CodePath::GenerationDropped];
        let missed: Vec<_> =
            CodePath::ALL.iter().filter(|path| !rare.contains(path) && !report.code_paths.contains(&format!("{path:?}"))).collect();
        assert!(missed.is_empty(), "ways through the compiler that no program took: {missed:?}");
    }
}

/// What simplification and canonical form make of programs gives the errors of the programs as written.
#[test]
fn analyses_keep_what_programs_compute() {
    let mut fuzzer = Fuzzer::new(0, None);
    for seed in 0..1_000 {
        fuzzer.run_analyses(&FuzzCase::generate(seed)).unwrap_or_else(|divergence| panic!("{divergence}"));
    }
    assert_eq!(fuzzer.cases(), 3_000);
}

fn constants(kind: DataKind) -> Vec<Data> {
    match kind {
        DataKind::None => vec![Data::None],
        DataKind::ScalarConst => SPECIAL_NUMBERS.map(Data::ScalarConst).to_vec(),
        DataKind::VectorConst => [0.0, 0.4, 0.7, 1.0].map(|index| Data::VectorConst { index, value: -0.5 }).to_vec(),
        DataKind::MatrixConst => [(0.0, 1.0), (1.0, 0.0), (0.4, 0.7), (1.0, 1.0)]
            .map(|(row, column)| Data::MatrixConst { row, column, value: f32::NAN })
            .to_vec(),
        DataKind::Uniform => {
            [(-1.0, 1.0), (1.0, -1.0), (f32::NAN, 1.0), (-f32::MAX, f32::MAX)].map(|(low, high)| Data::Uniform { low, high }).to_vec()
        }
        DataKind::Gaussian => {
            [(0.0, 1.0), (1.0, -2.0), (f32::INFINITY, 1.0), (0.0, f32::NAN)].map(|(mean, st_dev)| Data::Gaussian { mean, st_dev }).to_vec()
        }
    }
}

/// A memory of three addresses each: ordinary numbers, or special ones among them.
fn filled(features: usize, special: bool, stream: &mut Stream) -> Memory {
    let mut memory = Memory::new(features, AddressCounts { scalars: 4, vectors: 3, matrices: 3 });
    let mut number = || if special && stream.below(3) > 0 { SPECIAL_NUMBERS[stream.below(SPECIAL_NUMBERS.len())] } else { stream.normal() };
    memory.scalars_mut().fill_with(&mut number);
    memory.vectors_mut().fill_with(&mut number);
    memory.matrices_mut().fill_with(&mut number);
    memory
}

/// Each op alone, at sizes around every limit of unrolling and of the order of sums, with its operands in every way equal.
fn each_op_alone(backend: Backend) {
    let mut worker = Evaluator::new(backend).worker();
    let mut stream = Stream::new(65);
    let has_native = has_native_code();
    // in1, in2, out: all different, each two the same, all the same.
    let patterns = [[0, 1, 2], [1, 1, 2], [1, 0, 1], [0, 1, 1], [1, 1, 1]];
    for features in [1, 2, 3, 4, 5, 8, 16, 17, 33] {
        // Special numbers meet each other often enough only if few elements are filled often.
        let fills = if features > 8 { 2 } else { 24 / features };
        let memories: Vec<Memory> = (0..fills).map(|fill| filled(features, fill > 0, &mut stream)).collect();
        for op in Op::ALL {
            for (data, [in1, in2, out]) in constants(op.info().data).into_iter().flat_map(|data| patterns.map(|pattern| (data, pattern))) {
                if op.inputs().is_empty() && out != 2 {
                    continue;
                }
                let instruction = Instruction::new(op, in1, in2, out, data).expect("valid");
                let program = Program::new(&[instruction], &[], &[]);
                for initial in &memories {
                    let (mut expected, mut found) = (initial.clone(), initial.clone());
                    execute(&instruction, 0, 0, 77, &mut expected);
                    let ran = worker.testing().execute_setup(&program, 77, &mut found).expect("small");
                    assert_eq!(ran, if has_native { backend } else { Backend::Interp });
                    let difference = memory_difference(&expected, &found, |_, _| Tolerance::Exact);
                    assert_eq!(difference, None, "{backend}: {instruction:?} at F = {features}");
                }
            }
        }
    }
}

#[test]
fn each_op_alone_interpreted() {
    each_op_alone(Backend::Interp);
}

#[test]
fn each_op_alone_compiled() {
    each_op_alone(Backend::Jit);
}

/// Tasks of noise; `spread` tells how far the labels of task i are from 0.
fn noise_tasks(settings: GroupSettings, tasks: usize, [train, valid]: [usize; 2], spread: impl Fn(usize) -> f64) -> TaskGroup {
    let mut stream = Stream::new(tasks as u64);
    let mut examples = |count: usize, scale: f64| Examples {
        features: (0..count * settings.features).map(|_| stream.normal()).collect(),
        labels: (0..count)
            .map(|_| match settings.scoring {
                Scoring::Rms => stream.normal() * scale,
                Scoring::Accuracy => stream.unit().round(),
                Scoring::Classes => stream.below(CLASSES) as f64,
            })
            .collect(),
    };
    let made = (0..tasks).map(|task| Task {
        seed: 1_000 + task as u64,
        train: examples(train, spread(task)),
        valid: examples(valid, spread(task)),
        train_orders: None,
    });
    TaskGroup::new(settings, made.collect()).expect("a valid group")
}

fn run(program: &str, group: TaskGroup) {
    let program: Program = program.parse().expect("a valid program");
    let counts = program.address_counts();
    Fuzzer::new(0, None)
        .run_case(&FuzzCase { seed: 0, origin: "written by hand", counts, program, group })
        .unwrap_or_else(|divergence| panic!("{divergence}"));
}

/// What a program leaves in memory in each function, and what validation adds to it.
const KEEPS_STATE: &str = "
def Setup():
  v1 = gaussian(0.0, 0.5)
  s2 = 0.05
def Predict():
  s3 = dot(v0, v1)
  s4 = s4 + s2
  v2 = v2 + v0
  s5 = mean(v2)
  s1 = s3 + s4
  s1 = s1 + s5
  m1 = m1 + m0
def Learn():
  s6 = s0 - s1
  s6 = s6 * s2
  v3 = s6 * v0
  v1 = v1 + v3
  m0 = outer(v1, v3)
  s7 = norm(m1)
  s4 = s4 - s7
";

/// A validation that fails leaves the memory as it was then, and training goes on from there.
#[test]
fn failed_validations_train_on() {
    for features in [1, 3, 4, 5, 17] {
        for max_abs_error in [0.5, 1.5, 3.0] {
            let settings = GroupSettings { epochs: 3, max_abs_error, ..GroupSettings::new(features, Scoring::Rms) };
            // Labels of training are small, so that it goes on; some of validation are not.
            let mut tasks = noise_tasks(settings, 7, [6, 9], |_| 0.01).tasks().to_vec();
            for (index, task) in tasks.iter_mut().enumerate() {
                task.valid.labels[(index * 2) % 9] = if index % 3 == 2 { 0.0 } else { 50.0 };
            }
            let group = TaskGroup::new(settings, tasks).expect("a valid group");
            if features == 1 && max_abs_error == 3.0 {
                let program: Program = KEEPS_STATE.parse().expect("valid");
                let oracle = Oracle::new().run(&program, &vec![0; program.instructions().len()], &group, 0, AddressCounts::MIN, true);
                let run = oracle.expect("small");
                assert!(run.epochs.len() > 1 && run.epochs[0].valid_errors.is_empty(), "it fails at once and trains on: {run:?}");
            }
            run(KEEPS_STATE, group);
        }
    }
}

/// Each lane stops at another step, some never.
#[test]
fn lanes_stop_at_different_steps() {
    for tasks in [1, 2, 3, 5, 10, 17] {
        for features in [2, 8, 20] {
            let settings = GroupSettings { epochs: 2, max_abs_error: 2.0, ..GroupSettings::new(features, Scoring::Rms) };
            run(KEEPS_STATE, noise_tasks(settings, tasks, [30, 7], |task| task as f64 * 0.2));
        }
    }
}

/// Draws in every function, dead ones among the live: their numbers must not shift.
#[test]
fn draws_in_every_function_have_their_numbers() {
    let text = "
def Setup():
  s9 = uniform(0.0, 1.0)
  v1 = uniform(-1.0, 1.0)
  m0 = gaussian(0.0, 0.3)
  v5 = gaussian(0.0, 1.0)
def Predict():
  s8 = gaussian(0.0, 1.0)
  v2 = gaussian(0.0, 0.1)
  v3 = dot(m0, v2)
  s2 = uniform(-0.1, 0.1)
  s1 = dot(v3, v1)
  s1 = s1 + s2
def Learn():
  m3 = uniform(0.0, 1.0)
  v4 = uniform(1.0, 0.0)
  s3 = gaussian(0.0, 0.2)
  v1 = s3 * v4
  m0 = uniform(-0.5, 0.5)
";
    for features in [1, 3, 8, 17] {
        for tasks in [1, 3, 13] {
            run(text, noise_tasks(GroupSettings { epochs: 2, ..GroupSettings::new(features, Scoring::Rms) }, tasks, [5, 4], |_| 1.0));
        }
    }
}

#[test]
fn classification_goes_through_the_sigmoid() {
    for max_abs_error in [0.0, 0.5, 0.9, 1.0, 100.0] {
        for features in [1, 4, 16, 17] {
            let settings = GroupSettings { epochs: 2, max_abs_error, ..GroupSettings::new(features, Scoring::Accuracy) };
            run(KEEPS_STATE, noise_tasks(settings, 5, [20, 10], |_| 1.0));
        }
    }
}

/// Everything that an evaluation with classes sets and reads, in every function where it means something else.
const CLASSES_AND_STATE: &str = "
def Setup():
  m0 = gaussian(0.0, 0.3)
  s2 = 0.05
  v3 = v1 + v2
def Predict():
  v4 = v4 + v2
  v5 = dot(m0, v0)
  v2 = v5 + v1
  v6 = s0 * v4
  v2 = v2 + v6
  s1 = mean(v2)
  s3 = s3 + s1
def Learn():
  v7 = v1 - v2
  v7 = s2 * v7
  m1 = outer(v7, v0)
  m0 = m0 + m1
  s4 = s0 + s1
  m2 = outer(v1, v1)
  m1 = m2 + m1
  v8 = dot(m1, v1)
  v9 = s2 * v1
  v9 = v8 - v9
";

const PREDICTION_OF_NO_LATER_USE: &str = "
def Setup():
  v3 = gaussian(0.0, 1.0)
  s2 = 0.3
def Predict():
  v2 = v3 * v0
def Learn():
  v4 = v1 - v2
  v4 = v4 * v0
  v4 = s2 * v4
  v3 = v3 + v4
";

#[test]
fn classes_go_through_the_softmax() {
    for max_abs_error in [0.0, 0.5, 0.9, 0.97, 1.0, 100.0] {
        for (features, tasks) in [(10, 5), (11, 1), (16, 13), (17, 3), (40, 2)] {
            let settings = GroupSettings { epochs: 2, max_abs_error, ..GroupSettings::new(features, Scoring::Classes) };
            run(CLASSES_AND_STATE, noise_tasks(settings, tasks, [20, 10], |_| 1.0));
            // Learn has what the softmax made of the prediction, though no later Predict does.
            run(PREDICTION_OF_NO_LATER_USE, noise_tasks(settings, tasks, [20, 10], |_| 1.0));
        }
    }
}

/// Predictions of every special number, beside each other.
#[test]
fn classes_of_special_numbers() {
    for features in [10, 16] {
        let settings = GroupSettings { max_abs_error: f64::INFINITY, ..GroupSettings::new(features, Scoring::Classes) };
        let mut stream = Stream::new(features as u64);
        let mut tasks = noise_tasks(settings, 60, [2, 12], |_| 1.0).tasks().to_vec();
        for (number, task) in tasks.iter_mut().enumerate() {
            for x in task.train.features.iter_mut().chain(&mut task.valid.features) {
                // A few among ordinary ones, mostly without NaN, or nothing else.
                let special = SPECIAL_NUMBERS[stream.below(SPECIAL_NUMBERS.len())];
                let is_taken = stream.below(6) == 0 && !special.is_nan() || number % 5 == 0 && stream.below(3) == 0;
                *x = if is_taken { special } else { x.round() };
            }
        }
        let group = TaskGroup::new(settings, tasks).expect("a valid group");
        run("def Predict():\n  v2 = v0 + v3\ndef Learn():\n  v4 = v2 + v1\n", group);
    }
}

/// Later epochs are shuffled and go through in several blocks.
#[test]
fn shuffled_epochs_longer_than_a_block() {
    let settings = GroupSettings { epochs: 3, max_abs_error: f64::INFINITY, ..GroupSettings::new(3, Scoring::Rms) };
    run(KEEPS_STATE, noise_tasks(settings, 6, [150, 5], |_| 1.0));
    for scored_epoch in [ScoredEpoch::Best, ScoredEpoch::Last] {
        let settings = GroupSettings { max_abs_error: 12.0, scored_epoch, ..settings };
        run(KEEPS_STATE, noise_tasks(settings, 6, [150, 5], |task| task as f64 + 1.0));
    }
}

fn evaluate(worker: &mut Worker, program: &Program, group: &TaskGroup) -> (Vec<u64>, u64, Backend) {
    let evaluation = worker.evaluate(program, group).expect("small");
    (evaluation.task_fitness.iter().map(|fitness| fitness.to_bits()).collect(), evaluation.train_steps, evaluation.backend)
}

/// Beyond what unrolls to a sensible function a program is interpreted, and that is counted; the next one is compiled again.
/// A product that a sum or difference takes along has the same bits as the two alone, on every width and register.
#[test]
fn products_taken_along_agree() {
    let updates = [
        "v3 = s3 * v0\n  v1 = v1 + v3",
        "v3 = s3 * v0\n  v1 = v1 - v3",
        "v3 = s3 * v0\n  v1 = v3 - v1",
        "m1 = outer(v0, v1)\n  m0 = m0 + m1",
        "m1 = outer(v1, v0)\n  m0 = m0 - m1",
        "m1 = outer(v0, v0)\n  m0 = m1 - m0",
        "m1 = s3 * m0\n  m0 = m1 - m0",
        "m2 = gaussian(0.0, 0.1)\n  m1 = s3 * m2\n  m0 = m0 + m1",
    ];
    for update in updates {
        let text = format!(
            "def Setup():\n  m0 = gaussian(0.0, 0.1)\n  v1 = gaussian(0.0, 0.1)\n  s2 = 0.01\ndef Predict():\n  v2 = dot(m0, v0)\n  \
             s1 = dot(v2, v1)\ndef Learn():\n  s3 = s0 - s1\n  s3 = s3 * s2\n  {update}\n"
        );
        for (features, tasks) in [(1, 1), (3, 5), (4, 10), (5, 17), (8, 12), (16, 10), (32, 3), (33, 2)] {
            let settings = GroupSettings { epochs: 2, max_abs_error: f64::INFINITY, ..GroupSettings::new(features, Scoring::Rms) };
            run(&text, noise_tasks(settings, tasks, [7, 3], |_| 1.0));
        }
    }
}

/// A run that goes on from a probe is the run that would have been without it.
#[test]
fn runs_go_on_from_their_probes() {
    for seed in 0..300 {
        let FuzzCase { program, group, .. } = FuzzCase::generate(seed);
        let expected = evaluate(&mut Evaluator::new(Backend::Oracle).worker(), &program, &group);
        for backend in [Backend::Interp, Backend::Jit, Backend::Auto] {
            let mut worker = Evaluator::new(backend).worker();
            let mut prepared = worker.simplify(&program, &group).expect("small").decode();
            // A probe as long as training, or longer, leaves nothing to go on with but validation.
            let probed = prepared.probe(&group, 10 + 30 * (seed as usize % 3), 10).train_steps;
            let evaluation = prepared.run(&group).clone();
            let fitness: Vec<u64> = evaluation.task_fitness.iter().map(|fitness| fitness.to_bits()).collect();
            assert_eq!((fitness, evaluation.train_steps), (expected.0.clone(), expected.1), "{backend}: {program}");
            assert!(probed <= evaluation.train_steps);
            assert_eq!(*prepared.run(&group), evaluation, "a second run begins anew");
            prepared.probe(&group, 10, 10);
            let other = noise_tasks(*group.settings(), group.tasks().len(), [20, 10], |_| 1.0);
            let expected = evaluate(&mut Evaluator::new(Backend::Interp).worker(), &program, &other);
            let found = prepared.run(&other);
            let fitness: Vec<u64> = found.task_fitness.iter().map(|fitness| fitness.to_bits()).collect();
            assert_eq!((fitness, found.train_steps), (expected.0, expected.1), "a probe on another group means nothing");
        }
    }
}

#[test]
fn programs_too_large_to_compile_are_interpreted_and_counted() {
    let add = Instruction::new(Op::ScalarSum, 1, 2, 1, Data::None).expect("valid");
    let grow = Instruction::new(Op::ScalarSum, 2, 0, 2, Data::None).expect("valid");
    let large = Program::new(&[], &[add; 10_000], &[grow; 10_000]);
    let group = noise_tasks(GroupSettings { max_abs_error: f64::INFINITY, ..GroupSettings::new(2, Scoring::Rms) }, 4, [3, 2], |_| 1.0);
    let [mut jit, mut oracle] = [Backend::Jit, Backend::Oracle].map(|backend| Evaluator::new(backend).worker());
    let (fitness, steps, ran) = evaluate(&mut jit, &large, &group);
    assert_eq!((ran, jit.counters().compiled, jit.counters().compile_failures), (Backend::Interp, 0, 1));
    assert_eq!((fitness, steps), {
        let (fitness, steps, _) = evaluate(&mut oracle, &large, &group);
        (fitness, steps)
    });

    let (_, _, ran) = evaluate(&mut jit, &Program::new(&[], &[add], &[grow]), &group);
    let expected = if has_native_code() { (Backend::Jit, 1, 1) } else { (Backend::Interp, 0, 2) };
    assert_eq!((ran, jit.counters().compiled, jit.counters().compile_failures), expected);
}

/// A large memory is interpreted too: what the compiler remembers of each row must not outgrow the memory itself.
#[test]
fn memories_too_large_to_compile_are_interpreted() {
    let program: Program = "def Predict():\n  m0[1.0, 1.0] = 0.5\n  s1 = mean(m0)\n".parse().expect("valid");
    for (features, large) in [(1_030, true), (100, false)] {
        let group = noise_tasks(GroupSettings::new(features, Scoring::Rms), 1, [1, 1], |_| 1.0);
        let [mut jit, mut oracle] = [Backend::Jit, Backend::Oracle].map(|backend| Evaluator::new(backend).worker());
        let (found, expected) = (evaluate(&mut jit, &program, &group), evaluate(&mut oracle, &program, &group));
        assert_eq!((found.0, found.1), (expected.0, expected.1));
        assert_eq!(found.2 == Backend::Jit, !large && has_native_code(), "F = {features}");
    }
}

/// The widest programs still compiled: every function at the limit that the compiler sets itself.
#[test]
fn long_functions_are_compiled_right() {
    let mut instructions = Vec::new();
    let mut stream = Stream::new(3);
    for _ in 0..400 {
        let op = [Op::VectorSum, Op::VectorDiff, Op::VectorProduct, Op::VectorMin, Op::VectorMax][stream.below(5)];
        let [a, b, out] = [stream.below(20), stream.below(20), 1 + stream.below(19)].map(|address| address as u8);
        instructions.push(Instruction::new(op, a, b, out, Data::None).expect("valid"));
    }
    instructions.push(Instruction::new(Op::VectorMean, 19, 0, 1, Data::None).expect("valid"));
    let program = Program::new(&[], &instructions, &instructions);
    let counts = program.address_counts();
    assert_eq!(counts.of(Space::Vector), 20);
    let group = noise_tasks(GroupSettings::new(16, Scoring::Rms), 4, [3, 2], |_| 1.0);
    let mut fuzzer = Fuzzer::new(0, None);
    fuzzer.run_case(&FuzzCase { seed: 0, origin: "long", counts, program, group }).unwrap_or_else(|divergence| panic!("{divergence}"));
    assert_eq!(fuzzer.report().replaced, if has_native_code() { 0 } else { 3 });
}
