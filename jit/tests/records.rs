//! Programs and numbers as JSON: the format of recorded cases.

use exnihilo_jit::lang::RecordId;
use exnihilo_jit::{ComponentFunction, Number, Program, ProgramRecord, RecordError};

/// A line of a program list; the reference made it.
const RECORDED: &str = r#"{"kind":"program","id":7,"num_scalars":5,"setup":[
    {"op":"NO_OP"},
    {"op":"MATRIX_UNIFORM_SET_OP","out":1,"data":[-0.72249948978424072,-0.58619868755340576]},
    {"op":"SCALAR_CONST_SET_OP","out":2,"data":[0.1]},
    {"op":"MATRIX_CONST_SET_OP","out":0,"data":[0.50731843709945679,0.88580727577209473,"-Infinity"]}],
  "predict":[{"op":"VECTOR_INNER_PRODUCT_OP","in1":0,"in2":1,"out":1}],
  "learn":[{"op":"SCALAR_RECIPROCAL_OP","in1":4,"out":4},{"op":"SCALAR_HEAVYSIDE_OP","in1":4,"in2":99,"out":4}],"ref":{"x":[1]}}"#;

#[test]
fn a_recorded_program_is_read() {
    let record: ProgramRecord = serde_json::from_str(RECORDED).expect("valid JSON");
    assert_eq!(record.id, Some(RecordId::Number(7)));
    let program = Program::try_from(&record).expect("a valid program");
    assert_eq!(
        program.to_string(),
        "def Setup():\n  noop()\n  m1 = uniform(-0.7224995, -0.5861987)\n  s2 = 0.1\n  m0[0.50731844, 0.8858073] = -inf\n\
         def Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n  s4 = 1 / s4\n  s4 = heaviside(s4)\n"
    );
    assert_eq!(serde_json::from_str::<Program>(RECORDED).ok().as_ref(), Some(&program));
}

