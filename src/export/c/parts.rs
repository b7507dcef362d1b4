//! What every file in C has, by kind of task, and what it may call.

pub(super) const HEADER: &str = r#" *
 * Stand-alone, C11 and its mathematics library. To build and run it on files, each line the features of an example and then its label, as
 * numbers between commas, without a header:
 *
 *     cc -std=c11 -O2 -ffp-contract=off model.c -o model -lm && ./model TRAIN.csv VALID.csv [EPOCHS [SEED]]
 *
 * trains on the first, validates on the second after each epoch, and prints the last predictions, one a line. With -DNO_MAIN it has no
 * main, to be part of a program of yours.
 * Sums are added in exnihilo's order and random draws are its own: results have the same bits as there, but for the sin, cos, tan, asin,
 * acos, atan, exp and log of the C library (in draws of gaussian, the sigmoid and the softmax too), which may differ in the last bits. No
 * multiplication may be fused with an addition (-ffp-contract=off), and nothing be reordered (no -ffast-math).
 */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __FAST_MATH__
#error "compile without -ffast-math"
#endif
#if FLT_EVAL_METHOD != 0
#error "compile for arithmetic in double precision, as with -msse2 -mfpmath=sse"
#endif
"#;

pub(super) const TYPES: &str = r#"
/* An error above it, or NaN, ends training or validation. */
#ifndef MAX_ABS_ERROR
#define MAX_ABS_ERROR LIMIT
#endif

/* The features of an example, and its label. */
typedef struct {
    double x[F];
    double label;
} Example;
"#;

pub(super) const HELPERS: &[(&str, &str)] = &[
    (
        "total(",
        r#"
/* The sum of n terms in exnihilo's order, eight partial sums, then halves: of products of a and b, or of a alone; each array has a step. */
static double total(int n, const double *a, int a_step, const double *b, int b_step)
{
    double partial[8] = {0.0};
    for (int i = 0; i < n; i++) {
        double term = b ? a[i * a_step] * b[i * b_step] : a[i * a_step];
        partial[i % 8] = i < 8 ? term : partial[i % 8] + term;
    }
    int left = n < 8 ? n : 8;
    for (int width = 4; width > 0; width /= 2) {
        for (int i = width; i < left; i++)
            partial[i - width] += partial[i];
        left = left < width ? left : width;
    }
    return partial[0];
}
"#,
    ),
    (
        "norm_of(",
        r#"
/* The square root of the sum of squares. */
static double norm_of(int n, const double *a, int step)
{
    return sqrt(total(n, a, step, a, step));
}
"#,
    ),
    (
        "mean_of(",
        r#"
/* The mean. */
static double mean_of(int n, const double *a, int step)
{
    return total(n, a, step, NULL, 0) / n;
}
"#,
    ),
    (
        "std_of(",
        r#"
/* The standard deviation: the root of the mean of squares less the squared mean, not clamped. */
static double std_of(int n, const double *a, int step)
{
    double mean = mean_of(n, a, step);
    return sqrt(total(n, a, step, a, step) / n - mean * mean);
}
"#,
    ),
    (
        "element(",
        r#"
/* Which element a fraction of F means. */
static int element(float fraction)
{
    int i = (int)((float)F * fraction);
    return i < F - 1 ? i : F - 1;
}
"#,
    ),
    (
        "mix(",
        r#"
#define GAMMA UINT64_C(0x9e3779b97f4a7c15)

/* The output function of SplitMix64. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}
"#,
    ),
    (
        "stream_key(",
        r#"
/* The key of the random stream called `name` under the key `parent`. */
static uint64_t stream_key(uint64_t parent, uint64_t name)
{
    return mix(mix(parent + GAMMA) ^ (name * GAMMA + name));
}
"#,
    ),
    (
        "output(",
        r#"
/* Number i of the random stream with this key. */
static uint64_t output(uint64_t key, uint64_t i)
{
    return mix(key + (i + 1) * GAMMA);
}
"#,
    ),
    (
        "set_order(",
        r#"
/* The order of the training examples: as given in the first epoch, then shuffled. */
static void set_order(uint32_t *order, uint32_t count, uint64_t seed, uint64_t epoch)
{
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    uint64_t key = stream_key(stream_key(seed, 4), epoch);
    for (uint32_t last = count - 1; epoch > 0 && last > 0; last--) {
        /* The upper half of the product of 64 bits and last + 1. */
        uint64_t bits = output(key, count - 1 - last), bound = (uint64_t)last + 1;
        uint64_t other = ((bits >> 32) * bound + ((bits & 0xffffffff) * bound >> 32)) >> 32;
        uint32_t kept = order[last];
        order[last] = order[other];
        order[other] = kept;
    }
}
"#,
    ),
    (
        "unit(",
        r#"
/* Number i of a random stream, in [0, 1). */
static double unit(uint64_t key, uint64_t i)
{
    return (double)(output(key, i) >> 11) * (1.0 / 9007199254740992.0);
}
"#,
    ),
    (
        "uniform_draw(",
        r#"
/* The draw of an element from [low, high); low itself unless low < high. */
static double uniform_draw(uint64_t key, int element, double low, double high)
{
    return low < high ? low + (high - low) * unit(key, (uint64_t)element) : low;
}
"#,
    ),
    (
        "gaussian_draw(",
        r#"
/* The normal draw of an element; two elements share two numbers of the stream (Box-Muller). */
static double gaussian_draw(uint64_t key, int element, double mean, double st_dev)
{
    uint64_t pair = (uint64_t)element & ~UINT64_C(1);
    double radius = sqrt(-2.0 * log(1.0 - unit(key, pair)));
    double angle = 6.283185307179586 * unit(key, pair + 1);
    return mean + st_dev * (radius * (element % 2 == 0 ? cos(angle) : sin(angle)));
}
"#,
    ),
];

