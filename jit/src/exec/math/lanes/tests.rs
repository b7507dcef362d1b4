//! Every lane has the bits of the scalar function.

use crate::exec::math::{self, lanes};
use crate::exec::random::Stream;
#[cfg(target_arch = "x86_64")]
use crate::exec::simd::{BaselinePair, Oct, Quad};
use crate::exec::simd::{Pair, Register, Single};

/// A function in both forms.
trait Function {
    const NAME: &'static str;
    fn scalar(x: f64) -> f64;
    fn lanes<V: Register>(x: V) -> V;
}

macro_rules! functions {
    ($($type:ident $name:ident)*) => {
        $(
            struct $type;

            impl Function for $type {
                const NAME: &'static str = stringify!($name);

                fn scalar(x: f64) -> f64 {
                    math::$name(x)
                }

                #[inline(always)]
                fn lanes<V: Register>(x: V) -> V {
                    lanes::$name(x)
                }
            }
        )*

        fn every_function(inputs: &[f64]) {
            $(every_register::<$type>(inputs);)*
        }
    };
}

functions! { Sin sin Cos cos Tan tan Arcsin arcsin Arccos arccos Arctan arctan Exp exp Log log Sigmoid sigmoid }

#[inline(always)]
fn map<F: Function, V: Register>(from: &[f64], to: &mut [f64]) {
    for (from, to) in from.chunks_exact(V::LANES).zip(to.chunks_exact_mut(V::LANES)) {
        // SAFETY: the slices have LANES values.
        unsafe { F::lanes(V::load(from.as_ptr())).store(to.as_mut_ptr()) }
    }
}

#[cfg(target_arch = "x86_64")]
/// # Safety
/// The machine has the instructions.
#[target_feature(enable = "avx2")]
fn map_quad<F: Function>(from: &[f64], to: &mut [f64]) {
    map::<F, Quad>(from, to);
}

#[cfg(target_arch = "x86_64")]
/// # Safety
/// The machine has the instructions.
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn map_oct<F: Function>(from: &[f64], to: &mut [f64]) {
    map::<F, Oct>(from, to);
}

type Map = fn(&[f64], &mut [f64]);

/// The function on every register that this machine has.
fn registers<F: Function>() -> Vec<(&'static str, Map)> {
    let mut maps: Vec<(&'static str, Map)> = vec![("Single", map::<F, Single>), ("Pair", map::<F, Pair>)];
    #[cfg(target_arch = "x86_64")]
    {
        maps.push(("BaselinePair", map::<F, BaselinePair>));
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the machine has the instructions.
            maps.push(("Quad", |from, to| unsafe { map_quad::<F>(from, to) }));
        }
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl") {
            // SAFETY: the machine has the instructions.
            maps.push(("Oct", |from, to| unsafe { map_oct::<F>(from, to) }));
        }
    }
    maps
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

fn every_register<F: Function>(inputs: &[f64]) {
    let expected: Vec<f64> = inputs.iter().map(|&x| F::scalar(x)).collect();
    let mut results = vec![0.0; inputs.len()];
    for (register, map) in registers::<F>() {
        map(inputs, &mut results);
        for ((x, &result), &expected) in inputs.iter().zip(&results).zip(&expected) {
            assert!(
                same(result, expected),
                "{}({x:e} = {:#018x}) on {register}: {result:e}, the scalar function gives {expected:e}",
                F::NAME,
                x.to_bits()
            );
        }
    }
}

/// Values `from` with both signs, in random order, as many as fill whole registers.
fn shuffled(from: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = from.into_iter().flat_map(|x| [x, -x]).collect();
    values.resize(values.len().next_multiple_of(8), 0.0);
    Stream::new(1).shuffle(&mut values);
    values
}

/// x and its neighbours.
fn around(x: f64) -> impl Iterator<Item = f64> {
    (0..=6).map(move |offset| f64::from_bits((x.to_bits() + offset).saturating_sub(3)))
}

const SPECIAL: [f64; 16] = [
    0.0,
    f64::INFINITY,
    f64::NAN,
    1.0,
    0.5,
    f64::MIN_POSITIVE,
    f64::MAX,
    5e-324,
    1e-310,
    2.2e-308,
    1e-200,
    1e200,
    4_503_599_627_370_496.0,
    9_007_199_254_740_992.0,
    745.133_219_101_941_1,
    709.782_712_893_384,
];

#[test]
fn special_values_alone_and_among_others() {
    for special in SPECIAL.into_iter().flat_map(|x| [x, -x]) {
        every_function(&[special; 8]);
        for other in [0.3, -2.0, 11.0, 1e6, 1e-3] {
            for lane in 0..8 {
                let mut inputs = [other; 8];
                inputs[lane] = special;
                every_function(&inputs);
            }
        }
    }
    every_function(&shuffled(SPECIAL));
}

