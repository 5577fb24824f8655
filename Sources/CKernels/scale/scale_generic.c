#include "scale/scale.h"
#define CK_LANES 4
#define CK_VARIANT(name) name##_generic
#include "scale/scale_body.h"
