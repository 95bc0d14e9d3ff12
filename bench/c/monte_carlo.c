/* Monte Carlo of EIF and LIF populations: the peer of synfer.population.spiking.
 *
 * The same method and the same random numbers as the library (xoshiro128++, one state per
 * pair of lanes; polynomial Box-Muller; exact Ornstein-Uhlenbeck step; exact sodium flow; Brownian
 * bridge at a hard threshold), written as a C programmer would: tiles of LANES neurons,
 * loops over lanes for the compiler to vectorise. It counts spikes and nothing else, and spikes and
 * releases fall on whole steps, so it does a little less than the library.
 *
 *   gcc -O3 -march=native -ffast-math -shared -fPIC -DREAL=float  -DBITS=32 ...
 *   gcc -O3 -march=native -ffast-math -shared -fPIC -DREAL=double -DBITS=64 ...
 */
#include <math.h>
#include <stdint.h>

#ifndef LANES
#define LANES 64
#endif
#define PAIRS (LANES / 2)

typedef REAL real;

#if BITS == 32
typedef int32_t word_t;
typedef uint32_t unsigned_t;
#define MANTISSA 23
#define CENTRE 0x3F3504F3
#define MAGIC 12582912.0f
#define SQRT sqrtf
#else
typedef int64_t word_t;
typedef uint64_t unsigned_t;
#define MANTISSA 52
#define CENTRE 0x3FE6A09E667F3BCDLL
#define MAGIC 6755399441055744.0
#define SQRT sqrt
#endif

typedef union { real x; word_t i; } bits_t;

static inline real log2_lane(real u) {
    bits_t b = {.x = u};
    word_t e = (b.i - CENTRE) >> MANTISSA;
    b.i -= (word_t)((unsigned_t)e << MANTISSA);
#if BITS == 32
    real f = b.x - 1.0f, p = -0.145812909135f;
    p = p * f + 0.234042886127f;
    p = p * f - 0.248876693854f;
    p = p * f + 0.287098640427f;
    p = p * f - 0.360239648971f;
    p = p * f + 0.480923243512f;
    p = p * f - 0.721352787874f;
    p = p * f + 1.442694961981f;
    return p * f + (real)e;
#else
    real s = (b.x - 1.0) / (b.x + 1.0), y = s * s, p = 0.282901444924876759;
    p = p * y + 0.319905611999878692;
    p = p * y + 0.412209254315926693;
    p = p * y + 0.577077942347201305;
    p = p * y + 0.961796694113395765;
    p = p * y + 2.88539008177784997;
    return p * s + (real)e;
#endif
}

/* fast-math would cancel (x + MAGIC) - MAGIC, so the rounding is asked for by name. */
static inline real exp2_lane(real x) {
#if BITS == 32
    real k = rintf(x), r = x - k, p = 0.00132764889687f;
    p = p * r + 0.00967554152911f;
    p = p * r + 0.0555071322173f;
    p = p * r + 0.240221197184f;
    p = p * r + 0.69314696709f;
    p = p * r + 1.00000007166f;
#else
    real k = rint(x), r = x - k, p = 1.01503251001758352e-07;
    p = p * r + 1.32594053171451471e-06;
    p = p * r + 1.52529849057541504e-05;
    p = p * r + 0.000154034349500010283;
    p = p * r + 0.00133335576174818626;
    p = p * r + 0.00961812919206337213;
    p = p * r + 0.0555041086686863177;
    p = p * r + 0.240226506956496768;
    p = p * r + 0.693147180559870967;
    p = p * r + 1.0;
#endif
    bits_t b = {.x = p};
    b.i += (word_t)((unsigned_t)(word_t)k << MANTISSA);
    return b.x;
}

static inline uint32_t rotl(uint32_t x, int k) { return (x << k) | (x >> (32 - k)); }

static inline uint32_t next_word(uint32_t *restrict s, int pair) {
    uint32_t s0 = s[pair], s1 = s[PAIRS + pair], s2 = s[2 * PAIRS + pair], s3 = s[3 * PAIRS + pair];
    uint32_t word = rotl(s0 + s3, 7) + s0, shifted = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s[PAIRS + pair] = s1 ^ s2;
    s[pair] = s0 ^ s3;
    s[2 * PAIRS + pair] = s2 ^ shifted;
    s[3 * PAIRS + pair] = rotl(s3, 11);
    return word;
}

static inline real uniform(uint32_t word) {
    return (real)word * (real)2.3283064365386963e-10 + (real)1.1641532182693481e-10;
}

static inline void normal_pair(uint32_t *restrict s, int pair, real *z1, real *z2) {
    uint32_t a = next_word(s, pair), b = next_word(s, pair);
    real r = SQRT((real)-1.3862943611198906 * log2_lane(uniform(a)));
    real v = (real)(int32_t)b * (real)2.3283064365386963e-10, y = v * v;
#if BITS == 32
    real sine = 0.0773087140228f, cosine = 0.219696798619f;
    sine = sine * y - 0.59809797135f;
    sine = sine * y + 2.55004212543909673f;
    sine = sine * y - 5.16770772690610752f;
    sine = sine * y + 3.14159260009379447f;
    cosine = cosine * y - 1.33188016337f;
    cosine = cosine * y + 4.05841191596f;
    cosine = cosine * y - 4.93479285875f;
    cosine = cosine * y + 0.999999953468f;
#else
    real sine = 0.000446472387153021869, cosine = 0.00184002212526777516;
    sine = sine * y - 0.00736318724775795125;
    sine = sine * y + 0.0821445432435425221;
    sine = sine * y - 0.599264397115511566;
    sine = sine * y + 2.55016403331973561;
    sine = sine * y - 5.16771277991226187;
    sine = sine * y + 3.14159265358905575;
    cosine = cosine * y - 0.0257763409988196849;
    cosine = cosine * y + 0.235325443516001787;
    cosine = cosine * y - 1.33526231616217656;
    cosine = cosine * y + 4.05871210759035889;
    cosine = cosine * y - 4.93480220025098664;
    cosine = cosine * y + 1.0;
#endif
    bits_t w = {.x = r};
    w.i |= (word_t)((unsigned_t)b << (BITS - 1));
    *z1 = w.x * cosine;
    *z2 = w.x * (sine * v);
}

