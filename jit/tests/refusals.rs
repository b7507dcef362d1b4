//! Every refusal of the parser: the text, and the whole message with line, column and remedy.

use exnihilo_jit::Program;

#[track_caller]
fn assert_refused(text: &str, message: &str) {
    match text.parse::<Program>() {
        Ok(program) => panic!("{text:?} was read as\n{program}"),
        Err(error) => assert_eq!(error.to_string(), message, "{text:?}"),
    }
}

#[test]
fn texts_that_are_not_programs() {
    for (text, message) in [
        (
            "",
            "line 1, column 1: the text has no function; write at least one of `def Setup():`, `def Predict():` and `def Learn():`, instructions below it",
        ),
        (
            "# only a comment\n",
            "line 1, column 1: the text has no function; write at least one of `def Setup():`, `def Predict():` and `def Learn():`, instructions below it",
        ),
        (
            "s1 = s2 + s3\n",
            "line 1, column 1: `s1` stands outside of any function; start with `def Setup():`, `def Predict():` or `def Learn():`",
        ),
        (
            "\n  pass",
            "line 2, column 3: `pass` stands outside of any function; start with `def Setup():`, `def Predict():` or `def Learn():`",
        ),
        (
            "def Setup():\ndef Setup():",
            "line 2, column 5: a second function `Setup`, the first is on line 1; put all its instructions into one body",
        ),
        (
            "def setup():",
            "line 1, column 5: unknown function `setup`; did you mean `Setup`? write `def Setup():`, `def Predict():` or `def Learn():`",
        ),
        ("def Train():", "line 1, column 5: unknown function `Train`; write `def Setup():`, `def Predict():` or `def Learn():`"),
        (
            "def learn ():",
            "line 1, column 5: unknown function `learn`; did you mean `Learn`? write `def Setup():`, `def Predict():` or `def Learn():`",
        ),
        ("def Setup:", "line 1, column 10: expected `(`, found `:`; write `def Setup():`"),
        ("def Setup()", "line 1, column 12: expected `:`, found the end of the line; write `def Setup():`"),
        ("def Setup(x):", "line 1, column 11: expected `)`, found `x`; write `def Setup():`"),
        (
            "def",
            "line 1, column 4: expected the name of a function, found the end of the line; write `def Setup():`, `def Predict():` or `def Learn():`",
        ),
        (
            "def 3():",
            "line 1, column 5: expected the name of a function, found `3`; write `def Setup():`, `def Predict():` or `def Learn():`",
        ),
        (
            "def Setup(): pass",
            "line 1, column 14: `pass` stands on the line of the `def`; put the body on the lines below, one instruction a line",
        ),
        (
            "def Learn(): s1 = s2 + s3",
            "line 1, column 14: `s1` stands on the line of the `def`; put the body on the lines below, one instruction a line",
        ),
        ("def Setup():\n pass\n pass", "line 3, column 2: `pass` stands for an empty body, but `Setup` has one already; remove this line"),
        (
            "def Setup():\n pass\n noop()",
            "line 3, column 2: an instruction after the `pass` that stands for the empty body of `Setup`; remove the `pass`",
        ),
        (
            "def Setup():\n noop()\n pass",
            "line 3, column 2: `pass` stands for an empty body, but `Setup` has one already; remove this line",
        ),
        ("def Setup():\n pass()", "line 2, column 6: unexpected `(` after `pass`; write one instruction a line, nothing after it"),
        (
            "return s1",
            "line 1, column 1: `return` stands outside of any function; start with `def Setup():`, `def Predict():` or `def Learn():`",
        ),
        (
            "def Setup():\n\u{feff}noop()",
            "line 2, column 1: the character `\\u{feff}` (U+FEFF) cannot stand in program text; write ASCII letters, digits and symbols; other characters only in comments",
        ),
        (
            "def Setup():\n\ts1 = s2 − s3",
            "line 2, column 10: the character `−` (U+2212) cannot stand in program text; write ASCII letters, digits and symbols; other characters only in comments",
        ),
        (
            "def Setup():\n  s1 = s2\u{a0}+ s3 # é",
            "line 2, column 10: the character `\\u{a0}` (U+00A0) cannot stand in program text; write ASCII letters, digits and symbols; other characters only in comments",
        ),
        ("def Setup():\r noop()\r", "line 1, column 13: a carriage return without a line feed; end lines with LF or with CR LF"),
        (
            "def Setup():\0",
            "line 1, column 13: the character `\\0` (U+0000) cannot stand in program text; write ASCII letters, digits and symbols; other characters only in comments",
        ),
    ] {
        assert_refused(text, message);
    }
}

