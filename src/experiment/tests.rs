use exnihilo_jit::{ComponentFunction, Op};

use super::*;
use crate::task::TaskKind;

fn linear() -> Experiment {
    Experiment::preset("linear").expect("a built-in preset")
}

/// The text of the refusal after one key is set.
fn refusal(key: &str, value: &str) -> String {
    let mut experiment = linear();
    experiment.set(key, value).expect("a known key and a value of its type");
    experiment.validate().expect_err("an impossible value").to_string()
}

#[test]
fn presets_are_valid_and_read_back() {
    for preset in PRESETS {
        let experiment = Experiment::preset(preset.name).expect("a built-in preset parses");
        assert_eq!(experiment.name, preset.name);
        assert!(!experiment.description.is_empty());
        assert!(experiment.paper.as_ref().is_some_and(|paper| !paper.section.is_empty()), "{} states its section", preset.name);
        let first = preset.toml.lines().next().unwrap_or_default();
        assert!(first.starts_with("# "), "{} begins with what it is: {first}", preset.name);
        experiment.validate().expect("a built-in preset is valid");
        let text = experiment.to_toml().expect("a preset can be written");
        assert_eq!(Experiment::from_toml(&text).expect("what was written reads back"), experiment);
    }
}

#[test]
fn the_linear_preset_is_the_published_demonstration() {
    let experiment = linear();
    let sizes = ComponentFunction::ALL.map(|function| experiment.program.function(function).initial);
    assert_eq!(sizes, [10, 2, 8]);
    for function in ComponentFunction::ALL {
        let settings = experiment.program.function(function);
        assert_eq!((settings.min, settings.max), (settings.initial, settings.initial));
        let mut ops: Vec<u8> = settings.ops.iter().map(|op| op.0.number()).collect();
        ops.sort_unstable();
        assert_eq!(ops, [2, 3, 18, 23, 27, 56]);
    }
    assert_eq!((experiment.search.population.of_island(0), experiment.search.tournament), (1000, 10));
    assert_eq!(experiment.search.side_by_side, 8);
    assert_eq!(experiment.target, Some(0.9999));
}

#[test]
fn unknown_keys_name_the_nearest_known_one() {
    let text = linear().to_toml().expect("a preset can be written");
    let message = Experiment::from_toml(&text.replace("tournament", "turnament")).expect_err("unknown").to_string();
    assert!(message.contains("line ") && message.contains("did you mean `tournament`?"), "{message}");
    for (key, guess) in [
        ("search.popluation", "population"),
        ("fec.enable", "enabled"),
        ("memo.capacty", "capacity"),
        ("mem.enabled", "memo"),
        ("serch.population", "search"),
        ("program.setup.op", "ops"),
        ("program.addresses.scalar", "scalars"),
        ("tasks.search.feature", "features"),
    ] {
        let mut experiment = linear();
        let message = experiment.set(key, "1").expect_err("an unknown key").to_string();
        assert!(message.starts_with(&format!("cannot set {key}: ")), "{message}");
        assert!(message.ends_with(&format!("did you mean `{guess}`?")), "{message}");
        assert_eq!(experiment, linear(), "a refused key changes nothing");
    }
    let message = Experiment::preset("linaer").expect_err("no such preset").to_string();
    assert!(message.contains("did you mean `linear`?") && message.contains("net-from-damaged"), "{message}");
    let message = linear().set("search.mutations", "[\"alter-parameters\"]").expect_err("no such kind").to_string();
    assert!(message.contains("did you mean `alter-parameter`?"), "{message}");
    let message = linear().set("program.setup.ops", "[\"SCALAR_SUMM_OP\"]").expect_err("no such op").to_string();
    assert!(message.contains("did you mean `SCALAR_SUM_OP`?"), "{message}");
}

