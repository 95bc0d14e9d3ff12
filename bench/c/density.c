/* The density step of synfer by hand: backward Euler, Scharfetter-Gummel, W lanes side by side, in C.
 *
 * The same algorithm as synfer.population.density: per-lane drift tables, coefficients fused with the subtraction-free
 * elimination, one division per cell, refractory ring, reset split over two cells, top cell of capacity 3/4.
 * No factor reuse, no monitor. Arrays are [cell][lane].
 * Compiled once per precision: -DREAL=double -DBITS=64 -DW=16, or float, 32, 32.
 *   gcc -O3 -march=native -ffast-math -shared -fPIC
 */
#include <stdint.h>

#if BITS == 64
typedef int64_t integer;
#define TERMS 13
#define COEFFICIENTS {1.6059043836821613e-10, 2.08767569878681e-09, 2.505210838544172e-08, 2.755731922398589e-07, \
    2.7557319223985893e-06, 2.48015873015873e-05, 0.0001984126984126984, 0.001388888888888889, \
    0.008333333333333333, 0.041666666666666664, 0.16666666666666666, 0.5, 1.0}
#define LN2_HI 0.6931471803691238
#define LN2_LO 1.9082149292705877e-10
#define SHIFT 52
#define BIAS 0x3FF0000000000000
#define BOUND 80.0
#else
typedef int32_t integer;
#define TERMS 7
#define COEFFICIENTS {1.f / 5040, 1.f / 720, 1.f / 120, 1.f / 24, 1.f / 6, 0.5f, 1.0f}
#define LN2_HI 0.693359375f
#define LN2_LO -2.12194440e-4f
#define SHIFT 23
#define BIAS 0x3F800000
#define BOUND 40.0f
#endif

typedef REAL real;
/* What the top cell lacks of a full one, see synfer.population.density.mesh. */
#define LACK (real)0.25
/* e^x - 1 and e^x for x clamped to +-BOUND. The rounding trick goes through integers, which -ffast-math leaves alone. */
static inline real exponentials(real x, real *growth) {
    static const real coefficient[TERMS] = COEFFICIENTS;
    x = x < BOUND ? x : BOUND;
    x = x > -BOUND ? x : -BOUND;
    real scaled = x * (real)1.4426950408889634;
    integer k = (integer)(scaled + (scaled < 0 ? (real)-0.5 : (real)0.5));
    real r = x - (real)k * LN2_HI - (real)k * LN2_LO, q = coefficient[0];
    for (int i = 1; i < TERMS; ++i) q = q * r + coefficient[i];
    union { integer i; real x; } scale = {.i = (k << SHIFT) + BIAS};
    real m = q * r;
    *growth = scale.x * m + scale.x;
    return scale.x * m + (scale.x - 1);
}

/* Advance one tile of W lanes by `steps` backward Euler steps.
 *   p, u, v: n x W; psi: n x W. mu: steps x W. ring: depth x W fluxes, delay < depth steps back.
 *   sigma, g, tau_m, V_top, h: W. reset: lower cell of the reset point, upper: share of the next one.
 *   rate: steps x W, the flux through V_top [1/ms]. */
void density_steps(int n, int steps, real dt, real *restrict p, real *restrict u, real *restrict v,
                   const real *restrict psi, const double *restrict mu, const double *restrict sigma,
                   const double *restrict g, const double *restrict tau_m, const double *restrict V_top,
                   const double *restrict h, const int *restrict reset, const double *restrict upper,
                   double *restrict ring, int depth, const int *restrict delay, double *restrict rate) {
    real alpha[W], slope[W], kappa[W], c[W], S[W], y[W];
    for (int step = 0; step < steps; ++step) {
        for (int l = 0; l < W; ++l) {
            double s2 = sigma[l] * sigma[l], k = h[l] / s2;
            alpha[l] = k * (mu[step * W + l] - (1 + g[l]) * V_top[l]);
            slope[l] = k * (1 + g[l]) * h[l];
            kappa[l] = k;
            c[l] = dt * s2 / (tau_m[l] * h[l] * h[l]);
            double source = ring[(step + depth - delay[l]) % depth * W + l] * dt / h[l];
            p[reset[l] * W + l] += source * (1 - upper[l]);
            p[(reset[l] + 1) * W + l] += source * upper[l];
        }
        for (int l = 0; l < W; ++l) S[l] = 1, y[l] = p[l];
        for (int i = 0; i < n - 1; ++i) {
            const real *psi_i = psi + i * W, *next = p + (i + 1) * W;
            real *u_i = u + i * W, *v_i = v + i * W, below = n - 1 - i;
#pragma GCC ivdep
            for (int l = 0; l < W; ++l) {
                real growth, P = kappa[l] * psi_i[l] + (slope[l] * below + alpha[l]) + (real)1e-30;
                real E = exponentials(P, &growth), Q = c[l] * P, t = Q * growth;
                real r = 1 / (E * S[l] + t), b = Q * r;
                u_i[l] = y[l] * (E * r);
                v_i[l] = b;
                y[l] = t * r * y[l] + next[l];
                S[l] = b * S[l] + 1;
            }
        }
        const real *psi_top = psi + (n - 1) * W;
        for (int l = 0; l < W; ++l) {
            real growth, P = kappa[l] * psi_top[l] + alpha[l] + (real)1e-30;
            y[l] -= LACK * p[(n - 1) * W + l], S[l] -= LACK;
            real E = exponentials(P * (real)0.5, &growth), t = c[l] * P * growth, r = 1 / (E * S[l] + t);
            p[(n - 1) * W + l] = y[l] * (E * r);
            ring[step % depth * W + l] = rate[step * W + l] = t * r * y[l] * h[l] / dt;
        }
        for (int i = n - 2; i >= 0; --i)
#pragma GCC ivdep
            for (int l = 0; l < W; ++l) p[i * W + l] = v[i * W + l] * p[(i + 1) * W + l] + u[i * W + l];
    }
}