#[test]
fn a_program_is_written_as_it_is_recorded() {
    let program: Program =
        "def Setup():\n noop()\n v1[0.5] = nan\n s2 = -0.0\ndef Learn():\n m0 = outer(v0, v3)".parse().expect("valid text");
    let json = serde_json::to_string(&program).expect("a program is plain data");
    assert_eq!(
        json,
        r#"{"setup":[{"op":"NO_OP"},{"op":"VECTOR_CONST_SET_OP","out":1,"data":[0.5,"NaN"]},{"op":"SCALAR_CONST_SET_OP","out":2,"data":[-0.0]}],"predict":[],"learn":[{"op":"VECTOR_OUTER_PRODUCT_OP","in1":0,"in2":3,"out":0}]}"#
    );
    let named = ProgramRecord { id: Some(RecordId::Text("a".into())), ..ProgramRecord::from(&program) };
    assert!(serde_json::to_string(&named).expect("plain data").starts_with(r#"{"id":"a","setup":"#));
}

#[test]
fn numbers_are_numbers_or_three_words() {
    for (json, value) in [
        ("1", 1.0),
        ("-3", -3.0),
        ("-0.0", -0.0),
        ("-0", -0.0),
        ("4.9406564584124654e-324", 5e-324),
        ("\"NaN\"", f64::NAN),
        ("\"Infinity\"", f64::INFINITY),
        ("\"-Infinity\"", f64::NEG_INFINITY),
    ] {
        let number: Number = serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"));
        assert_eq!(number, Number(value), "{json}");
        let written = serde_json::to_string(&number).expect("a number is plain data");
        assert_eq!(serde_json::from_str::<Number>(&written).ok(), Some(number), "{written}");
    }
    assert_ne!(Number(0.0), Number(-0.0));
    for json in ["\"nan\"", "\"1.0\"", "null", "1e999", "[1]", "true"] {
        assert!(serde_json::from_str::<Number>(json).is_err(), "{json}");
    }
}

/// The error for one instruction, second in Predict.
fn refusal(instruction: &str) -> String {
    let json = format!(r#"{{"setup":[],"predict":[{{"op":"NO_OP"}},{instruction}],"learn":[]}}"#);
    let record: ProgramRecord = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{json}: {error}"));
    let error = Program::try_from(&record).expect_err("an invalid instruction");
    assert!(matches!(error, RecordError::Instruction { function: ComponentFunction::Predict, position: 2, .. }), "{error}");
    error.to_string()
}

#[test]
fn what_is_not_an_instruction_is_refused_with_its_place() {
    for (instruction, message) in [
        (
            r#"{"op":"SCALAR_HEAVISIDE_OP","in1":1,"out":2}"#,
            "unknown op \"SCALAR_HEAVISIDE_OP\"; ops have the reference's names, such as SCALAR_SUM_OP (and it spells HEAVYSIDE)",
        ),
        (r#"{"op":"SCALAR_SUM_OP","in1":1,"out":2}"#, "SCALAR_SUM_OP needs the address \"in2\""),
        (r#"{"op":"SCALAR_CONST_SET_OP","data":[1]}"#, "SCALAR_CONST_SET_OP needs the address \"out\""),
        (r#"{"op":"VECTOR_ABS_OP","in1":64,"out":2}"#, "address v64 is out of range: the last vector is v63"),
        (r#"{"op":"MATRIX_ABS_OP","in1":0,"out":4294967296}"#, "address m4294967296 is out of range: the last matrix is m63"),
        (r#"{"op":"SCALAR_ABS_OP","in1":0,"out":0}"#, "SCALAR_ABS_OP may not write s0: it is set by the evaluation; write s1 or higher"),
        (r#"{"op":"SCALAR_ABS_OP","in1":0,"out":1,"data":[1]}"#, "SCALAR_ABS_OP takes 0 numbers in \"data\", not 1"),
        (r#"{"op":"SCALAR_CONST_SET_OP","out":1}"#, "SCALAR_CONST_SET_OP takes 1 numbers in \"data\", not 0"),
        (r#"{"op":"VECTOR_GAUSSIAN_SET_OP","out":1,"data":[1,2,3]}"#, "VECTOR_GAUSSIAN_SET_OP takes 2 numbers in \"data\", not 3"),
        (r#"{"op":"MATRIX_CONST_SET_OP","out":1,"data":[1]}"#, "MATRIX_CONST_SET_OP takes 3 numbers in \"data\", not 1"),
        (
            r#"{"op":"VECTOR_CONST_SET_OP","out":1,"data":[0,1e39]}"#,
            "the constant 1e39 of VECTOR_CONST_SET_OP is too large for 32 bits; the largest is 3.4028235e38",
        ),
        (r#"{"op":"VECTOR_CONST_SET_OP","out":1,"data":[1.5,0]}"#, "the index fraction 1.5 is not in [0, 1]"),
        (r#"{"op":"VECTOR_CONST_SET_OP","out":1,"data":["NaN",0]}"#, "the index fraction NaN is not in [0, 1]"),
    ] {
        assert_eq!(refusal(instruction), format!("instruction 2 of Predict: {message}"));
    }
    let long: ProgramRecord = ProgramRecord { learn: vec![record_of_no_op(); 10_001], ..ProgramRecord::default() };
    let error = Program::try_from(&long).expect_err("too long");
    assert_eq!(error.to_string(), "Learn has 10001 instructions; a function can have at most 10000");
    assert!(serde_json::from_str::<Program>(r#"{"setup":[],"predict":[]}"#).is_err(), "a missing function is not an empty one");
    assert!(serde_json::from_str::<Program>(r#"{"setup":[{"op":"NO"}],"predict":[],"learn":[]}"#).is_err());
}

fn record_of_no_op() -> exnihilo_jit::InstructionRecord {
    (&exnihilo_jit::Instruction::NO_OP).into()
}
