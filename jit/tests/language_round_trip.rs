//! Random programs through text and JSON and back, and mutated texts that must not break the parser.

use exnihilo_jit::lang::{DataKind, MAX_ADDRESSES};
use exnihilo_jit::{Data, Instruction, Op, Program, Stream};

/// Bits of an f32: any at all, or a value that is special.
fn any_f32(stream: &mut Stream) -> f32 {
    const SPECIAL: [f32; 10] = [0.0, -0.0, 1.0, -1.0, f32::MIN_POSITIVE, f32::MAX, f32::MIN, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
    match stream.next_u64() % 8 {
        0 => SPECIAL[(stream.next_u64() % 10) as usize],
        // Subnormal.
        1 => f32::from_bits(stream.next_u64() as u32 & 0x807f_ffff),
        _ => f32::from_bits(stream.next_u64() as u32),
    }
}

fn any_f64(stream: &mut Stream) -> f64 {
    match stream.next_u64() % 8 {
        0 => any_f32(stream).into(),
        1 => f64::from_bits(stream.next_u64() & 0x800f_ffff_ffff_ffff),
        2 => (stream.next_u64() % 1_000) as f64 / 100.0,
        _ => f64::from_bits(stream.next_u64()),
    }
}

fn any_fraction(stream: &mut Stream) -> f32 {
    let value = any_f32(stream);
    if (0.0..=1.0).contains(&value) { value } else { (stream.next_u64() >> 40) as f32 / (1u64 << 24) as f32 }
}

fn any_instruction(stream: &mut Stream) -> Instruction {
    let op = Op::ALL[stream.next_u64() as usize % Op::ALL.len()];
    let mut address = |first: u8| first + (stream.next_u64() % (MAX_ADDRESSES as u64 - u64::from(first))) as u8;
    let (in1, in2) = (address(0), address(0));
    let out = op.output().map_or(0, |space| address(space.first_writable()));
    let data = match op.info().data {
        DataKind::None => Data::None,
        DataKind::ScalarConst => Data::ScalarConst(any_f64(stream)),
        DataKind::VectorConst => Data::VectorConst { index: any_fraction(stream), value: any_f32(stream) },
        DataKind::MatrixConst => Data::MatrixConst { row: any_fraction(stream), column: any_fraction(stream), value: any_f32(stream) },
        DataKind::Uniform => Data::Uniform { low: any_f32(stream), high: any_f32(stream) },
        DataKind::Gaussian => Data::Gaussian { mean: any_f32(stream), st_dev: any_f32(stream) },
    };
    Instruction::new(op, in1, in2, out, data).expect("made to obey the language")
}

fn any_program(stream: &mut Stream) -> Program {
    let [setup, predict, learn] = [0; 3].map(|_| {
        let length = stream.next_u64() % 12;
        (0..length).map(|_| any_instruction(stream)).collect::<Vec<_>>()
    });
    Program::new(&setup, &predict, &learn)
}

#[test]
fn programs_survive_text_and_json_bit_for_bit() {
    let mut stream = Stream::new(20);
    let mut seen = [0u32; Op::ALL.len()];
    let (mut nan, mut subnormal) = (0, 0);
    for _ in 0..5_000 {
        let program = any_program(&mut stream);
        let text = program.to_string();
        let parsed = text.parse::<Program>();
        assert_eq!(parsed.as_ref(), Ok(&program), "{text}");
        assert_eq!(Program::from_bytes(text.as_bytes()).as_ref(), Ok(&program));
        assert_eq!(parsed.map(|parsed| parsed.to_string()), Ok(text));

        let json = serde_json::to_string(&program).expect("a program is plain data");
        let read: Program = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}\n{json}"));
        assert_eq!(read, program, "{json}");

        for instruction in program.instructions() {
            seen[usize::from(instruction.op().number())] += 1;
            let (values, count) = instruction.data().values();
            nan += values[..count].iter().filter(|value| value.is_nan()).count();
            subnormal += values[..count].iter().filter(|value| value.is_subnormal()).count();
        }
    }
    assert!(seen.iter().all(|&count| count > 100) && nan > 100 && subnormal > 100, "{seen:?} {nan} {subnormal}");
}

#[test]
fn printed_constants_are_the_shortest() {
    // No decimal with one digit less reads back to the same bits.
    let mut stream = Stream::new(21);
    for _ in 0..2_000 {
        let value = any_f64(&mut stream);
        if !value.is_finite() {
            continue;
        }
        let instruction = Instruction::new(Op::ScalarConstSet, 0, 0, 1, Data::ScalarConst(value)).expect("a valid instruction");
        let text = instruction.to_string();
        let digits = text.split('e').next().expect("split yields a first part").bytes().skip(5).filter(u8::is_ascii_digit);
        let significant = digits.skip_while(|&digit| digit == b'0').count();
        assert!(text.contains(['.', 'e']), "{text}");
        if !text.contains(".0") && significant >= 2 {
            let shorter = format!("{value:.*e}", significant - 2);
            assert_ne!(shorter.parse::<f64>().map(f64::to_bits), Ok(value.to_bits()), "{text} and {shorter}");
        }
    }
}

#[test]
fn mutated_texts_never_break_the_parser() {
    const PIECES: [&str; 32] = [
        "def ",
        "Setup",
        "():",
        "pass",
        "\n",
        "\r",
        "\t",
        "#",
        "s0",
        "s1",
        "v64",
        "m03",
        " = ",
        "1 / ",
        "[",
        "]",
        "(",
        ")",
        ",",
        "axis=1",
        "n_features",
        "uniform(",
        "-",
        "inf",
        "nan",
        "1e999",
        "\u{feff}",
        "é",
        "\0",
        "noop()",
        "heaviside(",
        "99999999999999999999",
    ];
    let mut stream = Stream::new(22);
    let (mut read, mut refused) = (0u32, 0u32);
    for _ in 0..1_000 {
        let text = any_program(&mut stream).to_string();
        for _ in 0..100 {
            let mut mutant = text.clone().into_bytes();
            for _ in 0..=stream.next_u64() % 3 {
                let at = (stream.next_u64() % (mutant.len() as u64 + 1)) as usize;
                match stream.next_u64() % 4 {
                    0 if at < mutant.len() => mutant[at] = stream.next_u64() as u8,
                    1 if at < mutant.len() => drop(mutant.remove(at)),
                    2 => mutant.truncate(at),
                    _ => drop(mutant.splice(at..at, PIECES[(stream.next_u64() % 32) as usize].bytes())),
                }
            }
            match Program::from_bytes(&mutant) {
                Ok(program) => {
                    read += 1;
                    assert_eq!(program.to_string().parse().as_ref(), Ok(&program), "{program}");
                }
                Err(error) => {
                    refused += 1;
                    let text = String::from_utf8_lossy(&mutant);
                    let line = text.split('\n').nth(error.line - 1).unwrap_or_else(|| panic!("{error}: no such line"));
                    assert!((1..=line.chars().count() + 1).contains(&error.column), "{error}: {line:?}");
                    assert!(!error.message.is_empty() && !error.remedy.is_empty() && error.remedy.len() < 500, "{error}");
                }
            }
        }
    }
    assert!(read > 5_000 && refused > 30_000, "{read} read, {refused} refused");
}