pub(super) const DRAWS: &str = r#"
/* The key of the random stream of an instruction in this step, by its number among those that draw. */
static uint64_t draws(const Model *m, uint64_t ordinal)
{
    return stream_key(stream_key(m->seed, (UINT64_C(1) << 32) + ordinal), m->step);
}
"#;

pub(super) const SETUP: &str = r#"
/* Forgets everything and runs the program's Setup. */
void model_setup(Model *m, uint64_t seed)
{
    memset(m, 0, sizeof *m);
    m->seed = seed;
"#;

pub(super) const PREDICT: &str = r#"
/* The program's Predict. */
static void run_predict(Model *m)
{
    m->step++;
"#;

pub(super) const LEARN: &str = r#"
/* The program's Learn. */
static void run_learn(Model *m)
{
    (void)m;
"#;

pub(super) const PREDICT_RMS: &str = r#"
/* The prediction for an example with features x. */
void model_predict(Model *m, const double *x, double *prediction)
{
    memcpy(m->v0, x, sizeof m->v0);
    m->s0 = 0.0;
    run_predict(m);
    prediction[0] = m->s1;
}

/* Learns from the example that was just predicted. */
void model_learn(Model *m, const double *x, double label)
{
    memcpy(m->v0, x, sizeof m->v0);
    m->s0 = label;
    run_learn(m);
}
"#;

pub(super) const PREDICT_ACCURACY: &str = r#"
/* The probability of class 1 for an example with features x. */
void model_predict(Model *m, const double *x, double *prediction)
{
    memcpy(m->v0, x, sizeof m->v0);
    m->s0 = 0.0;
    run_predict(m);
    prediction[0] = 1.0 / (1.0 + exp(-m->s1));
}

/* Learns from the example that was just predicted. */
void model_learn(Model *m, const double *x, double label)
{
    memcpy(m->v0, x, sizeof m->v0);
    m->s0 = label;
    run_learn(m);
}
"#;

pub(super) const PREDICT_CLASSES: &str = r#"
/* The class of an example with features x, -1 if any score is NaN, and the probabilities of the ten classes: 11 numbers. */
void model_predict(Model *m, const double *x, double *prediction)
{
    memcpy(m->v0, x, sizeof m->v0);
    memset(m->v1, 0, sizeof m->v1);
    m->s0 = 0.0;
    run_predict(m);
    double *shares = prediction + 1, largest = m->v2[0];
    int best = 0, is_number = 1;
    for (int i = 0; i < 10; i++) {
        is_number = is_number && !isnan(m->v2[i]);
        best = m->v2[i] >= m->v2[best] ? i : best;
        largest = m->v2[i] > largest ? m->v2[i] : largest;
    }
    prediction[0] = is_number ? best : -1;
    for (int i = 0; i < 10; i++)
        shares[i] = exp(m->v2[i] - largest);
    double divisor = shares[0];
    for (int i = 1; i < 10; i++)
        divisor += shares[i];
    for (int i = 0; i < 10; i++)
        shares[i] /= divisor;
}

/* Learns from the example that was just predicted. */
void model_learn(Model *m, const double *x, double label)
{
    memcpy(m->v0, x, sizeof m->v0);
    memset(m->v1, 0, sizeof m->v1);
    m->v1[(int)label] = 1.0;
    run_learn(m);
}
"#;

pub(super) const TRAIN_RMS: &str = r#"
/* One step of training. The error; one above MAX_ABS_ERROR, or NaN, teaches nothing. */
double model_train(Model *m, const Example *example)
{
    double prediction[OUTPUTS];
    model_predict(m, example->x, prediction);
    double error = fabs(example->label - prediction[0]);
    if (error <= MAX_ABS_ERROR)
        model_learn(m, example->x, example->label);
    return error;
}
"#;

pub(super) const TRAIN_ACCURACY: &str = r#"
/* One step of training. The error; one above MAX_ABS_ERROR, or NaN, teaches nothing. */
double model_train(Model *m, const Example *example)
{
    model_predict(m, example->x, &m->s1);
    double error = fabs(example->label - m->s1);
    if (error <= MAX_ABS_ERROR)
        model_learn(m, example->x, example->label);
    return error;
}
"#;

pub(super) const TRAIN_CLASSES: &str = r#"
/* One step of training. The error, the largest of ten; one above MAX_ABS_ERROR, or NaN, teaches nothing. */
double model_train(Model *m, const Example *example)
{
    double prediction[OUTPUTS], error = 0.0;
    model_predict(m, example->x, prediction);
    memset(m->v2, 0, sizeof m->v2);
    memcpy(m->v2, prediction + 1, 10 * sizeof(double));
    for (int i = 0; i < 10; i++) {
        double difference = fabs((i == (int)example->label ? 1.0 : 0.0) - m->v2[i]);
        if (!isnan(error) && (difference > error || isnan(difference)))
            error = difference;
    }
    if (error <= MAX_ABS_ERROR)
        model_learn(m, example->x, example->label);
    return error;
}
"#;

pub(super) const FIT: &str = r#"
/* Trains for one epoch; whether it came to its end. `order` has room for `count` numbers; `steps` counts. */
int model_train_epoch(Model *m, const Example *examples, uint32_t count, uint64_t epoch, uint32_t *order, uint64_t *steps)
{
    set_order(order, count, m->seed, epoch);
    for (uint32_t i = 0; i < count; i++) {
        ++*steps;
        if (!(model_train(m, &examples[order[i]]) <= MAX_ABS_ERROR))
            return 0;
    }
    return 1;
}
"#;

pub(super) const SCORE_RMS: &str = r#"
/* 1 - (2 / pi) arctan(root mean squared error); 0 if an error is above MAX_ABS_ERROR. Keeps the predictions and their number. */
double model_score(Model *m, const Example *examples, uint32_t count, double *predictions, uint32_t *predicted)
{
    double squares = 0.0;
    uint64_t end = m->step + count;
    for (*predicted = 0; *predicted < count;) {
        const Example *example = &examples[*predicted];
        double *prediction = &predictions[(size_t)OUTPUTS * (*predicted)++];
        model_predict(m, example->x, prediction);
        double error = fabs(example->label - prediction[0]);
        if (!(error <= MAX_ABS_ERROR)) {
            m->step = end;
            return 0.0;
        }
        squares += error * error;
    }
    double fitness = 1.0 - 0.6366197723675814 * atan(sqrt(squares / count));
    return isfinite(fitness) ? fitness : 0.0;
}
"#;

pub(super) const SCORE_ACCURACY: &str = r#"
/* The share of right classes. Keeps the predictions and their number. */
double model_score(Model *m, const Example *examples, uint32_t count, double *predictions, uint32_t *predicted)
{
    double wrong = 0.0;
    uint64_t end = m->step + count;
    for (*predicted = 0; *predicted < count;) {
        const Example *example = &examples[*predicted];
        double *prediction = &predictions[(size_t)OUTPUTS * (*predicted)++];
        model_predict(m, example->x, prediction);
        double error = (example->label > 0.5) == (prediction[0] > 0.5) ? 0.0 : 1.0;
        if (error > MAX_ABS_ERROR) {
            m->step = end;
            return 0.0;
        }
        wrong += error;
    }
    return 1.0 - wrong / count;
}
"#;

pub(super) const SCORE_CLASSES: &str = r#"
/* The share of right classes. Keeps the predictions and their number. */
double model_score(Model *m, const Example *examples, uint32_t count, double *predictions, uint32_t *predicted)
{
    double wrong = 0.0;
    uint64_t end = m->step + count;
    for (*predicted = 0; *predicted < count;) {
        const Example *example = &examples[*predicted];
        double *prediction = &predictions[(size_t)OUTPUTS * (*predicted)++];
        model_predict(m, example->x, prediction);
        double error = prediction[0] == example->label ? 0.0 : 1.0;
        if (error > MAX_ABS_ERROR) {
            m->step = end;
            return 0.0;
        }
        wrong += error;
    }
    return 1.0 - wrong / count;
}
"#;

pub(super) const MAIN_READ: &str = r#"
#ifndef NO_MAIN
/* Ends the program with a message where examples are wrong or training stopped. */
static _Noreturn void fail(const char *what, unsigned long line, const char *problem)
{
    if (line > 0)
        fprintf(stderr, "%s, line %lu: %s\n", what, line, problem);
    else
        fprintf(stderr, "%s: %s\n", what, problem);
    exit(1);
}

/* The examples of a file: in each line F features and a label, between commas. */
static Example *read_examples(const char *path, uint32_t *count)
{
    FILE *file = fopen(path, "r");
    if (!file)
        fail(path, 0, strerror(errno));
    Example *examples = NULL;
    uint32_t room = 0;
    *count = 0;
    static char text[(F + 1) * 64 + 2];
    int c = 0;
    for (unsigned long line = 1; c != EOF; line++) {
        size_t length = 0;
        while ((c = getc(file)) != EOF && c != '\n') {
            if (c == '\0')
                fail(path, line, "is no text");
            if (length + 1 == sizeof text)
                fail(path, line, "the line is too long; F is another in this program");
            text[length++] = (char)c;
        }
        if (length > 0 && text[length - 1] == '\r')
            length--;
        text[length] = '\0';
        if (text[strspn(text, " \t")] == '\0')
            continue;
        if (*count == room) {
            room = room ? 2 * room : 64;
            examples = room > UINT32_MAX / 2 ? NULL : realloc(examples, room * sizeof *examples);
            if (!examples)
                fail(path, line, "there is no memory for so many examples");
        }
        Example *example = &examples[(*count)++];
        char *at = text;
        for (int i = 0; i <= F; i++) {
            at += strspn(at, " \t");
            /* Those of decimal numbers, inf, infinity and nan; strtod takes more. */
            size_t width = strspn(at, "0123456789+-.eEinfatyINFATY");
            char *end;
            double number = strtod(at, &end);
            int is_number = width > 0 && end == at + width;
            end += strspn(end, " \t");
            if (!is_number || *end != (i < F ? ',' : '\0'))
                fail(path, line, "features and a label, as numbers between commas, belong here; F is another in this program?");
            at = end + 1;
            if (i < F)
                example->x[i] = number;
            else
                example->label = number;
        }
        /* label */
    }
    if (ferror(file))
        fail(path, 0, strerror(errno));
    fclose(file);
    if (*count == 0)
        fail(path, 0, "no examples");
    return examples;
}
"#;

pub(super) const DEMO: &str = r#"
static Example *demo_examples(const double (*rows)[F + 1], uint32_t count)
{
    Example *examples = malloc(count * sizeof *examples);
    for (uint32_t i = 0; examples && i < count; i++) {
        memcpy(examples[i].x, rows[i], sizeof examples[i].x);
        examples[i].label = rows[i][F];
    }
    return examples;
}
"#;

pub(super) const MAIN: &str = r#"
/* A whole number of the command line. */
static uint64_t read_number(const char *text, const char *name, unsigned least)
{
    errno = 0;
    unsigned long long number = strtoull(text, NULL, 10);
    if (*text == '\0' || text[strspn(text, "0123456789")] != '\0' || errno != 0 || number < least) {
        fprintf(stderr, "%s is a whole number from %u to %llu, not %s\n", name, least, (unsigned long long)UINT64_MAX, text);
        exit(2);
    }
    return number;
}

int main(int argc, char **argv)
{
"#;

pub(super) const USAGE: &str = r#"    if (argc < 3 || argc > 5) {
        fprintf(stderr, "usage: model TRAIN.csv VALID.csv [EPOCHS [SEED]]\n");
        return 2;
    }
"#;

pub(super) const USAGE_DEMO: &str = r#"    if (argc == 2 || argc > 5) {
        fprintf(stderr, "usage: model [TRAIN.csv VALID.csv [EPOCHS [SEED]]]\n");
        return 2;
    }
"#;

pub(super) const NUMBERS: &str = r#"    uint64_t epochs = argc > 3 ? read_number(argv[3], "EPOCHS", 1) : 1, seed = argc > 4 ? read_number(argv[4], "SEED", 0) : 0, steps = 0;
"#;

pub(super) const FILES: &str = r#"    uint32_t train_count, valid_count;
    Example *train_examples = read_examples(argv[1], &train_count), *valid_examples = read_examples(argv[2], &valid_count);
"#;

pub(super) const FILES_DEMO: &str = r#"    uint32_t train_count = sizeof demo_train / sizeof *demo_train, valid_count = sizeof demo_valid / sizeof *demo_valid;
    Example *train_examples = argc > 1 ? read_examples(argv[1], &train_count) : demo_examples(demo_train, train_count);
    Example *valid_examples = argc > 1 ? read_examples(argv[2], &valid_count) : demo_examples(demo_valid, valid_count);
"#;

pub(super) const MAIN_REST: &str = r#"    uint32_t *order = malloc(train_count * sizeof *order), predicted = 0;
    double *predictions = malloc((size_t)valid_count * OUTPUTS * sizeof *predictions), best = 0.0;
    Model *model = malloc(sizeof *model);
    if (!train_examples || !valid_examples || !order || !predictions || !model)
        fail("memory", 0, "there is too little");
    model_setup(model, seed);
    for (uint64_t epoch = 0; epoch < epochs; epoch++) {
        if (!model_train_epoch(model, train_examples, train_count, epoch, order, &steps)) {
            fprintf(stderr, "training stopped at step %llu: the error is NaN or above %g\n", (unsigned long long)steps, MAX_ABS_ERROR);
            return 1;
        }
        double fitness = model_score(model, valid_examples, valid_count, predictions, &predicted);
        best = fitness > best ? fitness : best;
    }
    for (uint32_t i = 0; i < predicted; i++)
        for (int j = 0; j < OUTPUTS; j++)
            printf("%.17g%c", predictions[(size_t)OUTPUTS * i + j], j + 1 < OUTPUTS ? ',' : '\n');
    fprintf(stderr, "score %.17g after %llu steps\n", best, (unsigned long long)steps);
    free(model);
    free(predictions);
    free(order);
    free(valid_examples);
    free(train_examples);
    return 0;
}
#endif
"#;
