//! The program text: every form that is accepted, and every refusal with its place and remedy.

use exnihilo_jit::lang::{MAX_INSTRUCTIONS, MAX_TEXT_BYTES};
use exnihilo_jit::{ComponentFunction, Data, Instruction, Op, Program};

fn parse(text: &str) -> Program {
    text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The instruction of one line.
fn line(text: &str) -> Instruction {
    let program = parse(&format!("def Setup():\n{text}"));
    assert_eq!(program.instructions().len(), 1, "{text}");
    program.instructions()[0]
}

fn refusal(text: &str) -> String {
    match text.parse::<Program>() {
        Ok(program) => panic!("{text:?} was read as\n{program}"),
        Err(error) => error.to_string(),
    }
}

/// Every row of the table of operations in `semantics.md`, with the number of its op.
const NOTATIONS: [(&str, u8); 65] = [
    ("noop()", 0),
    ("s3 = s1 + s2", 1),
    ("s3 = s1 - s2", 2),
    ("s3 = s1 * s2", 3),
    ("s3 = s1 / s2", 4),
    ("s3 = abs(s1)", 5),
    ("s3 = 1 / s1", 6),
    ("s3 = sin(s1)", 7),
    ("s3 = cos(s1)", 8),
    ("s3 = tan(s1)", 9),
    ("s3 = arcsin(s1)", 10),
    ("s3 = arccos(s1)", 11),
    ("s3 = arctan(s1)", 12),
    ("s3 = exp(s1)", 13),
    ("s3 = log(s1)", 14),
    ("s3 = heaviside(s1)", 15),
    ("v3 = heaviside(v1)", 16),
    ("m3 = heaviside(m1)", 17),
    ("v3 = s1 * v2", 18),
    ("v3 = bcast(s1)", 19),
    ("v3 = 1 / v1", 20),
    ("s3 = norm(v1)", 21),
    ("v3 = abs(v1)", 22),
    ("v3 = v1 + v2", 23),
    ("v3 = v1 - v2", 24),
    ("v3 = v1 * v2", 25),
    ("v3 = v1 / v2", 26),
    ("s3 = dot(v1, v2)", 27),
    ("m3 = outer(v1, v2)", 28),
    ("m3 = s1 * m2", 29),
    ("m3 = 1 / m1", 30),
    ("v3 = dot(m1, v2)", 31),
    ("m3 = bcast(v1, axis=0)", 32),
    ("m3 = bcast(v1, axis=1)", 33),
    ("s3 = norm(m1)", 34),
    ("v3 = norm(m1, axis=0)", 35),
    ("v3 = norm(m1, axis=1)", 36),
    ("m3 = transpose(m1)", 37),
    ("m3 = abs(m1)", 38),
    ("m3 = m1 + m2", 39),
    ("m3 = m1 - m2", 40),
    ("m3 = m1 * m2", 41),
    ("m3 = m1 / m2", 42),
    ("m3 = matmul(m1, m2)", 43),
    ("s3 = minimum(s1, s2)", 44),
    ("v3 = minimum(v1, v2)", 45),
    ("m3 = minimum(m1, m2)", 46),
    ("s3 = maximum(s1, s2)", 47),
    ("v3 = maximum(v1, v2)", 48),
    ("m3 = maximum(m1, m2)", 49),
    ("s3 = mean(v1)", 50),
    ("s3 = mean(m1)", 51),
    ("v3 = mean(m1, axis=1)", 52),
    ("v3 = std(m1, axis=1)", 53),
    ("s3 = std(v1)", 54),
    ("s3 = std(m1)", 55),
    ("s3 = 0.5", 56),
    ("v3[0.4] = 0.5", 57),
    ("m3[0.4, 0.9] = 0.5", 58),
    ("s3 = uniform(-1.0, 1.0)", 59),
    ("v3 = uniform(-1.0, 1.0)", 60),
    ("m3 = uniform(-1.0, 1.0)", 61),
    ("s3 = gaussian(0.0, 0.1)", 62),
    ("v3 = gaussian(0.0, 0.1)", 63),
    ("m3 = gaussian(0.0, 0.1)", 64),
];

#[test]
fn every_op_is_read_and_printed_in_its_notation() {
    for (text, number) in NOTATIONS {
        let instruction = line(text);
        assert_eq!(instruction.op().number(), number, "{text}");
        assert_eq!(instruction.to_string(), text);
        for (which, (_, address)) in instruction.reads().enumerate() {
            assert_eq!(usize::from(address), which + 1, "input {which} of {text}");
        }
        assert_eq!(instruction.out(), if number == 0 { 0 } else { 3 }, "{text}");
        // Without the blanks, and with as many as can be.
        assert_eq!(line(&text.replace(' ', "")), instruction);
        let spread: String = text.chars().flat_map(|c| if "()[],+*/=".contains(c) { vec![' ', '\t', c, ' '] } else { vec![c] }).collect();
        assert_eq!(line(&spread), instruction, "{spread}");
    }
}

#[test]
fn the_layout_of_a_text_is_free() {
    let plain = parse("def Setup():\n  s2 = 0.5\ndef Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  v1 = v1 + v2\n");
    for text in [
        "\u{feff}def Setup():\r\n\ts2 = 0.5\r\n\r\ndef Predict():\r\n s1 = dot(v0, v1)\r\ndef Learn():\r\n v1 = v1 + v2",
        "def Learn():\nv1=v1+v2\ndef Setup():\ns2=.5\ndef Predict():\ns1=dot(v0,v1)",
        "# é is welcome here ∑ def\n\n  def  Setup ( ) : # x\n # y\n s2 = 0.5# def Setup():\n\tdef\tPredict():\n s1 = dot ( v0 ,v1 )\ndef Learn():\n   v1 = v1 + v2 #",
    ] {
        assert_eq!(parse(text), plain, "{text:?}");
    }
}

#[test]
fn functions_may_be_missing_or_empty() {
    let empty = Program::default();
    for text in [
        "def Setup():",
        "def Learn():\n",
        "def Setup():\ndef Predict():\ndef Learn():\n",
        "def Predict():\n  pass\ndef Setup():\n\n  pass # nothing\n",
    ] {
        assert_eq!(parse(text), empty, "{text:?}");
    }
    assert_eq!(empty.to_string(), "def Setup():\ndef Predict():\ndef Learn():\n");
    let program = parse("def Learn():\n  v1 = v1 + v2\n");
    assert_eq!(program.function(ComponentFunction::Learn).len(), 1);
    assert!(program.function(ComponentFunction::Setup).is_empty() && program.function(ComponentFunction::Predict).is_empty());
}

#[test]
fn numbers_follow_the_grammar_and_are_rounded_once() {
    let scalar = |text: &str| match line(&format!("s2 = {text}")).data() {
        Data::ScalarConst(value) => value.to_bits(),
        other => panic!("{text} was read as {other:?}"),
    };
    for (text, value) in [
        ("0", 0.0),
        ("-0", -0.0),
        ("+7", 7.0),
        ("007.50", 7.5),
        ("5.", 5.0),
        (".5", 0.5),
        ("-.5e1", -5.0),
        ("5.E+2", 500.0),
        ("1e-7", 1e-7),
        ("0e999999999999999999999", 0.0),
        ("1e-999999999999999999999", 0.0),
        ("-1e-400", -0.0),
        ("3e-324", 5e-324),
        ("1.7976931348623157e308", f64::MAX),
        ("0.1000000000000000055511151231257827021181583404541015625", 0.1),
        ("inf", f64::INFINITY),
        ("+inf", f64::INFINITY),
        ("-inf", f64::NEG_INFINITY),
        ("nan", f64::NAN),
    ] {
        assert_eq!(scalar(text), value.to_bits(), "{text}");
    }
    let element = |text: &str| match line(&format!("v2[0.0] = {text}")).data() {
        Data::VectorConst { value, .. } => value.to_bits(),
        other => panic!("{text} was read as {other:?}"),
    };
    // Just above the middle of 1 and the next f32; rounded to f64 first, it would be the middle and then go to 1.
    let above_the_middle = "1.0000000596046447753906250000000000000000001";
    assert_eq!(element(above_the_middle), 1.000_000_1_f32.to_bits());
    assert_eq!(above_the_middle.parse::<f64>().map(|twice| twice as f32), Ok(1.0), "the example tells the two apart");
    assert_eq!(element("-1e-60"), (-0.0f32).to_bits());
    assert_eq!(element("3.4028235e38"), f32::MAX.to_bits());
    assert_eq!(element("nan"), f32::NAN.to_bits());
}

#[test]
fn the_printer_is_shortest_and_shows_that_a_number_is_one() {
    for (value, text) in [
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (0.1, "0.1"),
        (1e-7, "1e-7"),
        (1.5e300, "1.5e300"),
        (5e-324, "5e-324"),
        (f64::MAX, "1.7976931348623157e308"),
        (f64::INFINITY, "inf"),
        (f64::NEG_INFINITY, "-inf"),
        (-f64::NAN, "nan"),
    ] {
        let instruction = Instruction::new(Op::ScalarConstSet, 0, 0, 1, Data::ScalarConst(value)).expect("a valid instruction");
        assert_eq!(instruction.to_string(), format!("s1 = {text}"));
    }
    let data = Data::MatrixConst { row: 0.1, column: 1.0, value: -1e-45 };
    let instruction = Instruction::new(Op::MatrixConstSet, 0, 0, 0, data).expect("a valid instruction");
    assert_eq!(instruction.to_string(), "m0[0.1, 1.0] = -1e-45", "f32 constants are printed as f32");
}

#[test]
fn what_the_reference_prints_can_be_pasted_in() {
    for (pasted, plain) in [
        ("NoOp()", "noop()"),
        ("s3 = heaviside(s1, 1.0)", "s3 = heaviside(s1)"),
        ("v3 = heaviside(v1, 1.0)", "v3 = heaviside(v1)"),
        ("m3 = heaviside(m1, 1)", "m3 = heaviside(m1)"),
        ("v3 = uniform(-0.5, 0.25, n_features)", "v3 = uniform(-0.5, 0.25)"),
        ("m3 = uniform(-0.5, 0.25, (n_features, n_features))", "m3 = uniform(-0.5, 0.25)"),
        ("v3 = gaussian(0.125, 2, n_features)", "v3 = gaussian(0.125, 2.0)"),
        ("m3 = gaussian(0.125, 2, ( n_features,n_features ) )", "m3 = gaussian(0.125, 2.0)"),
    ] {
        assert_eq!(line(pasted).to_string(), plain);
    }
    for one in ["1", "1.0", "+1", "1e0", "01.", "10e-1", ".1E+1", "0.00001e5"] {
        assert_eq!(line(&format!("s3 = {one} / s1")).op(), Op::ScalarReciprocal, "{one}");
        assert_eq!(line(&format!("m0 = {one}/m0")).op(), Op::MatrixReciprocal, "{one}");
    }
}

#[test]
fn sizes_are_bounded() {
    // The longest lines that the printer makes: the largest program must be readable.
    let line = "  m63[1.1754944e-38, 1.1754944e-38] = -1.1754944e-38\n";
    let body = line.repeat(MAX_INSTRUCTIONS);
    let full = format!("def Setup():\n{body}def Predict():\n{body}def Learn():\n{body}");
    assert!(full.len() < MAX_TEXT_BYTES);
    assert!(parse(&full).to_string() == full);
    assert_eq!(
        refusal(&format!("def Setup():\n{body}\n noop()\n")),
        "line 10003, column 2: `Setup` has more than 10000 instructions; remove instructions: this is the most that a function can have"
    );
    let long = format!("def Setup():\n#{}", "x".repeat(MAX_TEXT_BYTES - 14));
    assert_eq!(long.len(), MAX_TEXT_BYTES);
    assert_eq!(parse(&long), Program::default());
    let too_long = "line 1, column 1: the text has 8388609 bytes, a program at most 8388608; check that this is a program file";
    assert_eq!(refusal(&format!("{long}x")), too_long);
    assert_eq!(Program::from_bytes(&vec![0xff; MAX_TEXT_BYTES + 1]).map_err(|error| error.to_string()), Err(too_long.to_string()));
}

#[test]
fn long_nonsense_is_cut_in_messages() {
    let digits = "9".repeat(1_000_000);
    for text in [
        format!("s{digits} = s1 + s2"),
        format!("s1 = {digits}"),
        format!("s1 = {digits}x"),
        format!("s1 = x{digits}(s2)"),
        format!("s1 = dot(v0, {digits})"),
        format!("v1 = {digits}"),
        format!("v1 = uniform(0, 1, x{digits})"),
        format!("x{digits}"),
        format!("s1 = sin({}", "(".repeat(1_000_000)),
        format!("s1 = sin({}", "s1,".repeat(1_000_000)),
        format!("def x{digits}():"),
    ] {
        let message = refusal(&format!("def Setup():\n{text}\n"));
        assert!(message.starts_with("line 2, ") && message.len() < 400, "{message}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_named_with_their_place() {
    let read = |bytes: &[u8]| Program::from_bytes(bytes).map_err(|error| error.to_string());
    assert_eq!(read(b"def Setup():\n"), Ok(Program::default()));
    assert_eq!(
        read("def Setup():\n# é".as_bytes().iter().chain(b"\xe9t\xe9").copied().collect::<Vec<u8>>().as_slice()),
        Err("line 2, column 4: the text is not UTF-8: byte 0xE9 cannot stand here; save the file as UTF-8".into())
    );
    assert_eq!(
        read(b"\xef\xbb\xbfdef\xc3"),
        Err("line 1, column 4: the text is not UTF-8: byte 0xC3 cannot stand here; save the file as UTF-8".into())
    );
}