#[test]
fn keys_are_set_in_toml_notation() {
    let mut experiment = linear();
    experiment.set("search.population", "1_234").expect("an integer");
    experiment.set("search.mutate_prob", "0.5").expect("a float");
    experiment.set("search.fitness", "median").expect("a bare word is a string");
    experiment.set("search.initial", "\"no-op\"").expect("a string");
    experiment.set("program.learn.ops", "[1, \"MATRIX_SUM_OP\", 64]").expect("ops by number and name");
    experiment.set("tasks.search.tasks", "3").expect("a key of the tasks");
    experiment.set("tasks.seed", "9").expect("a key that was absent");
    assert_eq!(experiment.search.population, Populations::from(1234));
    assert_eq!(experiment.search.mutate_prob, 0.5);
    assert_eq!(experiment.search.fitness, exnihilo_jit::Combine::Median);
    assert_eq!(experiment.search.initial, "no-op");
    assert_eq!(experiment.program.learn.ops, [Op::ScalarSum, Op::MatrixSum, Op::MatrixGaussianSet].map(OpName));
    assert_eq!(experiment.tasks.seed, Some(9));
    for (key, value) in [
        ("search.population", "many"),
        ("search.population", "-1"),
        ("search.population.more", "1"),
        ("search", "1"),
        ("", "1"),
        ("search..population", "1"),
        ("a.b.c.d.e.f.g.h.i.j", "1"),
        ("program.setup.ops", "[65]"),
        ("program.setup.ops", "[-1]"),
    ] {
        assert!(experiment.set(key, value).is_err(), "{key}={value}");
    }
}

#[test]
fn impossible_values_name_key_and_remedy() {
    for (key, value, remedy) in [
        ("search.population", "0", "choose 1 to 1000000"),
        ("search.population", "1000001", "choose 1 to 1000000"),
        ("search.tournament", "0", "choose 1 to"),
        ("search.mutate_prob", "1.5", "choose 0 to 1"),
        ("search.mutate_prob", "nan", "choose 0 to 1"),
        ("search.mutations", "[]", "name at least one"),
        ("search.islands", "0", "choose 1 to"),
        ("search.side_by_side", "100000", "choose 1 to"),
        ("search.round", "0", "choose 1 to"),
        ("fec.forget_after", "1", "fec.enabled = false"),
        ("fec.capacity", "100000000", "choose at most 12500000"),
        ("memo.capacity", "0", "choose 1 to"),
        ("memo.capacity", "100000000", "choose at most 12500000"),
        ("program.setup.max", "10001", "choose 0 to 10000"),
        ("program.setup.min", "11", "choose 0 to 10"),
        ("program.setup.initial", "9", "choose 10 to 10"),
        ("target", "1.1", "choose 0 to 1"),
    ] {
        let message = refusal(key, value);
        assert!(message.starts_with(&format!("{key}: ")) && message.contains(remedy), "{message}");
    }
    assert!(refusal("program.addresses.scalars", "65").contains("program.addresses"));
    let message = refusal("program.addresses.vectors", "1");
    assert!(message.contains("program.setup.ops") && message.contains("at least 2 vector addresses"), "{message}");
    let message = refusal("search.initial", "nowhere.az");
    assert!(message.contains("search.initial") && message.contains("nowhere.az"), "{message}");
    assert!(refusal("search.initial", "net").contains("search.initial"), "the net has other sizes");
}

#[test]
fn tasks_with_classes_need_room_and_leave_the_label_alone() {
    let of_classes = |settings: &[(&str, &str)]| {
        let mut experiment = Experiment::preset("digits").expect("a built-in preset");
        for &(key, value) in settings {
            experiment.set(key, value).expect("a known key");
        }
        experiment.validate().map(|()| experiment.interface()).map_err(|error| error.to_string())
    };
    let [search, select, last] = ["search", "select", "final"].map(|set| format!("tasks.{set}.classes"));
    let all = [(search.as_str(), "10"), (select.as_str(), "10"), (last.as_str(), "10")];
    assert_eq!(of_classes(&[]), Ok(exnihilo_jit::Interface::Number));
    assert_eq!(of_classes(&all), Ok(exnihilo_jit::Interface::Classes));
    let with = |key, value| of_classes(&[&all[..], &[(key, value)]].concat()).expect_err("an impossible value");
    let message = with("program.addresses.vectors", "2");
    assert!(message.starts_with("program.addresses: 2 vectors are too few") && message.contains("at least 3 vectors"), "{message}");
    let message = with("search.initial", "def Learn():\n  v1 = v0 + v0\n");
    assert!(message.starts_with("search.initial: the program writes v1 in Learn") && message.contains("\"softmax\""), "{message}");
    assert!(with("search.initial", "linear").contains("writes v1"));
    let message = with("tasks.final.features", "9");
    assert!(message.contains("tasks.final") && message.contains("choose 10 to"), "{message}");
    assert_eq!(of_classes(&[&all[..], &[("search.initial", "softmax")]].concat()), Ok(exnihilo_jit::Interface::Classes));
    for missing in 0..3 {
        let mut some = all.to_vec();
        some.remove(missing);
        let message = of_classes(&some).expect_err("sets that disagree");
        assert!(message.contains("has tasks of another kind than tasks.search") && message.contains("`classes = 10`"), "{message}");
    }
}

