#include "optimizers/optimizers.h"
#define CK_LANES 4
#define CK_VARIANT(name) name##_generic
#include "optimizers/optimizers_body.h"
