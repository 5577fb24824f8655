/* For four outputs of r taps, at the points 0, ±1, … and ∞, which is the last row. A row of B and one of G may be scaled
   against each other: here the least number of a row of B is ±1. */
#pragma once

enum { ck_tile = 4, ck_most_values = 8, ck_most_group = 5 };

typedef struct ck_winograd_table {
  float a[ck_tile][ck_most_values], b[ck_most_values][ck_most_values], g[ck_most_values][ck_most_group];
} ck_winograd_table;

/* 0, 1, -1, 2, ∞ */
static const ck_winograd_table ck_winograd_2 = {
    .a = {{1, 1, 1, 1, 0}, {0, 1, -1, 2, 0}, {0, 1, 1, 4, 0}, {0, 1, -1, 8, 1}},
    .b = {{2, -1, -2, 1, 0}, {0, 2, 1, -1, 0}, {0, -2, 3, -1, 0}, {0, -1, 0, 1, 0}, {0, 2, -1, -2, 1}},
    .g = {{1 / 2.f, 0}, {1 / 2.f, 1 / 2.f}, {1 / 6.f, -1 / 6.f}, {1 / 6.f, 1 / 3.f}, {0, 1}}};

/* 0, 1, -1, 1/2, -2, ∞: errors are three quarters of those with 2 for 1/2. */
static const ck_winograd_table ck_winograd_3 = {
    .a = {{1, 1, 1, 1, 1, 0}, {0, 1, -1, 1 / 2.f, -2, 0}, {0, 1, 1, 1 / 4.f, 4, 0}, {0, 1, -1, 1 / 8.f, -8, 1}},
    .b = {{1, -3 / 2.f, -2, 3 / 2.f, 1, 0},
          {0, -2, 1, 5, 2, 0},
          {0, -2, 5, -1, -2, 0},
          {0, 2, 1, -2, -1, 0},
          {0, 1, -2, -1, 2, 0},
          {0, 1, -3 / 2.f, -2, 3 / 2.f, 1}},
    .g = {{1, 0, 0},
          {1 / 6.f, 1 / 6.f, 1 / 6.f},
          {1 / 6.f, -1 / 6.f, 1 / 6.f},
          {16 / 15.f, 8 / 15.f, 4 / 15.f},
          {1 / 30.f, -1 / 15.f, 2 / 15.f},
          {0, 0, 1}}};

/* 0, 1, -1, 2, -2, 1/2, -1/2, ∞ */
static const ck_winograd_table ck_winograd_5 = {
    .a = {{1, 1, 1, 1, 1, 1, 1, 0},
          {0, 1, -1, 2, -2, 1 / 2.f, -1 / 2.f, 0},
          {0, 1, 1, 4, 4, 1 / 4.f, 1 / 4.f, 0},
          {0, 1, -1, 8, -8, 1 / 8.f, -1 / 8.f, 1}},
    .b = {{1, 0, -21 / 4.f, 0, 21 / 4.f, 0, -1, 0},
          {0, -1, -1, 17 / 4.f, 17 / 4.f, -1, -1, 0},
          {0, 1, -1, -17 / 4.f, 17 / 4.f, 1, -1, 0},
          {0, 2, 1, -10, -5, 8, 4, 0},
          {0, -2, 1, 10, -5, -8, 4, 0},
          {0, 4, 8, -5, -10, 1, 2, 0},
          {0, -4, 8, 5, -10, -1, 2, 0},
          {0, -1, 0, 21 / 4.f, 0, -21 / 4.f, 0, 1}},
    .g = {{1, 0, 0, 0, 0},
          {2 / 9.f, 2 / 9.f, 2 / 9.f, 2 / 9.f, 2 / 9.f},
          {2 / 9.f, -2 / 9.f, 2 / 9.f, -2 / 9.f, 2 / 9.f},
          {1 / 360.f, 1 / 180.f, 1 / 90.f, 1 / 45.f, 2 / 45.f},
          {1 / 360.f, -1 / 180.f, 1 / 90.f, -1 / 45.f, 2 / 45.f},
          {16 / 45.f, 8 / 45.f, 4 / 45.f, 2 / 45.f, 1 / 45.f},
          {16 / 45.f, -8 / 45.f, 4 / 45.f, -2 / 45.f, 1 / 45.f},
          {0, 0, 0, 0, 1}}};
