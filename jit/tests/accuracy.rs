//! How far sin to log are from the exact results, in units in the last place, by a table of exact results.

use exnihilo_jit::exec::math;

type Function = fn(f64) -> f64;

/// Each function with the largest error that is known, rounded up; the table has its input. `docs/semantics.md` says the same.
const LARGEST_KNOWN: [(&str, Function, f64); 8] = [
    ("sin", math::sin, 0.79),
    ("cos", math::cos, 0.77),
    ("tan", math::tan, 0.83),
    ("arcsin", math::arcsin, 0.91),
    ("arccos", math::arccos, 0.88),
    ("arctan", math::arctan, 0.85),
    ("exp", math::exp, 0.89),
    ("log", math::log, 0.82),
];

/// One unit in the last place of a finite number.
fn ulp(x: f64) -> f64 {
    let above = f64::from_bits(x.abs().to_bits() + 1);
    if above.is_finite() { above - x.abs() } else { x.abs() - f64::from_bits(x.abs().to_bits() - 1) }
}

#[test]
fn every_function_is_within_one_unit_in_the_last_place() {
    let table = include_str!("accuracy/exact.txt");
    let sections: Vec<(&str, &str)> = table.split('[').skip(1).map(|section| section.split_once("]\n").expect("a name")).collect();
    assert_eq!(sections.len(), LARGEST_KNOWN.len());
    for ((name, lines), (expected_name, function, largest_known)) in sections.into_iter().zip(LARGEST_KNOWN) {
        assert_eq!(name, expected_name);
        let mut largest: f64 = 0.0;
        for line in lines.lines() {
            let mut columns = line.split(' ');
            let mut bits = || f64::from_bits(u64::from_str_radix(columns.next().expect("a column"), 16).expect("bits"));
            let (x, rounded) = (bits(), bits());
            let rest: f64 = columns.next().expect("a column").parse().expect("a number");
            let result = function(x);
            let error = ((result - rounded) / ulp(rounded) - rest / 10_000.0).abs();
            assert!(error <= 1.0, "{name}({x:e}) = {result:e} is {error} units from the exact result");
            assert!(rounded != 0.0 || result.to_bits() == rounded.to_bits(), "{name}({x:e}) = {result:e} has the wrong sign");
            largest = largest.max(error);
        }
        println!("{name}: {largest:.4}");
        assert!(largest <= largest_known && largest > largest_known - 0.01, "{name}: {largest} in the last place");
    }
}
