use std::collections::HashSet;

use super::*;

const SETS: [SetName; 4] = [SetName::Search, SetName::Select, SetName::Final, SetName::Eval];

/// Ten classes of 60 images of one pixel each, the last ten of each class for the test. The pixel tells the part: 10 plus the class for
/// training, 100 plus the class for validation, 200 plus the class for the test.
fn marked() -> ImageSet {
    let labels: Vec<u8> = (0..600).map(|image| (image % 10) as u8).collect();
    let parts = ImageSet::new("parts".to_owned(), 1, vec![0; 600], labels.clone(), Some(500));
    let mut pixels = vec![0; 600];
    for (part, mark) in [(Part::Train, 10), (Part::Valid, 100), (Part::Test, 200)] {
        for class in 0..10 {
            for &image in parts.class(class, part) {
                pixels[image as usize] = mark + class;
            }
        }
    }
    ImageSet::new("marked".to_owned(), 1, pixels, labels, Some(500))
}

#[test]
fn pairs_are_read_and_printed() {
    let pair: Pair = "3-5".parse().expect("a pair");
    assert_eq!((pair.first(), pair.second(), pair.to_string()), (3, 5, "3-5".to_owned()));
    assert_eq!("5 - 3".parse::<Pair>().expect("a pair").to_string(), "5-3");
    for wrong in ["3-3", "3", "3-", "-3", "3-256", "3-4-5", "a-b", ""] {
        let message = wrong.parse::<Pair>().expect_err("not a pair").to_string();
        assert!(message.contains(&format!("`{wrong}`")) && message.contains("3-5"), "{message}");
    }
}

#[test]
fn search_has_the_36_pairs_that_nothing_else_has() {
    let search: HashSet<Pair> = pairs_of(SetName::Search).into_iter().collect();
    assert_eq!(search.len(), 36);
    for set in [SetName::Select, SetName::Final, SetName::Eval] {
        let held_out = pairs_of(set);
        assert_eq!(held_out.len(), 9);
        assert!(held_out.iter().all(|pair| !search.contains(pair)));
    }
}

#[test]
fn tasks_of_a_set_differ_in_pair_then_in_projection() {
    for set in SETS {
        let pairs = pairs_of(set);
        let choices = choose(&pairs, 2 * pairs.len(), 17);
        let first: HashSet<Pair> = choices[..pairs.len()].iter().map(|choice| choice.0).collect();
        assert_eq!(first.len(), pairs.len());
        assert_eq!(choices.iter().collect::<HashSet<_>>().len(), choices.len());
        assert_ne!(choices, choose(&pairs, 2 * pairs.len(), 18));
        assert_eq!(choices[..5], choose(&pairs, 5, 17));
    }
    let one = ["3-5".parse().expect("a pair")];
    let projections: HashSet<usize> = choose(&one, PROJECTIONS, 0).into_iter().map(|choice| choice.1).collect();
    assert_eq!(projections, (0..PROJECTIONS).collect());
    assert_eq!(choose(&one, 101, 0)[100], choose(&one, 101, 0)[0]);
}

#[test]
fn only_final_tasks_see_test_images_and_only_to_validate() {
    let images = marked();
    for set in SETS {
        let pairs = pairs_of(set);
        let tasks = PairTasks { images: &images, pairs: &pairs, first: 0, features: 1, train: 80, valid: 20, valid_part: valid_part(set) };
        let seeds: Vec<u64> = (0..40).collect();
        let built = tasks.build(9, &seeds).expect("there are enough images");
        let expected = if set == SetName::Final { 190.0 } else { 90.0 };
        for (task, (pair, _)) in built.iter().zip(choose(&pairs, 40, 9)) {
            // Training has two values, 10 + a and 10 + b, which become 1 and -1; so a pixel p is |a - b| / 2 times the feature away from their mean.
            assert!(task.train.features.iter().all(|x| (x.abs() - 1.0).abs() < 1e-9));
            let scale = f64::from(pair.first.abs_diff(pair.second)) / 2.0;
            for (x, label) in task.valid.features.iter().zip(&task.valid.labels) {
                let class = f64::from(if *label == 1.0 { pair.first } else { pair.second });
                let offset = class - f64::from(pair.first + pair.second) / 2.0;
                assert!((x.abs() * scale - expected - offset).abs() < 1e-6, "{set:?}: {x} of pair {pair}");
            }
        }
    }
}

#[test]
fn examples_are_distinct_images_of_both_classes() {
    let images = marked();
    let pair = "7-2".parse().expect("a pair");
    let chosen = draw(&images, Part::Train, &shares(pair, 41), Stream::new(3));
    assert_eq!(chosen.iter().map(|example| example.0).collect::<HashSet<_>>().len(), 41);
    assert_eq!(chosen.iter().filter(|example| example.1 == 1.0).count(), 21);
    for (image, label) in chosen {
        assert_eq!(images.label(image), if label == 1.0 { 7 } else { 2 });
        assert_eq!(images.image(image), [10 + images.label(image)]);
    }
}