static inline real sodium(real x) {
    return x - log2_lane((real)1.0 - exp2_lane(x > (real)-100.0 ? x : (real)-100.0));
}

/* A spike holds its lane until `refractory` steps later; lanes in between run on and are ignored. */
static int64_t fire(real *restrict x, int64_t *restrict free_at, const uint8_t *restrict marks, int64_t step, real reset,
                    int64_t refractory, int64_t *due) {
    int64_t spikes = 0;
    for (int l = 0; l < LANES; l++)
        if (marks[l]) {
            if (free_at[l] == 0) {
                spikes++;
                free_at[l] = step + refractory;
                if (free_at[l] < *due)
                    *due = free_at[l];
            }
            x[l] = reset;
        }
    return spikes;
}

static int64_t release(real *restrict x, int64_t *restrict free_at, int64_t step, real reset) {
    int64_t due = INT64_MAX;
    for (int l = 0; l < LANES; l++)
        if (free_at[l] && free_at[l] <= step) {
            free_at[l] = 0;
            x[l] = reset;
        } else if (free_at[l] && free_at[l] < due)
            due = free_at[l];
    return due;
}

/* x in base-2 sodium units, 2^x = (dt/tau_m) exp((V - V_T)/Delta_T). Coefficients per step: decay, drive, noise. */
int64_t eif(int64_t tiles, int64_t steps, real *V, uint32_t *words, const real *coefficients, double top, double reset,
            int64_t refractory) {
    int64_t spikes = 0;
    for (int64_t tile = 0; tile < tiles; tile++) {
        real *restrict x = V + tile * LANES;
        uint32_t *restrict s = words + tile * 4 * PAIRS;
        int64_t free_at[LANES] = {0}, due = INT64_MAX;
        uint8_t marks[LANES];
        for (int64_t step = 0; step < steps; step++) {
            real k = coefficients[3 * step], m = coefficients[3 * step + 1], d = coefficients[3 * step + 2];
            real edge = (real)top;
            int32_t hit = 0;
            for (int l = 0; l < PAIRS; l++) {
                real z1, z2, a, b;
                normal_pair(s, l, &z1, &z2);
                a = sodium(x[l]);
                b = sodium(x[PAIRS + l]);
                a += (m - k * a) + d * z1;
                b += (m - k * b) + d * z2;
                hit |= (a >= edge) | (b >= edge);
                x[l] = a;
                x[PAIRS + l] = b;
            }
            if (hit) {
                for (int l = 0; l < LANES; l++)
                    marks[l] = x[l] >= edge;
                spikes += fire(x, free_at, marks, step, (real)reset, refractory, &due);
            }
            if (due <= step)
                due = release(x, free_at, step, (real)reset);
        }
    }
    return spikes;
}

/* x in mV below threshold. Coefficients per step: decay, drive, noise, q, near, with P(crossed) = 2^(-q x0 x1). */
int64_t lif(int64_t tiles, int64_t steps, real *V, uint32_t *words, const real *coefficients, double reset,
            int64_t refractory) {
    int64_t spikes = 0;
    for (int64_t tile = 0; tile < tiles; tile++) {
        real *restrict x = V + tile * LANES;
        uint32_t *restrict s = words + tile * 4 * PAIRS;
        int64_t free_at[LANES] = {0}, due = INT64_MAX;
        real before[LANES];
        uint8_t marks[LANES];
        for (int64_t step = 0; step < steps; step++) {
            const real *c = coefficients + 5 * step;
            real k = c[0], m = c[1], d = c[2], q = c[3], near = c[4];
            int32_t hit = 0;
            for (int l = 0; l < PAIRS; l++) {
                real z1, z2, a = x[l], b = x[PAIRS + l];
                normal_pair(s, l, &z1, &z2);
                before[l] = a;
                before[PAIRS + l] = b;
                a += (m - k * a) + d * z1;
                b += (m - k * b) + d * z2;
                hit |= (a * before[l] <= near) | (b * before[PAIRS + l] <= near);
                x[l] = a;
                x[PAIRS + l] = b;
            }
            if (hit) {
                uint8_t any = 0;
                for (int l = 0; l < PAIRS; l++) {
                    real u = uniform(next_word(s, l)), v = uniform(next_word(s, l));
                    marks[l] = (x[l] >= 0) | (log2_lane(u) < -q * before[l] * x[l]);
                    marks[PAIRS + l] = (x[PAIRS + l] >= 0) | (log2_lane(v) < -q * before[PAIRS + l] * x[PAIRS + l]);
                    any |= marks[l] | marks[PAIRS + l];
                }
                if (any)
                    spikes += fire(x, free_at, marks, step, (real)reset, refractory, &due);
            }
            if (due <= step)
                due = release(x, free_at, step, (real)reset);
        }
    }
    return spikes;
}
