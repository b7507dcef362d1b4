//! Tests on images that are too large to ship. Without them they say loudly that they were skipped.
//!
//! `EXNIHILO_DATA` names a folder of MNIST or Fashion-MNIST (default: where Debian's package `dataset-fashion-mnist` puts it),
//! `EXNIHILO_CIFAR10` one of CIFAR-10 in its binary version.

use std::env;
use std::path::{Path, PathBuf};

use exnihilo_jit::TaskGroup;

use super::{DataCache, Part, SetName, TaskKind, TaskSpec, build_group};

/// Mean accuracy on the validation examples of the rule that takes the class whose mean training example is nearer.
pub(super) fn accuracy_of_class_means(group: &TaskGroup) -> f64 {
    let features = group.features();
    let of_task = |task: &exnihilo_jit::Task| {
        let mut direction = vec![0.0; features];
        for (x, label) in task.train.features.chunks_exact(features).zip(&task.train.labels) {
            for (sum, x) in direction.iter_mut().zip(x) {
                *sum += x * (label - 0.5);
            }
        }
        let right = task.valid.features.chunks_exact(features).zip(&task.valid.labels).filter(|(x, label)| {
            let score: f64 = direction.iter().zip(*x).map(|(w, x)| w * x).sum();
            (score > 0.0) == (**label == 1.0)
        });
        right.count() as f64 / task.valid.labels.len() as f64
    };
    group.tasks().iter().map(of_task).sum::<f64>() / group.tasks().len() as f64
}

/// The folder, if the variable names one or the default is there.
fn folder(variable: &str, default: Option<&str>) -> Option<PathBuf> {
    let found = env::var_os(variable).map(PathBuf::from).or_else(|| default.map(PathBuf::from).filter(|path| path.is_dir()));
    if found.is_none() {
        eprintln!("SKIPPED: no images found; set {variable} to their folder");
    }
    found
}

/// Builds search and final tasks and expects the rule of class means to reach this accuracy on both.
fn check(folder: &Path, image_size: usize, count: usize, accuracy: f64) {
    let data = DataCache::new();
    let images = data.images(folder).expect("the folder is complete");
    assert_eq!((images.image_size(), images.count()), (image_size, count));
    for class in 0..10 {
        let [train, valid, test] = [Part::Train, Part::Valid, Part::Test].map(|part| images.class(class, part).len());
        assert!(train >= 4_000 && valid >= 500 && test >= 500, "class {class}: {train}, {valid}, {test}");
    }
    let spec =
        TaskSpec { train: Some(400), valid: Some(200), tasks: 9, data: Some(folder.to_owned()), ..TaskSpec::new(TaskKind::Projected) };
    for set in [SetName::Search, SetName::Final] {
        let group = build_group(&spec, set, 0, 0, &data).expect("there are enough images");
        let found = accuracy_of_class_means(&group);
        assert!(found > accuracy, "{set:?}: {found}");
    }
}

#[test]
fn fashion_mnist_or_mnist_gives_tasks_that_can_be_learnt() {
    if let Some(folder) = folder("EXNIHILO_DATA", Some("/usr/share/datasets/fashion-mnist")) {
        check(&folder, 784, 70_000, 0.75);
    }
}

#[test]
fn cifar10_gives_tasks_that_can_be_learnt() {
    if let Some(folder) = folder("EXNIHILO_CIFAR10", None) {
        check(&folder, 3_072, 60_000, 0.58);
    }
}
