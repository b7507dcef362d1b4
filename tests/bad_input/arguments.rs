//! Arguments of every command.

use super::{Row, check, nothing, row};

const fn usage(command: &'static str, words: &'static [&'static str]) -> Row {
    row(command, nothing, command, 2, words)
}

pub(super) fn rows() -> Vec<Row> {
    Vec::from([
        usage("x nosuch", &["unrecognized subcommand 'nosuch'", "Usage"]),
        usage("x evovle", &["'evovle'", "evolve"]),
        usage("x eval", &["PROGRAM", "Usage"]),
        usage("x eval linear --no-such-option", &["--no-such-option", "Usage"]),
        usage("x eval linear --features 0", &["`features` is 0", "1 to 4096"]),
        usage("x eval linear --features 18446744073709551615", &["`features`", "1 to 4096"]),
        usage("x eval linear --features 18446744073709551616", &["--features", "number too large"]),
        usage("x eval linear --features=-1", &["--features", "invalid digit"]),
        usage("x eval linear --train 18446744073709551615", &["bytes of task data", "memory limit", "lower features"]),
        usage("x eval linear --train 18446744073709551615 --valid 18446744073709551615 --tasks 18446744073709551615", &["memory limit"]),
        usage("x eval linear --tasks 18446744073709551615", &["memory limit"]),
        usage("x eval linear --tasks 0", &["`tasks` is 0", "at least 1"]),
        usage("x eval linear --epochs 0", &["`epochs` is 0", "at least 1"]),
        usage("x eval linear --epochs 4294967295", &["memory limit"]),
        usage("x eval linear --epochs 4294967296", &["--epochs", "0..=4294967295"]),
        usage("x eval net --task digits --features 4096 --train 100000000", &["memory limit"]),
        usage("x eval linear --max-abs-error nan", &["`max_abs_error` is NaN", "from 0 up"]),
        usage("x eval linear --max-abs-error=-1e-300", &["`max_abs_error`", "from 0 up"]),
        usage("x eval linear --task linaer", &["linaer", "did you mean `linear`?"]),
        usage("x eval linear --task table", &["`data` is missing", "--data"]),
        usage("x eval linear --label y", &["`label` means nothing for tasks of kind `linear`"]),
        usage("x eval linear --pair 3-3", &["3-3", "two different numbers"]),
        usage("x eval net --task digits --pair 3-5 --pair 3-5", &["3-5 twice"]),
        usage("x eval linear --threads 0", &["--threads", "1..=4096"]),
        usage("x eval linear --threads 4097", &["--threads", "1..=4096"]),
        usage("x eval linear --repeat 0", &["--repeat", "1..=1000"]),
        usage("x eval linear --backend gpu", &["gpu", "interp"]),
        usage("x evolve liner", &["liner", "did you mean `linear`?"]),
        usage("x evolve ''", &["there is no preset ``"]),
        usage("x evolve --backend oracle", &["oracle", "interp"]),
        usage("x evolve --islands 0", &["search.islands", "1 to 10000"]),
        usage("x evolve --islands 18446744073709551615", &["search.islands", "1 to 10000"]),
        usage("x evolve --target-fitness 2", &["target", "0 to 1"]),
        usage("x evolve --target-fitness nan", &["target", "0 to 1"]),
        usage("x evolve --max-individuals 0", &["--max-individuals"]),
        usage("x evolve --max-train-steps 18446744073709551616", &["--max-train-steps"]),
        usage("x evolve --max-seconds=-1", &["--max-seconds", "above 0"]),
        usage("x evolve --max-seconds nan", &["--max-seconds", "above 0"]),
        usage("x evolve --out a --no-save", &["--no-save"]),
        usage("x evolve --out ''", &["--out"]),
        usage("x evolve digits --no-save --set tasks.search.kind=projected", &["tasks.search", "--data"]),
        usage("x evolve --no-save --scale 0", &["--scale", "above 0"]),
        usage("x bench --features 1", &["--features", "2..=256"]),
        usage("x bench --sizes 18446744073709551615/1 --seconds 0.1", &["memory limit"]),
        usage("x bench --sizes 1000", &["TRAIN/VALID"]),
        usage("x bench --seconds 0", &["--seconds", "above 0"]),
        usage("x fuzz --cases 0", &["--cases"]),
        usage("x fuzz --seconds nan", &["--seconds", "above 0"]),
        usage("x fuzz --features 0", &["--features"]),
        usage("x fuzz --threads 0", &["--threads"]),
        usage("x fuzz --first x", &["--first"]),
        usage("x conform", &["FILE", "Usage"]),
        usage("x man nosuch", &["no command `nosuch`", "evolve"]),
        usage("x presets nosuch", &["no preset `nosuch`", "linear"]),
        usage("x completions nosuch", &["nosuch", "bash"]),
        usage("x tasks more", &["'more'", "Usage"]),
        usage("x simplify", &["PROGRAM", "Usage"]),
        usage("x disasm linear --ir --asm", &["--asm"]),
        row("threads beyond the machine", nothing, "x evolve --no-save --threads 4096", 1, &["cannot start the threads", "choose fewer"]),
        row("a program's memory", nothing, "x eval net --features 4096 --train 1 --valid 1", 1, &["net", "memory limit"]),
    ])
}

#[test]
fn wrong_usage_is_told_with_what_would_be_right() {
    check(&rows());
}
