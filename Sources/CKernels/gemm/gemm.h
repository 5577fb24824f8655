/* A matrix product after its checks: what the door and the plan run. ck_scratch_status tells how it went. */
#pragma once
#include "CKernels.h"

void ck_gemm_run(const ck_context *context, const ck_gemm_geometry *g, const float *a, const float *b, float *c);