/// Lines in a function, indented by one blank; the messages name column 2 for what comes first.
#[test]
fn lines_that_are_not_instructions() {
    for (line, message) in [
        ("s0 = s1 + s2", "column 2: `s0` cannot be written: the evaluation sets it; write to `s1` or higher"),
        ("v0 = v1 + v2", "column 2: `v0` cannot be written: the evaluation sets it; write to `v1` or higher"),
        ("v0[0.5] = 1", "column 2: `v0` cannot be written: the evaluation sets it; write to `v1` or higher"),
        ("s64 = s1 + s2", "column 2: the address `s64` is out of range; the last scalar is `s63`"),
        ("s3 = s1 + s03", "column 12: the address `s03` has a leading zero; write `s3`"),
        ("s3 = v64 + s1", "column 7: the address `v64` is out of range; the last vector is `v63`"),
        ("s3 = m99999999999(", "column 7: the address `m99999999999` is out of range; the last matrix is `m63`"),
        ("s00 = 1", "column 2: the address `s00` has a leading zero; write `s0`"),
        ("S3 = s1 + s2", "column 2: unknown name `S3`; write `s3`"),
        ("s3 = S1 + s2", "column 7: unknown name `S1`; write `s1`"),
        (
            "s3 = x1",
            "column 7: unknown name `x1`; write an address, a number or a function; the functions that give a scalar are abs, sin, cos, tan, arcsin, arccos, arctan, exp, log, heaviside, norm, dot, minimum, maximum, mean, std, uniform, gaussian",
        ),
        ("s3 = s1 + x2", "column 12: unknown name `x2`; an operation takes addresses: write `s3 = s1 + s2`"),
        ("s3 = abs(x1)", "column 11: unknown name `x1`; write `s3 = abs(s1)`, `v3 = abs(v1)` or `m3 = abs(m1)`"),
        (
            "v3 = 0.5",
            "column 7: a vector cannot be set to a number; write `v3[0.4] = 0.5` for one element; `v3 = uniform(a, a)` sets all to the number a",
        ),
        (
            "m3 = 1e3",
            "column 7: a matrix cannot be set to a number; write `m3[0.4, 0.9] = 0.5` for one element; `m3 = uniform(a, a)` sets all to the number a",
        ),
        ("v3 = v1", "column 7: `v3 = v1` is a copy, which is not an operation; write `v3 = minimum(v1, v1)`"),
        ("m0 = m1", "column 7: `m0 = m1` is a copy, which is not an operation; write `m0 = minimum(m1, m1)`"),
        ("s3 = s1", "column 7: `s3 = s1` is a copy, which is not an operation; write `s3 = minimum(s1, s1)`"),
        ("v3 = s1", "column 7: `v3 = s1` is a copy, which is not an operation; write `v3 = bcast(s1)`"),
        ("m3 = v1", "column 7: `m3 = v1` is a copy, which is not an operation; write `m3 = bcast(v1, axis=0)` or `m3 = bcast(v1, axis=1)`"),
        (
            "m3 = s1",
            "column 7: `m3 = s1` is a copy, which is not an operation; go by way of a vector: `v3 = bcast(s1)`, then `m3 = bcast(v3, axis=0)`",
        ),
        ("s3 = v1", "column 7: `s3 = v1` is a copy, which is not an operation; write `s3 = norm(v1)`, `s3 = mean(v1)` or `s3 = std(v1)`"),
        ("v1 = v2 * s2", "column 7: `v2 * s2` has its scalar factor second; scalar factors come first: write `v1 = s2 * v2`"),
        ("m1 = m2 * s2", "column 7: `m2 * s2` has its scalar factor second; scalar factors come first: write `m1 = s2 * m2`"),
        ("v3 = v1 + s2", "column 2: `v3 = v1 + s2` is not an operation; write `s3 = s1 + s2`, `v3 = v1 + v2` or `m3 = m1 + m2`"),
        (
            "s3 = v1 * v2",
            "column 2: `s3 = v1 * v2` is not an operation; write `s3 = s1 * s2`, `v3 = s1 * v2`, `v3 = v1 * v2`, `m3 = s1 * m2` or `m3 = m1 * m2`",
        ),
        ("v3 = dot(m1, m2)", "column 2: `v3 = dot(m1, m2)` is not an operation; write `s3 = dot(v1, v2)` or `v3 = dot(m1, v2)`"),
        ("m3 = dot(m1, m2)", "column 2: `m3 = dot(m1, m2)` is not an operation; write `s3 = dot(v1, v2)` or `v3 = dot(m1, v2)`"),
        ("s3 = dot(v1)", "column 2: `s3 = dot(v1)` is not an operation; write `s3 = dot(v1, v2)` or `v3 = dot(m1, v2)`"),
        (
            "v3 = norm(m1)",
            "column 2: `v3 = norm(m1)` is not an operation; write `s3 = norm(v1)`, `s3 = norm(m1)`, `v3 = norm(m1, axis=0)` or `v3 = norm(m1, axis=1)`",
        ),
        ("v3 = norm(m1, axis=2)", "column 21: the axis `2` does not exist; write `axis=0` or `axis=1`"),
        ("v3 = norm(m1, axis=1.0)", "column 21: the axis `1.0` does not exist; write `axis=0` or `axis=1`"),
        (
            "v3 = norm(m1, 1)",
            "column 2: `v3 = norm(m1, 1)` is not an operation; write `s3 = norm(v1)`, `s3 = norm(m1)`, `v3 = norm(m1, axis=0)` or `v3 = norm(m1, axis=1)`",
        ),
        (
            "v3 = norm(axis=1, m1)",
            "column 2: `v3 = norm(axis=1, m1)` is not an operation; write `s3 = norm(v1)`, `s3 = norm(m1)`, `v3 = norm(m1, axis=0)` or `v3 = norm(m1, axis=1)`",
        ),
        (
            "v3 = norm(m1, axis 1)",
            "column 21: expected `=`, found `1`; write `s3 = norm(v1)`, `s3 = norm(m1)`, `v3 = norm(m1, axis=0)` or `v3 = norm(m1, axis=1)`",
        ),
        (
            "v3 = maximum(v1, 0.0)",
            "column 2: `v3 = maximum(v1, 0.0)` is not an operation; write `s3 = maximum(s1, s2)`, `v3 = maximum(v1, v2)` or `m3 = maximum(m1, m2)`",
        ),
        (
            "v3 = mean(m1, axis=0)",
            "column 2: `v3 = mean(m1, axis=0)` is not an operation; write `s3 = mean(v1)`, `s3 = mean(m1)` or `v3 = mean(m1, axis=1)`",
        ),
        (
            "s3 = maxmum(s1, s2)",
            "column 7: unknown function `maxmum`; did you mean `maximum`? the functions that give a scalar are abs, sin, cos, tan, arcsin, arccos, arctan, exp, log, heaviside, norm, dot, minimum, maximum, mean, std, uniform, gaussian",
        ),
        (
            "v3 = max(v1, v2)",
            "column 7: unknown function `max`; did you mean `maximum`? the functions that give a vector are heaviside, bcast, abs, dot, norm, minimum, maximum, mean, std, uniform, gaussian",
        ),
        (
            "s3 = sqrt(s1)",
            "column 7: unknown function `sqrt`; the functions that give a scalar are abs, sin, cos, tan, arcsin, arccos, arctan, exp, log, heaviside, norm, dot, minimum, maximum, mean, std, uniform, gaussian",
        ),
        (
            "s3 = Sin(s1)",
            "column 7: unknown function `Sin`; did you mean `sin`? the functions that give a scalar are abs, sin, cos, tan, arcsin, arccos, arctan, exp, log, heaviside, norm, dot, minimum, maximum, mean, std, uniform, gaussian",
        ),
        ("s3 = sin s1", "column 11: expected `(`, found `s1`; write `s3 = sin(s1)`"),
        ("s3 = sin(s1", "column 13: expected `,` or `)`, found the end of the line; write `s3 = sin(s1)`"),
        ("s3 = sin()", "column 2: `s3 = sin()` is not an operation; write `s3 = sin(s1)`"),
        ("s3 = sin(s1,)", "column 14: expected an argument, found `)`; write `s3 = sin(s1)`"),
        ("s3 = sin(s1 s2)", "column 14: expected `,` or `)`, found `s2`; write `s3 = sin(s1)`"),
        ("s3 = sin(s1, s2, s3, s4)", "column 23: `sin` has too many arguments; write `s3 = sin(s1)`"),
        (
            "s3 = sin(cos(s1))",
            "column 11: `cos` is called inside another operation; write one operation a line, its result in an address of its own",
        ),
        (
            "s3 = s1 + sin(s2)",
            "column 12: `sin` is called inside another operation; write one operation a line, its result in an address of its own",
        ),
        ("s3 = (s1 + s2)", "column 7: expected a value, found `(`; write `s3 =` and one operation, as in `s3 = s1 + s2`"),
        ("s3 = s1 + s2 + s4", "column 15: unexpected `+` after the instruction; write one instruction a line, nothing after it"),
        ("s3 = s1 + 0.5", "column 12: the number `0.5` cannot be an operand; set a scalar to it on a line before, and use that"),
        (
            "s3 = 0.5 * s1",
            "column 11: unexpected `*` after the number `0.5`; a number is set alone, or is the 1 of `1 / s1`; else use a scalar that was set before",
        ),
        ("s3 = 2 / s1", "column 7: the numerator `2` is not 1; only 1 can be divided: set a scalar to the number and divide that"),
        (
            "s3 = 1.0000000000000000000001 / s1",
            "column 7: the numerator `1.0000000000000000000001` is not 1; only 1 can be divided: set a scalar to the number and divide that",
        ),
        ("s3 = 1 / 2", "column 11: the number `2` cannot be divided by; write `s3 = 1 / s1`, `v3 = 1 / v1` or `m3 = 1 / m1`"),
        ("s3 = 1 / v1", "column 2: `s3 = 1 / v1` is not an operation; write `s3 = 1 / s1`, `v3 = 1 / v1` or `m3 = 1 / m1`"),
        ("s3 = 1 / x", "column 11: unknown name `x`; write `s3 = 1 / s1`, `v3 = 1 / v1` or `m3 = 1 / m1`"),
        ("s3 = 1 /", "column 10: expected an address, found the end of the line; write `s3 = 1 / s1`, `v3 = 1 / v1` or `m3 = 1 / m1`"),
        ("s3 = nan / s1", "column 7: the numerator `nan` is not 1; only 1 can be divided: set a scalar to the number and divide that"),
        ("s3 = s1 ** s2", "column 11: expected an address, found `*`; an operation takes addresses: write `s3 = s1 * s2`"),
        ("s3 = s1 % s2", "column 10: expected an operator, found `%`; the operators are `+`, `-`, `*` and `/`"),
        ("s3 = v1[0.5]", "column 9: expected an operator, found `[`; elements cannot be read one by one: use a whole vector or matrix"),
        ("s3 = -s1", "column 7: `-s1` is not a number; a sign belongs to a number; subtract `s1` from an address that is zero"),
        ("s3 = - 0.5", "column 7: `-` is not a number; write the digits right after the sign, or an address on both sides of an operator"),
        ("s3 = s1 +", "column 11: expected an address, found the end of the line; an operation takes addresses: write `s3 = s1 + s2`"),
        ("s3 =", "column 6: expected a value, found the end of the line; write `s3 =` and one operation, as in `s3 = s1 + s2`"),
        ("s3", "column 4: expected `=`, found the end of the line; write `s3 =` and one operation, as in `s3 = s1 + s2`"),
        ("s3 += s1", "column 5: expected `=`, found `+`; write `s3 =` and one operation, as in `s3 = s1 + s2`"),
        ("s3 == s1", "column 6: expected a value, found `=`; write `s3 =` and one operation, as in `s3 = s1 + s2`"),
        ("s3 s1", "column 5: expected `=`, found `s1`; write `s3 =` and one operation, as in `s3 = s1 + s2`"),
        ("s3 : f = 1", "column 5: expected `=`, found `:`; write `s3 =` and one operation, as in `s3 = s1 + s2`"),
        (
            "s3 = 0.5 0.6",
            "column 11: unexpected `0.6` after the number `0.5`; a number is set alone, or is the 1 of `1 / s1`; else use a scalar that was set before",
        ),
        ("s3 = s1 + s2; s4 = 1", "column 14: unexpected `;` after the instruction; write one instruction a line, nothing after it"),
        ("s3 = noop()", "column 7: `noop()` has no output; write `noop()` alone on the line"),
        ("noop", "column 6: expected `(`, found the end of the line; write `noop()`"),
        ("noop(s1)", "column 7: expected `)`, found `s1`; write `noop()`"),
        ("NOOP()", "column 2: expected an instruction, found `NOOP`; write an instruction such as `s3 = s1 + s2`, or `noop()`"),
        ("3 = s1", "column 2: expected an instruction, found `3`; write an instruction such as `s3 = s1 + s2`, or `noop()`"),
        ("= s1", "column 2: expected an instruction, found `=`; write an instruction such as `s3 = s1 + s2`, or `noop()`"),
        ("sin(s1)", "column 2: expected an instruction, found `sin`; write an instruction such as `s3 = s1 + s2`, or `noop()`"),
        ("s3 = 0x10", "column 7: `0x10` is not a number; write a decimal number such as 0.5, -2.0 or 1e-3, or inf or nan"),
        ("s3 = 1_000", "column 7: `1_000` is not a number; write a decimal number such as 0.5, -2.0 or 1e-3, or inf or nan"),
        ("s3 = 1e", "column 7: `1e` is not a number; write a decimal number such as 0.5, -2.0 or 1e-3, or inf or nan"),
        ("s3 = .", "column 7: `.` is not a number; write a decimal number such as 0.5, -2.0 or 1e-3, or inf or nan"),
        ("s3 = 1.2.3", "column 7: `1.2.3` is not a number; write a decimal number such as 0.5, -2.0 or 1e-3, or inf or nan"),
        ("s3 = 1e1.5", "column 7: `1e1.5` is not a number; write a decimal number such as 0.5, -2.0 or 1e-3, or inf or nan"),
        ("s3 = Infinity", "column 7: unknown name `Infinity`; write `inf`"),
        ("s3 = NaN", "column 7: unknown name `NaN`; write `nan`"),
        ("s3 = +nan", "column 7: `+nan` is not a number; write `nan`, which has no sign"),
        ("s3 = -Inf", "column 7: `-Inf` is not a number; write a decimal number such as 0.5, -2.0 or 1e-3, or inf or nan"),
        (
            "s3 = 1e309",
            "column 7: the number `1e309` is too large for 64 bits; the largest is 1.7976931348623157e308; write `inf` or `-inf` if infinity is meant",
        ),
        (
            "s3 = -1.8e308",
            "column 7: the number `-1.8e308` is too large for 64 bits; the largest is 1.7976931348623157e308; write `inf` or `-inf` if infinity is meant",
        ),
        (
            "v3[0.5] = 1e39",
            "column 12: the number `1e39` is too large for 32 bits; the largest is 3.4028235e38; write `inf` or `-inf` if infinity is meant",
        ),
        (
            "s3 = uniform(-1e39, 0)",
            "column 15: the number `-1e39` is too large for 32 bits; the largest is 3.4028235e38; write `inf` or `-inf` if infinity is meant",
        ),
        (
            "v3[1.5] = 0",
            "column 5: the index fraction `1.5` is not in [0, 1]; an index is a fraction of the size: 0.0 is the first element, 1.0 the last",
        ),
        (
            "v3[-0.1] = 0",
            "column 5: the index fraction `-0.1` is not in [0, 1]; an index is a fraction of the size: 0.0 is the first element, 1.0 the last",
        ),
        (
            "v3[nan] = 0",
            "column 5: the index fraction `nan` is not in [0, 1]; an index is a fraction of the size: 0.0 is the first element, 1.0 the last",
        ),
        (
            "m3[0.5, 2] = 0",
            "column 10: the index fraction `2` is not in [0, 1]; an index is a fraction of the size: 0.0 is the first element, 1.0 the last",
        ),
        ("v3[0.1, 0.2] = 0.5", "column 2: `v3[0.1, 0.2] = 0.5` is not an operation; write `v3[0.4] = 0.5`"),
        ("m3[0.1] = 0.5", "column 2: `m3[0.1] = 0.5` is not an operation; write `m3[0.4, 0.9] = 0.5`"),
        ("s3[0.1] = 0.5", "column 2: the scalar `s3` has no elements; write `s3 = 0.5`"),
        ("v3[0.1] = s1", "column 12: expected a number, found `s1`; write `v3[0.4] = 0.5`"),
        ("v3[s1] = 0.5", "column 5: expected a number, found `s1`; write `v3[0.4] = 0.5`"),
        ("v3[] = 0.5", "column 5: expected a number, found `]`; write `v3[0.4] = 0.5`"),
        ("v3[0.5 = 0.5", "column 9: expected `]`, found `=`; write `v3[0.4] = 0.5`"),
        ("v3[0.5] + 0.5", "column 10: expected `=`, found `+`; write `v3[0.4] = 0.5`"),
        ("m3[0.1, 0.2, 0.3] = 1", "column 13: expected `]`, found `,`; write `m3[0.4, 0.9] = 0.5`"),
        ("v3 = heaviside(v1, 0.5)", "column 21: the second argument `0.5` of `heaviside` is not 1.0; write `v3 = heaviside(v1)`"),
        (
            "v3 = heaviside(v1, v2)",
            "column 2: `v3 = heaviside(v1, v2)` is not an operation; write `s3 = heaviside(s1)`, `v3 = heaviside(v1)` or `m3 = heaviside(m1)`",
        ),
        (
            "v3 = heaviside(s1, 1.0)",
            "column 2: `v3 = heaviside(s1, 1.0)` is not an operation; write `s3 = heaviside(s1)`, `v3 = heaviside(v1)` or `m3 = heaviside(m1)`",
        ),
        (
            "s3 = uniform(0.0, 1.0, n_features)",
            "column 7: the shape is not that of the scalar `s3`; leave it out: write `s3 = uniform(0.0, 1.0)`",
        ),
        (
            "v3 = uniform(0.0, 1.0, (n_features, n_features))",
            "column 7: the shape is not that of the vector `v3`; leave it out: write `v3 = uniform(0.0, 1.0)`",
        ),
        (
            "m3 = gaussian(0.0, 1.0, n_features)",
            "column 7: the shape is not that of the matrix `m3`; leave it out: write `m3 = gaussian(0.0, 1.0)`",
        ),
        (
            "m3 = gaussian(0.0, 1.0, (n_features))",
            "column 37: expected `,`, found `)`; write the shape of a matrix as `(n_features, n_features)`, or leave it out",
        ),
        (
            "m3 = gaussian(0.0, 1.0, (4, 4))",
            "column 27: expected `n_features`, found `4`; write the shape of a matrix as `(n_features, n_features)`, or leave it out",
        ),
        (
            "v3 = gaussian(0.0, 1.0, 4)",
            "column 2: `v3 = gaussian(0.0, 1.0, 4)` is not an operation; write `s3 = gaussian(0.0, 0.1)`, `v3 = gaussian(0.0, 0.1)` or `m3 = gaussian(0.0, 0.1)`",
        ),
        (
            "v3 = gaussian(n_features, 0.0, 1.0)",
            "column 2: `v3 = gaussian(n_features, 0.0, 1.0)` is not an operation; write `s3 = gaussian(0.0, 0.1)`, `v3 = gaussian(0.0, 0.1)` or `m3 = gaussian(0.0, 0.1)`",
        ),
        (
            "s3 = gaussian(0.0)",
            "column 2: `s3 = gaussian(0.0)` is not an operation; write `s3 = gaussian(0.0, 0.1)`, `v3 = gaussian(0.0, 0.1)` or `m3 = gaussian(0.0, 0.1)`",
        ),
        (
            "s3 = gaussian(s1, s2)",
            "column 2: `s3 = gaussian(s1, s2)` is not an operation; write `s3 = gaussian(0.0, 0.1)`, `v3 = gaussian(0.0, 0.1)` or `m3 = gaussian(0.0, 0.1)`",
        ),
    ] {
        assert_refused(&format!("def Setup():\n {line}\n"), &format!("line 2, {message}"));
        // Blanks and a comment behind it change nothing; neither does what stands on other lines.
        let text = format!("# x\r\n\r\ndef Learn():\r\n noop()\r\n {line} \t# é\r\n  x\r\n");
        assert_refused(&text, &format!("line 5, {message}"));
    }
}
