#include "resample/resample.h"
#define CK_LANES 4
#define CK_VARIANT(name) name##_generic
#include "resample/resample_body.h"