#[test]
fn a_named_program_file_becomes_text() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("start.az"), "def Predict():\n  s1 = dot(v0, v0)\n").expect("a small file");
    let text = linear()
        .to_toml()
        .expect("a preset can be written")
        .replace("\"random\"", "\"start.az\"")
        .replace("\"linear\"\ndesc", "\"\"\ndesc");
    let path = folder.path().join("own.toml");
    std::fs::write(&path, text).expect("a small file");
    let experiment = Experiment::load(&path).expect("a readable experiment");
    assert_eq!(experiment.name, "own");
    assert!(experiment.search.initial.starts_with("def Predict():"));
    assert!(matches!(experiment.initial_population(), Ok(InitialPopulation::Program(_))));
    let message = Experiment::load(&folder.path().join("absent.toml")).expect_err("no such file").to_string();
    assert!(message.contains("absent.toml"), "{message}");
}

/// What the table of the paper's settings says of the larger searches: addresses, largest sizes, ops of Setup, Predict and Learn.
#[test]
fn the_larger_presets_are_those_of_the_paper() {
    let numbers = |settings: &FunctionSettings| settings.ops.iter().map(|op| op.0.number()).collect::<Vec<_>>();
    let setup: Vec<u8> = (56..=64).collect();
    let main: Vec<u8> = (0..=55).chain([60, 61]).collect();
    let adapted: Vec<u8> = (0..=55).chain([63, 64]).collect();
    for (name, addresses, ops, initial) in [
        ("main", [8, 14, 3], &main, "no-op"),
        ("few-examples", [10, 16, 4], &adapted, "net"),
        ("few-examples-control", [10, 16, 4], &adapted, "net"),
        ("fast-training", [10, 16, 4], &adapted, "net"),
        ("fast-training-control", [10, 16, 4], &adapted, "net"),
        ("multi-class", [10, 16, 4], &adapted, "softmax-net"),
        ("multi-class-control", [10, 16, 4], &adapted, "net"),
    ] {
        let Experiment { program, search, fec, hurdle, budget, migration, .. } = Experiment::preset(name).expect("a built-in preset");
        let counts = program.addresses;
        assert_eq!([counts.scalars, counts.vectors, counts.matrices], addresses, "{name}");
        assert_eq!([program.setup.max, program.predict.max, program.learn.max], [21, 21, 45], "{name}");
        assert_eq!(
            [numbers(&program.setup), numbers(&program.predict), numbers(&program.learn)],
            [&setup, ops, ops].map(Vec::clone),
            "{name}"
        );
        assert_eq!((search.population.of_island(0), search.tournament, search.initial.as_str()), (100, 10, initial), "{name}");
        assert_eq!((search.constants, &search.mutations), (ConstantFactor::Uniform, &Mutations::Paper), "{name}");
        assert_eq!(search.fitness, exnihilo_jit::Combine::Median, "{name}");
        assert!(fec.enabled && hurdle.enabled && migration.enabled && budget.enabled, "{name}");
        assert_eq!((hurdle.percentile, budget.factor, migration.count(search.population.of_island(0))), (0.75, 4.0, 50), "{name}");
    }
    let mut sets: Vec<_> = Experiment::preset("main")
        .expect("a built-in preset")
        .tasks
        .search
        .iter()
        .map(|spec| (spec.with_data.expect("the paper's").train, spec.epochs, spec.tasks, spec.features.expect("given")))
        .collect();
    sets.sort_unstable();
    let mut expected = Vec::new();
    for (train, epochs) in [(800, 1), (800, 10), (8_000, 1)] {
        for tasks in [1, 10] {
            expected.extend([8, 16, 256].map(|features| (train, epochs, tasks, features)));
        }
    }
    assert_eq!(sets, expected);
    for (name, train, epochs) in [
        ("few-examples", 80, 100),
        ("few-examples-control", 800, 100),
        ("fast-training", 800, 10),
        ("fast-training-control", 800, 100),
        ("multi-class-control", 8_000, 1),
    ] {
        let tasks = Experiment::preset(name).expect("a built-in preset").tasks;
        assert!(tasks.search.iter().all(|spec| (spec.with_data.expect("the paper's").train, spec.epochs) == (train, epochs)), "{name}");
        assert_eq!(tasks.search.iter().map(|spec| spec.tasks).collect::<Vec<_>>(), [10, 100], "{name}");
    }
    let classes = Experiment::preset("multi-class").expect("a built-in preset");
    assert_eq!(classes.interface(), exnihilo_jit::Interface::Classes);
}

