#include "random/random.h"
#define CK_LANES 4
#define CK_VARIANT(name) name##_generic
#include "random/random_body.h"
