//! The fuzzer's own test: a backend with a fault in one op must be caught, for every op and every kind of fault that it can have.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use exnihilo_jit::Op;
use exnihilo_jit::exec::random::key;
use exnihilo_jit::oracle::Oracle;
use exnihilo_jit::testing::{Family, Fault, FaultyBackend, oracle_records, seen_in_memory, seen_in_search};

/// Every fault is caught within so many programs of seed 0 where memory is observed, as it is of every program; of what a search would
/// notice, by fitness or steps, the table shows what is found as early. The fuzzer runs as many in five seconds.
const WITHIN: u64 = 2_000;

/// Where the table stands.
const BEGIN: &str = "<!-- faults: begin -->\n";
const END: &str = "<!-- faults: end -->\n";

/// The number of the first program that shows a fault, from 1: by its memory, and to a search.
type Caught = [Option<u64>; 2];

fn catch_all() -> BTreeMap<(Op, Fault), Caught> {
    let pairs = Op::ALL.into_iter().flat_map(|op| Fault::ALL.map(|fault| (op, fault)));
    let mut caught: BTreeMap<(Op, Fault), Caught> =
        pairs.filter(|(op, fault)| fault.applies_to(*op)).map(|pair| (pair, [None; 2])).collect();
    let mut oracle = Oracle::new();
    for number in 0..WITHIN {
        let case = Family::generate(key(0, number), None).first();
        let Ok((expected, ordinals)) = oracle_records(&mut oracle, &case.program, case.counts, &case.group) else { continue };
        for ((op, fault), caught) in &mut caught {
            if caught.iter().all(Option::is_some) || !case.program.instructions().iter().any(|instruction| instruction.op() == *op) {
                continue;
            }
            let found = FaultyBackend { fault: Some((*op, *fault)) }.run(&case, &ordinals);
            let seen = [seen_in_memory(&expected, &found), seen_in_search(&expected, &found)];
            for (caught, _) in caught.iter_mut().zip(seen).filter(|(caught, seen)| caught.is_none() && *seen) {
                *caught = Some(number + 1);
            }
        }
    }
    caught
}

fn table(caught: &BTreeMap<(Op, Fault), Caught>) -> String {
    let mut text = String::from("| op |");
    for fault in Fault::ALL {
        write!(text, " {fault:?} |").expect("a String takes any text");
    }
    text += "\n|---|";
    text += &"---|".repeat(Fault::ALL.len());
    text.push('\n');
    for op in Op::ALL {
        write!(text, "| {} |", op.info().reference_name).expect("a String takes any text");
        for fault in Fault::ALL {
            let number = |caught: Option<u64>| caught.map_or_else(|| "-".to_owned(), |number| number.to_string());
            match caught.get(&(op, fault)) {
                None => text += " |",
                Some(&[memory, search]) => write!(text, " {} / {} |", number(memory), number(search)).expect("a String takes any text"),
            }
        }
        text.push('\n');
    }
    text
}

#[test]
fn every_fault_in_every_op_is_caught() {
    let caught = catch_all();
    let missed: Vec<_> = caught.iter().filter(|(_, [memory, _])| memory.is_none()).map(|(pair, _)| pair).collect();
    assert!(missed.is_empty(), "not caught within {WITHIN} programs: {missed:?}");
    assert_eq!(
        caught.keys().map(|(op, _)| op).collect::<std::collections::BTreeSet<_>>().len(),
        Op::ALL.len() - 1,
        "every op but the one that does nothing"
    );

    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/fuzzing.md");
    let text = std::fs::read_to_string(&page).expect("the page on fuzzing");
    let (before, rest) = text.split_once(BEGIN).expect("the table has a beginning");
    let (shown, after) = rest.split_once(END).expect("the table has an end");
    let table = table(&caught);
    if std::env::var_os("EXNIHILO_WRITE_DOCS").is_some() {
        std::fs::write(&page, format!("{before}{BEGIN}{table}{END}{after}")).expect("the page can be written");
    } else {
        assert_eq!(shown, table, "docs/fuzzing.md shows another table; EXNIHILO_WRITE_DOCS=1 cargo test --test faults writes it anew");
    }
}