#[test]
fn the_preset_of_figure_5_has_the_four_groups_of_the_paper() {
    let Experiment { program, search, tasks, hurdle, fec, .. } = Experiment::preset("fig5-net").expect("a built-in preset");
    let counts = program.addresses;
    assert_eq!([counts.scalars, counts.vectors, counts.matrices], [4, 8, 2]);
    for (function, size, ops) in [
        (&program.setup, 21, &[56, 63, 64][..]),
        (&program.predict, 3, &[27, 31, 48]),
        (&program.learn, 9, &[2, 3, 16, 18, 23, 25, 28, 39]),
    ] {
        assert_eq!([function.initial, function.min, function.max], [size; 3]);
        assert_eq!(function.ops.iter().map(|op| op.0.number()).collect::<Vec<_>>(), ops);
    }
    assert_eq!((search.initial.as_str(), search.islands, hurdle.enabled, fec.enabled), ("random", 4, false, true));
    let groups: Vec<_> = tasks.search.iter().map(|spec| (spec.train.expect("given"), spec.tasks)).collect();
    assert_eq!(groups, [(20_000, 100), (100_000, 22), (10_000, 5), (100, 1)]);
    assert_eq!(search.population.sizes(), [100, 215, 464, 1_000]);
    let all = tasks.search.iter().chain([&tasks.select]).chain(tasks.final_set.as_ref());
    assert!(all.into_iter().all(|spec| (spec.features, spec.zeroed) == (Some(8), Some(false))));
}

#[test]
fn every_preset_searches_at_a_small_scale() {
    use crate::search::{Search, SearchOptions};
    for preset in PRESETS {
        let mut experiment = Experiment::preset(preset.name).expect("a built-in preset");
        experiment.scale(0.02).expect("a factor");
        // Where the start is a program, every child of it trains.
        experiment.target = None;
        let options = SearchOptions { max_individuals: Some(200), threads: 1, ..SearchOptions::default() };
        let search = Search::new(experiment, 0, options).expect("a valid experiment");
        let outcome = search.run(|_| {}).expect("a result");
        assert_eq!(outcome.counts.individuals, 200, "{}", preset.name);
        assert!(outcome.final_fitness.is_some(), "{}", preset.name);
    }
}

#[test]
fn own_data_take_the_place_of_all() {
    let (first, second) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let kinds = |experiment: &Experiment| {
        let tasks = &experiment.tasks;
        let all = tasks.search.iter().chain([&tasks.select]).chain(tasks.final_set.as_ref());
        all.map(|spec| (spec.kind, spec.data.clone().expect("data"))).collect::<Vec<_>>()
    };
    let [a, b] = [&first, &second].map(|folder| (TaskKind::Projected, folder.path().to_owned()));

    let mut experiment = Experiment::preset("baseline").expect("a built-in preset");
    experiment.set_data(&[first.path()]).expect("a folder");
    assert_eq!((kinds(&experiment), experiment.search.islands), (vec![a.clone(); 3], 1));
    let counts = |spec: &TaskSpec| (spec.train, spec.valid, spec.with_data);
    assert_eq!(counts(&experiment.tasks.search[0]), (Some(8_000), Some(1_000), None), "the paper's counts");
    experiment.validate().expect("a valid experiment");

    let mut mixed = Experiment::preset("few-examples").expect("a built-in preset");
    mixed.set_data(&[first.path(), second.path()]).expect("folders");
    assert_eq!(kinds(&mixed), [&a, &b, &a, &b, &a, &a].map(Clone::clone), "search sets in turn, the rest on the first");
    assert_eq!(mixed.tasks.search.iter().map(|spec| spec.tasks).collect::<Vec<_>>(), [10, 10, 100, 100]);
    assert_eq!(counts(&mixed.tasks.search[3]), (Some(80), Some(1_000), None));
    let mut more = Experiment::preset("baseline").expect("a built-in preset");
    more.set_data(&[first.path(), second.path()]).expect("folders");
    assert_eq!((more.tasks.search.len(), more.search.islands), (2, 2), "an island for each set");
    more.validate().expect("a valid experiment");

    let mut as_it_was = Experiment::preset("digits").expect("a built-in preset");
    as_it_was.set_data(&[first.path()]).expect("a folder");
    assert_eq!(counts(&as_it_was.tasks.search[0]), (Some(232), Some(58), None));

    let mut table = Experiment::preset("net-from-damaged").expect("a built-in preset");
    table.tasks.search[0].zeroed = Some(false);
    table.set_data(&["nowhere.csv"]).expect("a path");
    let expected = (TaskKind::Table, std::env::current_dir().expect("a folder").join("nowhere.csv"));
    assert_eq!(kinds(&table), vec![expected; 3], "paths are absolute, so that a run can be resumed from anywhere");
    assert_eq!((table.tasks.select.features, table.tasks.select.train, table.tasks.search[0].zeroed), (None, None, None));
    table.validate().expect("a valid experiment");

    let mut relative = table.clone();
    relative.tasks.select.data = Some("nowhere.csv".into());
    relative.make_data_absolute();
    assert_eq!(relative, table);
    let before = relative.clone();
    relative.set_data(&[] as &[&str]).expect("nothing");
    assert_eq!(relative, before);
}

