use std::fs;

use exnihilo_jit::Examples;

use super::super::TASK_KINDS;
use super::super::real_data_tests::accuracy_of_class_means;
use super::*;

const SETS: [SetName; 4] = [SetName::Search, SetName::Select, SetName::Final, SetName::Eval];

fn build(spec: &TaskSpec, set: SetName, run_seed: u64, experiment: u64) -> TaskGroup {
    build_group(spec, set, run_seed, experiment, &DataCache::new()).expect("the description is good")
}

fn refusal(spec: &TaskSpec) -> String {
    build_group(spec, SetName::Search, 0, 0, &DataCache::new()).expect_err("it is refused").to_string()
}

fn seeds(group: &TaskGroup) -> Vec<u64> {
    group.tasks().iter().map(|task| task.seed).collect()
}

#[test]
fn every_kind_without_files_builds_with_its_defaults_and_is_reproducible() {
    for doc in TASK_KINDS.iter().filter(|doc| !doc.keys.contains(&"data")) {
        let spec = TaskSpec { tasks: 3, epochs: 2, max_abs_error: 7.0, ..TaskSpec::new(doc.kind) };
        for set in SETS {
            let group = build(&spec, set, 3, 1);
            assert_eq!(
                (Some(group.features()), Some(group.train_examples()), Some(group.valid_examples())),
                (doc.features, doc.train, doc.valid)
            );
            assert_eq!((Some(group.settings().scoring), group.settings().epochs, group.settings().max_abs_error), (doc.scoring, 2, 7.0));
            assert_eq!(group.tasks(), build(&spec, set, 3, 1).tasks());
        }
    }
}

#[test]
fn seeds_are_those_of_the_text_and_differ_between_sets_experiments_and_runs() {
    let spec = TaskSpec { train: Some(1), valid: Some(1), tasks: 20, ..TaskSpec::new(TaskKind::Linear) };
    let search = key(key(key(7, purpose::TASK_SET), 1), 4);
    assert_eq!(seeds(&build(&spec, SetName::Search, 7, 4)), (0..20).map(|index| key(search, index)).collect::<Vec<_>>());
    assert_eq!(task_seed(SetName::Search, 7, 4, 3), key(search, 3));

    let mut all = Vec::new();
    for run in [0, 1] {
        for set in SETS {
            for experiment in [0, 1] {
                let found = seeds(&build(&spec, set, run, experiment));
                if experiment == 0 || matches!(set, SetName::Search | SetName::Select) {
                    all.extend(found);
                } else {
                    assert_eq!(found, seeds(&build(&spec, set, run, 0)), "final and eval do not depend on the experiment");
                }
            }
        }
    }
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
    assert_eq!(count, 2 * 6 * 20);
}

#[test]
fn a_task_does_not_depend_on_how_many_there_are() {
    let few = build(&TaskSpec { tasks: 2, ..TaskSpec::new(TaskKind::Digits) }, SetName::Select, 0, 0);
    let many = build(&TaskSpec { tasks: 12, ..TaskSpec::new(TaskKind::Digits) }, SetName::Select, 0, 0);
    assert_eq!(few.tasks(), &many.tasks()[..2]);
}

#[test]
fn digits_are_standardized_stratified_and_learnable() {
    let group = build(&TaskSpec::new(TaskKind::Digits), SetName::Final, 0, 0);
    let ones = |examples: &Examples| examples.labels.iter().filter(|&&label| label == 1.0).count();
    for task in group.tasks() {
        assert_eq!((ones(&task.train), ones(&task.valid)), (116, 29));
        assert!(task.train.labels.iter().all(|&label| label == 0.0 || label == 1.0));
        // Mixed, not one class after the other.
        assert!((30..90).contains(&ones(&Examples { features: Vec::new(), labels: task.train.labels[..116].to_vec() })));
        for feature in 0..16 {
            let values: Vec<f64> = task.train.features.iter().skip(feature).step_by(16).copied().collect();
            let mean = values.iter().sum::<f64>() / 232.0;
            let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 232.0;
            assert!(mean.abs() < 1e-12 && (variance - 1.0).abs() < 1e-12, "mean {mean}, variance {variance}");
        }
    }
    let accuracy = accuracy_of_class_means(&group);
    assert!(accuracy > 0.8, "{accuracy}");
}

#[test]
fn data_too_small_for_the_description_say_how_large_they_are() {
    let message = refusal(&TaskSpec { valid: Some(62), ..TaskSpec::new(TaskKind::Digits) });
    assert!(message.contains("`valid` asks for 62 examples in equal halves, but the validation part has"), "{message}");
    let spec = TaskSpec { pairs: Some(vec!["0-11".parse().expect("a pair")]), ..TaskSpec::new(TaskKind::Digits) };
    let message = refusal(&spec);
    assert!(message.contains("pair 0-11") && message.contains("and 0 images"), "{message}");
}

#[test]
fn odd_numbers_give_the_first_class_one_more_and_remedies_work() {
    let spec = |train| TaskSpec {
        train: Some(train),
        pairs: Some(vec!["8-0".parse().expect("a pair")]),
        tasks: 1,
        ..TaskSpec::new(TaskKind::Digits)
    };
    // Of class 8, 116 images are there to train on, of class 0 more.
    let group = build(&spec(231), SetName::Search, 0, 0);
    assert_eq!(group.tasks()[0].train.labels.iter().sum::<f64>(), 116.0);
    assert!(refusal(&spec(233)).contains("lower `train` to at most 232"));
    assert_eq!(build(&spec(232), SetName::Search, 0, 0).train_examples(), 232);
}

#[test]
fn huge_descriptions_are_refused_before_memory_is_taken() {
    for spec in [
        TaskSpec { tasks: usize::MAX, ..TaskSpec::new(TaskKind::Linear) },
        TaskSpec { train: Some(usize::MAX), valid: Some(usize::MAX), tasks: usize::MAX, ..TaskSpec::new(TaskKind::TwoLayer) },
        TaskSpec { train: Some(1 << 20), features: Some(4_096), ..TaskSpec::new(TaskKind::Affine) },
        TaskSpec { tasks: usize::MAX, ..TaskSpec::new(TaskKind::Digits) },
    ] {
        let message = refusal(&spec);
        assert!(message.contains("pass the memory limit"), "{message}");
    }
}

#[test]
fn a_table_is_read_once_and_each_task_is_another_split() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("table.csv");
    let text: String = (0..50).map(|row| format!("{row},{},{}\n", row * row % 17, row % 2)).collect();
    fs::write(&path, format!("a,b,y\n{text}")).expect("it is written");
    let data = DataCache::new();
    let spec = TaskSpec { data: Some(path.clone()), ..TaskSpec::new(TaskKind::Table) };
    let search = build_group(&spec, SetName::Search, 0, 0, &data).expect("it is good");
    fs::remove_file(&path).expect("it was there");
    let select = build_group(&spec, SetName::Select, 0, 0, &data).expect("it was read before");
    assert_eq!((search.features(), search.train_examples(), search.valid_examples()), (2, 40, 10));
    assert_eq!(search.settings().scoring, Scoring::Accuracy);
    let mut splits: Vec<_> = search.tasks().iter().chain(select.tasks()).map(|task| format!("{:?}", task.train.labels)).collect();
    splits.sort_unstable();
    splits.dedup();
    assert_eq!(splits.len(), 20);
}
