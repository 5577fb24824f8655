/* Products at eight points: 0, 1, -1, 2, -2, 1/2, -1/2 and ∞. B is the same for every number of taps; A and G are powers
   of the points, G's scaled by what B leaves undone. */
#pragma once
#include "winograd/winograd.h"

enum { ck_most_tile = 7, ck_most_group = 5 };

static const float ck_winograd_powers[ck_most_tile][ck_winograd_values - 1] = {
    {1, 1, 1, 1, 1, 1, 1},
    {0, 1, -1, 2, -2, 1 / 2.f, -1 / 2.f},
    {0, 1, 1, 4, 4, 1 / 4.f, 1 / 4.f},
    {0, 1, -1, 8, -8, 1 / 8.f, -1 / 8.f},
    {0, 1, 1, 16, 16, 1 / 16.f, 1 / 16.f},
    {0, 1, -1, 32, -32, 1 / 32.f, -1 / 32.f},
    {0, 1, 1, 64, 64, 1 / 64.f, 1 / 64.f}};

static const float ck_winograd_scales[ck_winograd_values - 1] = {1,         2 / 9.f,   2 / 9.f,  1 / 360.f,
                                                                 1 / 360.f, 16 / 45.f, 16 / 45.f};

static const float ck_winograd_b[ck_winograd_values][ck_winograd_values] = {
    {1, 0, -21 / 4.f, 0, 21 / 4.f, 0, -1, 0},
    {0, -1, -1, 17 / 4.f, 17 / 4.f, -1, -1, 0},
    {0, 1, -1, -17 / 4.f, 17 / 4.f, 1, -1, 0},
    {0, 2, 1, -10, -5, 8, 4, 0},
    {0, -2, 1, 10, -5, -8, 4, 0},
    {0, 4, 8, -5, -10, 1, 2, 0},
    {0, -4, 8, 5, -10, -1, 2, 0},
    {0, -1, 0, 21 / 4.f, 0, -21 / 4.f, 0, 1}};

/* Power k of point i in polynomials of `count` coefficients: at ∞ the last of them. */
static inline float ck_winograd_power(int count, int k, int i) {
  return i < ck_winograd_values - 1 ? ck_winograd_powers[k][i] : k == count - 1 ? 1 : 0;
}