/// Of the table of the paper's supplement, section S3 and figure 4.
#[test]
fn the_presets_of_figure_4_are_those_of_the_paper() {
    let predict_setup = [vec![56, 57], vec![27], vec![1, 27]];
    for (name, addresses, sizes, predict, learn, individuals) in [
        ("fig4-linear", [4, 3, 1], [5, 1, 4], &predict_setup[1], &[2, 3, 18, 23][..], 10_000),
        ("fig4-affine", [5, 3, 1], [6, 2, 6], &predict_setup[2], &[1, 2, 3, 18, 23], 100_000),
        ("fig4-linear-backprop", [4, 3, 1], [0, 0, 4], &predict_setup[1], &[2, 3, 18, 23], 10_000),
        ("fig4-affine-backprop", [5, 3, 1], [0, 0, 6], &predict_setup[2], &[1, 2, 3, 18, 23], 10_000),
    ] {
        let experiment = Experiment::preset(name).expect("a built-in preset");
        let counts = experiment.program.addresses;
        assert_eq!([counts.scalars, counts.vectors, counts.matrices], addresses, "{name}");
        let given = name.ends_with("backprop");
        for (function, ops) in ComponentFunction::ALL.into_iter().zip([&predict_setup[0], predict, &learn.to_vec()]) {
            let settings = experiment.program.function(function);
            let found: Vec<u8> = settings.ops.iter().map(|op| op.0.number()).collect();
            if given && function != ComponentFunction::Learn {
                assert!(found.is_empty(), "{name}: {} is given", function.name());
                continue;
            }
            assert_eq!(&found, ops, "{name} {}", function.name());
            assert_eq!([settings.initial, settings.min, settings.max], [sizes[function as usize]; 3], "{name} {}", function.name());
        }
        let search = &experiment.search;
        assert_eq!((search.population.of_island(0), search.tournament, search.islands, search.mutate_prob), (1000, 10, 1, 0.9));
        assert_eq!(
            (search.max_individuals, search.constants, &search.mutations),
            (Some(individuals), ConstantFactor::Uniform, &Mutations::Reference)
        );
        assert_eq!(search.randomize, if given { vec![ComponentFunction::Learn] } else { Vec::new() });
        assert_eq!(experiment.fec, FecSettings::default());
        let tasks = experiment.tasks.search[0].resolved();
        assert_eq!((tasks.tasks, tasks.features, tasks.train, tasks.valid), (3, Some(8), Some(1_000), Some(100)));
    }
}

#[test]
fn random_functions_at_the_start_need_a_program_and_ops() {
    let refused = |name: &str, settings: &[(&str, &str)]| {
        let mut experiment = Experiment::preset(name).expect("a built-in preset");
        for (key, value) in settings {
            experiment.set(key, value).expect("a known key");
        }
        experiment.validate().expect_err("refused").to_string()
    };
    let learn = [("search.randomize", "[\"learn\"]")];
    assert!(refused("linear", &learn).starts_with("search.randomize: means nothing where search.initial is \"random\""));
    for (value, words) in [("[\"setup\"]", "has no ops"), ("[\"learn\", \"learn\"]", "has Learn twice")] {
        let message = refused("fig4-linear-backprop", &[("search.randomize", value)]);
        assert!(message.starts_with("search.randomize: ") && message.contains(words), "{message}");
    }
    let message = refused("digits", &[("search.method", "random")]);
    assert!(message.starts_with("search.method: ") && message.contains("program.setup.initial"), "{message}");
}
