#include "gated/gated.h"
#define CK_LANES 4
#define CK_VARIANT(name) name##_generic
#include "gated/gated_body.h"