#[test]
fn thresholds_of_the_algorithms() {
    // High words: of the kernels of sin, cos and tan; of rem_pio2; of asin and acos; of atan; of exp; of log.
    let words = [
        0x3e500000,
        0x3e46a09e,
        0x3e400000,
        0x3fe921fb,
        0x3fe921fc,
        0x3fe59428, //
        0x3ff921fb,
        0x3ff921fc,
        0x4002d97c,
        0x4002d97d,
        0x400921fb,
        0x400921fc,
        0x400f6a7a,
        0x400f6a7b,
        0x4012d97c,
        0x4012d97d, //
        0x4015fdbc,
        0x4015fdbd,
        0x401921fb,
        0x401921fc,
        0x401c463b,
        0x401c463c,
        0x413921fb,
        0x413a0000, //
        0x3fe00000,
        0x3fef3333,
        0x3ff00000,
        0x3c600000,
        0x3c600001, //
        0x3fdc0000,
        0x3fe60000,
        0x3ff30000,
        0x40038000,
        0x44100000, //
        0x4086232b,
        0x3fd62e42,
        0x3fd62e43,
        0x3ff0a2b2,
        0x3e300000,
        0x3e300001, //
        0x3fe6a09e,
        0x00100000u32,
    ];
    let exact = [f64::from_bits(0x4086_2e42_fefa_39ef), f64::from_bits(0x4087_4910_d52d_3051), f64::from_bits(0x4086_232b_dd7a_bcd2)];
    let thresholds = words.into_iter().flat_map(|word| [0, 0xffff_ffff].map(|low| f64::from_bits(u64::from(word) << 32 | low)));
    every_function(&shuffled(thresholds.chain(exact).flat_map(around)));
    // And scattered over the whole of each high word, where the choices of rem_pio2 differ from rounding.
    let mut random = Stream::new(2);
    let within = |word: u32| (0..1_000).map(move |_| word).collect::<Vec<_>>();
    every_function(&shuffled(
        words.into_iter().flat_map(within).map(|word| f64::from_bits(u64::from(word) << 32 | random.next_u64() >> 32)),
    ));
}

#[test]
fn magnitudes_of_every_exponent() {
    let mut random = Stream::new(3);
    every_function(&shuffled((0..500_000).map(|_| f64::from_bits(random.next_u64() >> 1))));
}

#[test]
fn values_of_everyday_size() {
    let mut random = Stream::new(4);
    every_function(&shuffled((0..300_000).map(|_| 10.0 * random.unit())));
    every_function(&shuffled((0..300_000).map(|_| random.unit())));
    every_function(&shuffled((0..200_000).map(|_| (40.0 * random.unit() - 20.0).exp2())));
    every_function(&shuffled((0..200_000).map(|_| 800.0 * random.unit())));
}

#[test]
fn near_multiples_of_a_quarter_pi_and_half_log_2() {
    let mut random = Stream::new(5);
    let pio4 = std::f64::consts::FRAC_PI_4;
    let multiples = (1..2_000).chain((0..2_000).map(|_| random.below(4_000_000)).collect::<Vec<_>>());
    every_function(&shuffled(multiples.flat_map(|n| around(n as f64 * pio4))));
    let near: Vec<f64> = (0..100_000).map(|_| (1.0 + random.below(40) as f64) * pio4 * (1.0 + (-60.0 * random.unit()).exp2())).collect();
    every_function(&shuffled(near));
    every_function(&shuffled((1..2_200).flat_map(|n| around(n as f64 * 0.5 * std::f64::consts::LN_2))));
}

#[test]
fn near_zero_one_and_the_ends_of_exp() {
    let mut random = Stream::new(6);
    let distances: Vec<f64> = (0..100_000).map(|_| (-60.0 * random.unit()).exp2()).collect();
    every_function(&shuffled(distances.iter().map(|d| 1.0 + d)));
    every_function(&shuffled(distances.iter().map(|d| 1.0 - d)));
    every_function(&shuffled(distances.iter().map(|d| 0.5 - d)));
    every_function(&shuffled(distances.iter().flat_map(|d| [708.3959 + d, 709.7827 + d, 745.1332 - d])));
    // Ties of 1 + x.
    every_function(&shuffled((0..4_096).flat_map(|n| around(f64::from(n) * 0.5 * f64::EPSILON))));
}

#[test]
fn sine_and_cosine_together_are_those_alone() {
    fn check<V: Register>(inputs: &[f64]) {
        for from in inputs.chunks_exact(V::LANES) {
            let (mut sines, mut cosines) = ([0.0; 8], [0.0; 8]);
            // SAFETY: LANES values, at most 8.
            unsafe {
                let (sin, cos) = lanes::sin_cos(V::load(from.as_ptr()));
                sin.store(sines.as_mut_ptr());
                cos.store(cosines.as_mut_ptr());
            }
            for (lane, &x) in from.iter().enumerate() {
                assert!(same(sines[lane], math::sin(x)) && same(cosines[lane], math::cos(x)), "{x:e}");
            }
        }
    }
    let mut random = Stream::new(7);
    let sizes = (0..20_000).map(|n| if n % 2 == 0 { 7.0 * random.unit() } else { f64::from_bits(random.next_u64() >> 1) });
    let inputs = shuffled(sizes.chain(SPECIAL));
    check::<Single>(&inputs);
    check::<Pair>(&inputs);
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        check::<Quad>(&inputs);
    }
}
