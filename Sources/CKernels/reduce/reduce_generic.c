#include "reduce/reduce.h"
#define CK_LANES 4
#define CK_VARIANT(name) name##_generic
#include "reduce/reduce_body.h"
